import{a,b}from"/assets/chunk-5POYOOGQ.js";import"/assets/chunk-UKCIC3SQ.js";import"/assets/chunk-SZJ4GHEC.js";import"/assets/chunk-H6MGWFW6.js";export{b as mount,a as sentences};
