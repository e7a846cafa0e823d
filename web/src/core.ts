// Loaded with every page: theme, navigation, and the way to the player, which
// comes after the page has loaded, and what makes sound after it. Small on
// purpose.

import { icon } from "./dom";
import { trackOf, tracksIn } from "./track";

const root = document.documentElement;
root.classList.add("js");

// --- theme: the choice is kept, the system's is the default ---------------

const kept = localStorage.getItem("9ten.theme");
if (kept === "light" || kept === "dark") root.dataset["theme"] = kept;

function dark(): boolean {
  return root.dataset["theme"] ? root.dataset["theme"] === "dark" : matchMedia("(prefers-color-scheme:dark)").matches;
}

function paintTheme(): void {
  for (const b of document.querySelectorAll("[data-theme-toggle]")) icon(b, dark() ? "sun" : "moon");
}

function toggleTheme(): void {
  root.dataset["theme"] = dark() ? "light" : "dark";
  localStorage.setItem("9ten.theme", root.dataset["theme"]);
  paintTheme();
}

// --- the way to the player -------------------------------------------------

type Player = typeof import("./player");
let coming: Promise<Player> | undefined;

/** The player, fetched once; prepared means that playing is near. Pages without one (sign-in) have nothing to play. */
function player(prepared = false): Promise<Player> {
  coming ??= import("./player").then((p) => {
    p.start();
    return p;
  });
  if (prepared) void coming.then((p) => p.prepare());
  return coming;
}

const playing = "[data-play-row],[data-play-all],[data-play-one]";

function act(e: Event): void {
  const target = e.target instanceof Element ? e.target : null;
  if (!target) return;
  if (target.closest("[data-theme-toggle]")) return toggleTheme();
  const row = target.closest("[data-play-row]");
  if (row) {
    const list = tracksIn(row.closest("[data-tracklist]"));
    const t = trackOf(row);
    void player().then((p) => p.playList(list, Math.max(0, list.findIndex((x) => x.id === t?.id))));
    return;
  }
  if (target.closest("[data-play-all]")) {
    const list = tracksIn(document.querySelector("main [data-tracklist]"));
    void player().then((p) => p.playList(list, 0));
    return;
  }
  const there = target.closest<HTMLElement>("[data-seek]");
  if (there) {
    e.preventDefault();
    const list = tracksIn(document.querySelector("main [data-tracklist]"));
    void player().then((p) => p.playAt(list, there.dataset["seekIn"] ?? "", Number(there.dataset["seek"])));
    return;
  }
  const now = target.closest<HTMLElement>("[data-comment-now]");
  if (now) return void player().then((p) => here(now, p.spot()));
  const one = trackOf(target.closest("[data-play-one]"));
  if (one) return void player().then((p) => p.playList([one], 0));
  const add = target.closest("[data-enqueue]");
  const queued = trackOf(add);
  if (add && queued) return void player().then((p) => p.enqueue(queued));
}

/** Writes what plays and where into the two fields that a button names. */
function here(button: HTMLElement, place: { id: string; at: number } | undefined): void {
  const [track, at] = (button.dataset["commentNow"] ?? "").split(" ").map((id) => document.getElementById(id));
  if (!place || !(track instanceof HTMLSelectElement) || !(at instanceof HTMLInputElement)) return;
  if (![...track.options].some((o) => o.value === place.id)) return;
  track.value = place.id;
  const s = Math.floor(place.at);
  at.value = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

function intent(e: Event): void {
  if (e.target instanceof Element && e.target.closest(playing)) void player(true);
}

document.addEventListener("click", act);
for (const kind of ["pointerover", "focusin", "pointerdown"]) document.addEventListener(kind, intent, { passive: true });

// --- keys that work before anything plays ---------------------------------

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || !(e.target instanceof Element)) return;
  if (e.target.matches("input:not([type=range]),textarea,select,[contenteditable]")) return;
  if (e.key === "/") {
    const search = document.querySelector<HTMLInputElement>(".search input");
    if (!search?.checkVisibility()) return;
    e.preventDefault();
    search.focus();
    search.select();
  } else if (e.key === "?") {
    document.getElementById("keys")?.togglePopover();
  } else if (coming) {
    void coming.then((p) => p.key(e));
    if (takes(e)) e.preventDefault();
  }
});

/** Keys that the player takes, so that the page does not scroll under them. */
function takes(e: KeyboardEvent): boolean {
  if (document.getElementById("player")?.hidden ?? true) return false;
  const at = e.target as Element;
  if (e.key === " ") return !at.closest("button,a,summary,input");
  return (e.key === "ArrowUp" || e.key === "ArrowDown") && at.closest("#player,#np") !== null && !at.closest("input");
}

// --- navigation: <main> changes, everything around it stays ----------------

function arrived(): void {
  const main = document.getElementById("main");
  for (const a of document.querySelectorAll<HTMLElement>("header [data-nav],.tabs [data-nav]")) {
    if (a.dataset["nav"] === main?.dataset["nav"]) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  const unread = document.querySelector("header [data-unread]");
  if (unread) unread.textContent = main?.dataset["unread"] ?? "";
  for (const open of document.querySelectorAll<HTMLElement>("[popover]:popover-open")) open.hidePopover();
  const script = main?.dataset["script"];
  if (script) void import(script).then((m: { mount?: () => void }) => m.mount?.());
  if (coming) void coming.then((p) => p.arrived());
  if (document.getElementById("player")?.hidden ?? true) {
    root.style.setProperty("--accent-l", main?.dataset["accentL"] ?? "");
    root.style.setProperty("--accent-d", main?.dataset["accentD"] ?? "");
  }
}

document.addEventListener("htmx:after:swap", arrived);
document.addEventListener("htmx:after:history:push", () => {
  if (!location.hash) scrollTo(0, 0);
  document.getElementById("main")?.focus({ preventScroll: true });
});

// --- after load: what the first screen does not need ------------------------

function later(): void {
  if (!document.getElementById("player")) return; // sign-in and set-up: whole pages, nothing to play
  void import("../vendor/htmx/htmx.esm.min.js");
  void player();
  if (document.body.dataset["signed"] === "true") void import("./auditor").then((a) => a.start());
}

paintTheme();
if (document.readyState === "complete") later();
else addEventListener("load", later, { once: true });
