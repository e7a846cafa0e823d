// The page of what plays (/queue): a large cover, the waveform, buttons and
// lyrics. On a phone it fills the screen. It shows the player's state and has
// none of its own.

import { clock, icon } from "./dom";
import { bytes, cover, wavePath, type Track } from "./track";
import { t as words } from "./words";

interface Player {
  toggle(): void;
  step(by: 1 | -1): void;
  shuffle(): void;
  repeat(): void;
}

const part = <T extends Element = HTMLElement>(id: string): T | null => document.getElementById(id) as T | null;

export function wire(p: Player): void {
  const acts: Record<string, () => void> = { toggle: p.toggle, next: () => p.step(1), prev: () => p.step(-1), shuffle: p.shuffle, repeat: p.repeat };
  document.addEventListener("click", (e) => {
    const b = e.target instanceof Element ? e.target.closest<HTMLElement>("[data-np]") : null;
    acts[b?.dataset["np"] ?? ""]?.();
  });
}

/** Draws the track; no track leaves the page's own words. */
export function draw(t: Track | undefined, repeating: boolean): void {
  const box = part("np");
  if (!box) return;
  box.hidden = !t;
  part("np-head")?.classList.toggle("vh", t !== undefined);
  if (!t) return;
  const art = part<HTMLImageElement>("np-cover");
  if (art) art.src = cover(t, 640) ?? art.dataset["none"] ?? "";
  link("np-title", t.u ?? t.ru, t.t);
  link("np-act", t.au, t.a);
  link("np-release", t.ru, t.r ?? "");
  const wave = part("np-wave");
  const drawn = `${t.id} ${t.w?.length ?? 0}`;
  if (wave && wave.dataset["drawn"] !== drawn) {
    Object.assign(wave.dataset, { wave: t.id, drawn });
    part("w-np")?.setAttribute("d", wavePath(t.w ? bytes(t.w) : new Uint8Array()));
  }
  const quality = part("np-quality");
  if (quality) {
    quality.textContent = t.q ?? "";
    quality.hidden = !t.q;
  }
  box.querySelector("[data-np=repeat]")?.setAttribute("aria-pressed", String(repeating));
  void lyrics(t);
}

function link(id: string, href: string | undefined, text: string): void {
  const a = part<HTMLAnchorElement>(id);
  if (!a) return;
  if (href) a.href = href;
  else a.removeAttribute("href");
  a.textContent = text;
}

/** The play state, on the page's own button. */
export function paint(on: boolean): void {
  const b = document.querySelector("#np [data-np=toggle]");
  if (!b) return;
  icon(b, on ? "pause" : "play");
  b.setAttribute("aria-label", words(on ? "Pause" : "Play"));
}

/** Where the track is, in milliseconds. */
export function progress(at: number, of: number): void {
  const now = part("np-at");
  if (!now) return;
  now.textContent = clock(at);
  const left = part("np-left");
  if (left) left.textContent = "\u2212" + clock(of - at);
  follow(at);
}

// --- lyrics: lines, and when each is sung where the file says so -------------

interface Line {
  at: number | undefined;
  text: string;
}

let lines: Line[] = [];
let of: string | undefined; // track whose lyrics are fetched
let sung = -1;

async function lyrics(t: Track): Promise<void> {
  const box = part("np-lyrics");
  if (!box) return;
  if (of !== t.id) {
    of = t.id;
    lines = [];
    const r = await fetch(`/api/v1/tracks/${t.id}`, { headers: { Accept: "application/json" } }).catch(() => undefined);
    const full = r?.ok ? ((await r.json()) as { track?: { lyrics?: string } }) : {};
    if (of !== t.id) return; // another track meanwhile
    lines = parse(full.track?.lyrics ?? "");
  }
  sung = -1;
  box.hidden = lines.length === 0;
  const chip = part("np-words");
  if (chip) chip.hidden = box.hidden;
  const list = part("np-lines");
  if (list?.dataset["of"] === t.id) return; // drawn already
  if (list) list.dataset["of"] = t.id;
  list?.replaceChildren(
    ...lines.map((l) => {
      const p = document.createElement("p");
      p.textContent = l.text || "\u00a0";
      return p;
    }),
  );
}

/** Reads plain text or LRC, as the node does. */
function parse(text: string): Line[] {
  if (text.trim() === "") return [];
  const early = Number(/^\s*\[offset:\s*([+-]?\d{1,6})\s*\]\s*$/im.exec(text)?.[1] ?? 0);
  const out = text.split(/\r?\n/).flatMap((raw): Line[] => {
    const times = [...raw.matchAll(/\[(\d{1,3}):([0-5]\d)(?:[.:](\d{1,3}))?\]/g)];
    if (times.length === 0) return /^\[\w+:.*\]$/.test(raw.trim()) ? [] : [{ at: undefined, text: raw.trim() }];
    const body = raw.replace(/\[\d{1,3}:[\d.:]+\]/g, "").replace(/<\d{1,3}:[\d.:]+>/g, " ").replace(/\s+/g, " ").trim();
    return times.map((m) => ({ at: Math.max(0, Number(m[1]) * 60_000 + Number(m[2]) * 1000 + Number((m[3] ?? "").padEnd(3, "0")) - early), text: body }));
  });
  return out.some((l) => l.at !== undefined) ? out.sort((a, b) => (a.at ?? 0) - (b.at ?? 0)) : out;
}

/** Lights the line that is sung. */
function follow(at: number): void {
  const i = lines.findLastIndex((l) => l.at !== undefined && l.at <= at);
  if (i === sung) return;
  sung = i;
  const box = part("np-lines");
  box?.querySelector(".on")?.classList.remove("on");
  const p = box?.children[i];
  if (!box || !(p instanceof HTMLElement)) return;
  p.classList.add("on");
  box.scrollTo({ top: p.offsetTop - box.offsetTop - box.clientHeight / 2, behavior: "smooth" });
}
