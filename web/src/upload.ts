export function mountUpload(box: HTMLElement): void {
  box.dataset["mounted"] = "";
}
