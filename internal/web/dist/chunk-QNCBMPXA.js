import{a,b}from"/assets/chunk-MRGM76E6.js";import"/assets/chunk-O7TLW3BH.js";import"/assets/chunk-M5TDCO2S.js";export{b as dollars,a as verify};
