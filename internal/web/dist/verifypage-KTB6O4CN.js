function o(){}export{o as mount};
