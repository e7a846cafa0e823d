import{a,b}from"/assets/chunk-EEC446AC.js";import"/assets/chunk-XDFHOMO4.js";import"/assets/chunk-77U35EJN.js";import"/assets/chunk-H6MGWFW6.js";export{b as mount,a as sentences};
