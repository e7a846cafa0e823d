// The studio's pages: uploading, drawing anew what the node found out, and
// what a form can do better with a script. All of it works without one, too.

import { el, newIcon, say } from "./dom";
import { parseKeys } from "./note";
import { fetchText, today, trusted } from "./trust";
import { mountUpload } from "./upload";
import { learn, t } from "./words";
import { more } from "./words_more";

learn(more);

/** How often a page is asked again while files are being prepared. */
const every = 1500;

/** Called by the page itself and after navigation to it. */
export function mount(): void {
  for (const box of document.querySelectorAll<HTMLElement>("[data-upload]:not([data-mounted])")) mountUpload(box);
  wire(document);
  for (const zone of document.querySelectorAll<HTMLInputElement>("main input[name=zone]")) ownZone(zone);
  const lyrics = document.querySelector<HTMLElement>("[data-lrc]:not([data-mounted])");
  if (lyrics) mountLyrics(lyrics);
  if (document.querySelector("main [data-proof]:not([data-mounted])")) void proofs();
  if (document.querySelector("main [data-busy]")) later();
}

/** What has to be done again for parts that were drawn anew. */
function wire(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("[data-picture]")) {
    form.querySelector("input[type=file]")?.addEventListener("change", () => form.requestSubmit());
  }
  for (const b of root.querySelectorAll<HTMLElement>("[data-copy]")) {
    b.addEventListener("click", () => {
      const field = el<HTMLInputElement>(b.dataset["copy"] ?? "");
      field.select();
      void navigator.clipboard?.writeText(field.value).then(() => say(t("Copied")));
    });
  }
}

/** A release that was never scheduled is offered in the artist's own time zone. */
function ownZone(zone: HTMLInputElement): void {
  const at = zone.form?.elements.namedItem("at");
  if (at instanceof HTMLInputElement && at.value === "" && zone.value === "UTC") zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

// --- the page as the node knows it now ----------------------------------------

let timer: ReturnType<typeof setTimeout> | undefined;

function later(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void fresh(), every);
}

/** Draws the parts marked data-fresh anew, but none that somebody is writing in. */
async function fresh(): Promise<void> {
  if (!document.querySelector("main [data-fresh]")) return;
  const here = location.pathname;
  try {
    const page = new DOMParser().parseFromString(await fetchText(here), "text/html");
    if (location.pathname !== here) return;
    for (const old of document.querySelectorAll<HTMLElement>("main [data-fresh]")) {
      const now = page.getElementById(old.id);
      if (!now || old.contains(document.activeElement) || old.dataset["touched"] !== undefined || old.innerHTML === now.innerHTML) continue;
      const part = document.importNode(now, true);
      old.replaceWith(part);
      wire(part);
      htmx()?.process(part);
    }
    // Parts that were not there before, such as who gets paid, come with the whole page.
    if (page.getElementById("r-credits") && !document.getElementById("r-credits")) whole(page);
    document.dispatchEvent(new CustomEvent("9ten:fresh"));
  } catch {
    later(); // the node is away: ask again
    return;
  }
  if (document.querySelector("main [data-busy]")) later();
}

/** Puts in the sections that a release has once it has tracks. */
function whole(page: Document): void {
  const work = document.querySelector(".desk-main");
  for (const id of ["paid", "h-people"]) {
    const section = page.getElementById(id)?.closest("section");
    if (!section || !work || document.getElementById(id)) continue;
    const part = document.importNode(section, true);
    work.append(part);
    htmx()?.process(part);
  }
}

interface Htmx {
  process(e: Element): void;
}

const htmx = (): Htmx | undefined => (window as unknown as { htmx?: Htmx }).htmx;

document.addEventListener("9ten:uploaded", later);
document.addEventListener("input", (e) => {
  const part = e.target instanceof Element ? e.target.closest<HTMLElement>("[data-fresh]") : null;
  if (part) part.dataset["touched"] = "";
});

// --- lyrics with times -----------------------------------------------------------

/** Puts the time of what plays before the line the cursor is in. */
function mountLyrics(box: HTMLElement): void {
  box.dataset["mounted"] = "";
  const text = el<HTMLTextAreaElement>("f-lyrics");
  box.querySelector("button")?.addEventListener("click", () => {
    const seconds = document.querySelector<HTMLAudioElement>("#audio")?.currentTime ?? 0;
    const stamp = `[${String(Math.floor(seconds / 60)).padStart(2, "0")}:${(seconds % 60).toFixed(2).padStart(5, "0")}]`;
    const start = text.value.lastIndexOf("\n", text.selectionStart - 1) + 1;
    const old = /^\[\d{1,3}:\d{2}(?:[.:]\d{1,3})?\]/.exec(text.value.slice(start))?.[0].length ?? 0;
    text.setRangeText(stamp, start, start + old, "end");
    const next = text.value.indexOf("\n", start);
    text.focus();
    text.setSelectionRange(next + 1 || text.value.length, next + 1 || text.value.length);
  });
}

// --- proofs ------------------------------------------------------------------------

/** Checks every proof of a statement: green is only what this browser has checked. */
async function proofs(): Promise<void> {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("main [data-proof]:not([data-mounted])")];
  for (const a of links) a.dataset["mounted"] = "";
  const keys = parseKeys(await trusted());
  const { verify } = await import("./verify");
  let held = 0;
  let broken = 0;
  for (const a of links) {
    const r = await fetchText(a.href).then((file) => verify(file, keys)).catch(() => undefined);
    if (!r || r.needsHttps || r.needsKey !== undefined) continue; // nothing was checked, so nothing is said
    a.classList.add(r.ok ? "good" : "bad");
    const words = a.querySelector("[data-proof-state]");
    if (words) words.textContent = t(r.ok ? "Verified" : "Does not hold");
    a.prepend(newIcon(r.ok ? "seal-check-f" : "warning-circle"));
    if (r.ok) held++;
    else broken++;
  }
  const said = document.querySelector<HTMLElement>("[data-proof-words]");
  if (said && broken > 0) said.textContent = t("A proof does not hold. Its line says so.");
  else if (said && held > 0) said.textContent = t("Checked by this browser, %s.", today());
}

mount();
