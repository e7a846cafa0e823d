declare module "*/htmx.esm.min.js";
declare module "*/hls.light.min.mjs" {
  const Hls: import("./hlstypes").HlsStatic;
  export default Hls;
}
