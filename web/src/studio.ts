// The studio's page: uploading.

import { mountUpload } from "./upload";

/** Called by the page itself and after navigation to it. */
export function mount(): void {
  for (const box of document.querySelectorAll<HTMLElement>("[data-upload]:not([data-mounted])")) mountUpload(box);
}

mount();
