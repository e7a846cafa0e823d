// The player: one queue, one element, one state. Everything it shows outside
// <main> it draws itself; pages only mark what plays.

import { clock, csrf, el, icon, say, signedIn } from "./dom";
import { keep, longest, recall, type Kept } from "./keep";
import * as claims from "./claims";
import { remember } from "./history";
import * as live from "./live";
import * as now from "./now";
import * as view from "./queueview";
import { gainOf, prepare as prepareSound, preload, Sound, wake } from "./sound";
import { bytes, cover, wavePath, type Track } from "./track";
import { t as say_ } from "./words";
import type { Codec } from "./hls";

let state: Kept;
let sound: Sound;
let audio: HTMLAudioElement;
let loaded: string | undefined; // track id that the element holds
let follows = false; // the current track began because the last one ended
let warmed: string | undefined; // next track that was preloaded
let seeking = false;
let tabs: BroadcastChannel; // one tab plays at a time

/** Takes up where the last page stopped, paused. Called once. */
export function start(): void {
  state = recall();
  audio = el<HTMLAudioElement>("audio");
  sound = new Sound(audio, () => level());
  wire();
  claims.begin(audio);
  live.begin();
  if (state.queue.length > 0) draw();
  tabs = new BroadcastChannel("9ten.player");
  tabs.onmessage = () => audio.pause();
  ready();
}

let awake = false;

/** On the first page with something to play, while nothing else is to do: gets ready for the click. */
function ready(): void {
  if (awake || !(current() ?? document.querySelector("main [data-track]"))) return;
  awake = true;
  wake();
  const spare = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData ?? false;
  if (spare) return; // then it is fetched when a button is pointed at
  if ("requestIdleCallback" in window) requestIdleCallback(() => prepareSound());
  else setTimeout(prepareSound, 1000);
}

/** Playing is near: fetch what it takes. */
export function prepare(): void {
  prepareSound();
  claims.prepare();
}

/** Plays a list from its i-th track on; the same track again toggles. */
export function playList(list: Track[], i: number): void {
  const t = list[i];
  if (!t) return;
  if (current()?.id === t.id && state.queue.length === list.length) return toggle();
  state.queue = list.slice(0, longest);
  state.index = Math.min(i, longest - 1);
  open(0, true, false);
}

/** Puts a track at the end of the queue. */
export function enqueue(t: Track): void {
  if (state.queue.length >= longest) return say(say_("The queue is full: %s tracks are the most", longest));
  state.queue.push(t);
  if (state.queue.length === 1) state.index = 0;
  draw();
  say(say_(state.queue.length - state.index === 2 ? "%s is next in the queue" : "%s is in the queue", t.t));
}

/** After navigation: mark what plays on the new page. */
export function arrived(): void {
  ready();
  if (current()) paintAccent();
  view.draw(state.queue, state.index);
  now.draw(current(), state.repeat);
  paint();
}

export function current(): Track | undefined {
  return state.queue[state.index];
}

/** Play or pause. */
export function toggle(): void {
  const t = current();
  if (!t) return;
  if (!audio.paused) return audio.pause();
  if (loaded !== t.id) return open(state.at, true, false);
  void play();
}

function open(at: number, wants: boolean, following: boolean): void {
  const t = current();
  if (!t) return;
  claims.close();
  follows = following;
  state.at = at;
  loaded = t.id;
  trouble();
  const going = sound.load(t, state.codec, at, (network) => fail(t, network)); // before anything is drawn: it waits for the network
  draw();
  level();
  if (wants) {
    claims.open(t, follows, signedIn());
    void going.then(() => play());
    say(say_("Playing %s by %s", t.t, t.a));
  }
}

async function play(): Promise<void> {
  try {
    await audio.play();
  } catch (e) {
    if (e instanceof DOMException && e.name === "NotAllowedError") paint(); // a tap is wanted: the button shows it
  }
}

function fail(t: Track, network: boolean): void {
  if (current()?.id !== t.id) return;
  loaded = undefined;
  if (network) return trouble(say_("The node does not answer. Playing goes on as soon as it does."), () => open(audio.currentTime || state.at, true, follows));
  const more = state.index + 1 < state.queue.length;
  trouble(say_(more ? "This track cannot be played in this browser. The next one follows." : "This track cannot be played in this browser. Its artist’s file is in a form the browser does not know."));
  if (more && follows) step(1, true);
}

/** Fetches the waveform that a list left out, once there is sound. */
async function complete(): Promise<void> {
  const t = current();
  if (!t || t.w !== undefined) return;
  t.w = "";
  const r = await fetch(`/api/v1/${t.e ? "elsewhere/" : ""}tracks/${t.id}`, { headers: { Accept: "application/json" }, priority: "low" }).catch(() => undefined);
  if (!r?.ok) return;
  const found = (await r.json()) as { waveform?: string; track?: { waveform?: string } };
  t.w = (found.track ?? found).waveform ?? "";
  keep(state);
  if (current()?.id === t.id) draw();
}

let retry: number | undefined;

/** Says what is wrong beside the player, and tries again while it is. */
function trouble(words = "", again?: () => void): void {
  const note = el("p-note");
  note.textContent = words;
  note.hidden = words === "";
  clearTimeout(retry);
  if (again) retry = window.setTimeout(again, 4000);
}

/** One track on or back. Back restarts a track that has run for 3 s. */
export function step(by: 1 | -1, following = false): void {
  if (by < 0 && audio.currentTime > 3) return void seek(0);
  const i = state.index + by;
  if (i < 0) return void seek(0);
  if (i >= state.queue.length) return;
  state.index = i;
  open(0, following || !audio.paused || loaded !== undefined, following);
}

/** Plays the i-th track of the queue. */
export function jump(i: number): void {
  state.index = i;
  open(0, true, false);
}

export function seek(seconds: number): void {
  const t = current();
  if (!t) return;
  const at = Math.max(0, Math.min(seconds, t.ms / 1000 - 0.2));
  state.at = at;
  if (loaded === t.id) audio.currentTime = at;
  progress();
}

/** What plays and where, in seconds; undefined when nothing was begun. */
export function spot(): { id: string; at: number } | undefined {
  const t = current();
  return t && { id: t.id, at: loaded === t.id ? audio.currentTime : state.at };
}

/** Plays a track of a list from a place in it. */
export function playAt(list: Track[], id: string, seconds: number): void {
  const i = list.findIndex((t) => t.id === id);
  if (i < 0) return;
  if (current()?.id !== id) {
    state.queue = list.slice(0, longest);
    state.index = Math.min(i, longest - 1);
  } else if (loaded === id && !audio.paused) return seek(seconds);
  open(seconds, true, false);
}

/** Changes the queue by hand: the playing track stays the playing one. */
export function edit(change: (queue: Track[], index: number) => { queue: Track[]; index: number }): void {
  const was = current();
  const next = change([...state.queue], state.index);
  state.queue = next.queue;
  state.index = Math.max(0, Math.min(next.index, next.queue.length - 1));
  if (state.queue.length === 0) {
    claims.close();
    sound.clear();
    loaded = undefined;
  } else if (current()?.id !== was?.id) {
    open(0, !audio.paused, false);
  }
  draw();
}

/** Shuffles what is still to come, once. */
function shuffle(): void {
  edit((queue, index) => {
    for (let i = queue.length - 1; i > index + 1; i--) {
      const j = index + 1 + Math.floor(Math.random() * (i - index));
      [queue[i], queue[j]] = [queue[j]!, queue[i]!];
    }
    return { queue, index };
  });
  say(say_("The rest is shuffled"));
}

/** Whether the queue begins again after its end. */
function repeat(): void {
  state.repeat = !state.repeat;
  draw();
  say(say_(state.repeat ? "Repeating the queue" : "Not repeating"));
}

function level(): void {
  const t = current();
  if (!t) return;
  const album = t.ri !== undefined && [state.queue[state.index - 1], state.queue[state.index + 1]].some((n) => n?.ri === t.ri);
  const gain = state.level === "auto" ? gainOf(t, album, sound.peak) : 0;
  sound.loudness(state.volume, gain);
  const words = (gain > 0 ? "+" : "") + gain.toFixed(1).replace("-", "−");
  el("s-gain").textContent = state.level === "off" ? say_("as recorded") : say_(album ? "%s dB, album gain" : "%s dB, track gain", words);
}

// --- drawing -----------------------------------------------------------------

function draw(): void {
  const t = current();
  el("player").hidden = !t;
  save();
  view.draw(state.queue, state.index);
  now.draw(t, state.repeat);
  if (!t) return mark();
  const art = el<HTMLImageElement>("p-cover");
  art.src = cover(t, 96) ?? art.src.replace(/.*(\/assets\/.*)/, "$1");
  link("p-title", t.u ?? t.ru, t.t, "strong");
  link("p-act", t.au, t.a);
  el("w-player").setAttribute("d", wavePath(t.w ? bytes(t.w) : new Uint8Array()));
  el("p-of").textContent = clock(t.ms);
  const quality = t.q ?? (t.s === "original" ? say_("the file as it was uploaded") : "");
  el("p-quality").textContent = quality || "–";
  el("p-quality").setAttribute("aria-label", say_("Sound quality: %s", quality));
  el("s-codec").textContent = quality || "–";
  const like = el("p-like");
  like.hidden = !signedIn();
  like.setAttribute("aria-pressed", String(t.l ?? false));
  like.setAttribute("aria-label", say_(t.l ? "Liked: %s" : "Like %s", t.t));
  icon(like, t.l ? "heart-f" : "heart");
  paintAccent();
  paint();
  progress();
  mark();
  media(t);
}

function link(id: string, href: string | undefined, words: string, inner?: string): void {
  const a = el<HTMLAnchorElement>(id);
  if (href) a.href = href;
  else a.removeAttribute("href");
  (inner ? (a.querySelector(inner) ?? a) : a).textContent = words;
}

function paintAccent(): void {
  const k = current()?.k;
  document.documentElement.style.setProperty("--accent-l", k?.l ?? "");
  document.documentElement.style.setProperty("--accent-d", k?.d ?? "");
}

/** The play state, on every button that shows it. */
function paint(): void {
  const on = !audio.paused;
  const b = el("p-play");
  b.setAttribute("aria-label", say_(on ? "Pause" : "Play"));
  icon(b, on ? "pause" : "play");
  now.paint(on);
  document.documentElement.toggleAttribute("data-playing", on);
  if ("mediaSession" in navigator) navigator.mediaSession.playbackState = on ? "playing" : "paused";
  mark();
}

/** Marks the playing track in the page's lists and on its buttons. */
function mark(): void {
  const t = current();
  const on = !audio.paused;
  for (const li of document.querySelectorAll<HTMLElement>("main [data-track]")) {
    const mine = t !== undefined && (JSON.parse(li.dataset["track"] ?? "{}") as Track).id === t.id;
    if (li.matches("li")) {
      li.toggleAttribute("data-on", mine && on);
      if (mine) li.setAttribute("aria-current", "true");
      else li.removeAttribute("aria-current");
      const note = li.querySelector(".now-vh");
      if (note) note.textContent = mine ? say_(" (playing)") : "";
    } else if (li.matches("[data-play-one]")) {
      icon(li, mine && on ? "pause" : "play");
      li.setAttribute("aria-label", mine && on ? say_("Pause") : say_("Play %s", (JSON.parse(li.dataset["track"] ?? "{}") as Track).t));
    }
  }
  const all = document.querySelector<HTMLElement>("main [data-play-all]");
  if (all) {
    const here = document.querySelector("main [data-tracklist] [aria-current]") !== null;
    icon(all, here && on ? "pause" : "play");
    all.setAttribute("aria-label", say_(here && on ? "Pause" : "Play"));
  }
  progress();
}

function progress(): void {
  const t = current();
  if (!t || seeking) return;
  const at = loaded === t.id && audio.readyState > 0 ? audio.currentTime : state.at;
  el("p-at").textContent = clock(at * 1000);
  el("player").style.setProperty("--p", ((at * 1000) / t.ms).toFixed(4));
  for (const w of waves()) place(w, (at * 1000) / t.ms);
  now.progress(at * 1000, t.ms);
}

/** The player's waveform, and the page's when it shows the playing track. */
function waves(): HTMLElement[] {
  const big = [...document.querySelectorAll<HTMLElement>("main [data-wave]")].filter((w) => w.dataset["wave"] === current()?.id);
  return [el("p-wave"), ...big];
}

function place(w: HTMLElement, part: number): void {
  const p = Math.max(0, Math.min(1, part));
  w.style.setProperty("--p", p.toFixed(4));
  const input = w.querySelector("input");
  const t = current();
  if (!input || !t) return;
  input.value = String(Math.round(p * 1000));
  input.setAttribute("aria-valuetext", say_("%s of %s", clock(p * t.ms), clock(t.ms)));
}

function media(t: Track): void {
  if (!("mediaSession" in navigator)) return;
  const art = [96, 240, 640] as const;
  navigator.mediaSession.metadata = new MediaMetadata({
    title: t.t,
    artist: t.a,
    album: t.r ?? "",
    artwork: t.c ? art.map((s) => ({ src: cover(t, s) ?? "", sizes: `${s}x${s}`, type: "image/webp" })) : [],
  });
}

let saved = "";

function save(): void {
  state.at = loaded !== undefined && audio.readyState > 0 ? audio.currentTime : state.at;
  const now = JSON.stringify([state.index, Math.floor(state.at), state.volume, state.codec, state.level, state.repeat, state.queue.map((q) => q.id)]);
  if (now === saved) return;
  saved = now;
  keep(state);
}

// --- wiring ------------------------------------------------------------------

function wire(): void {
  el("p-play").addEventListener("click", toggle);
  el("p-next").addEventListener("click", () => step(1));
  el("p-prev").addEventListener("click", () => step(-1));
  el("p-like").addEventListener("click", () => void like());
  view.wire({ edit, jump });
  now.wire({ toggle, step, shuffle, repeat });
  for (const [kind, act] of Object.entries(listeners)) audio.addEventListener(kind, act);
  document.addEventListener("input", wave);
  document.addEventListener("change", wave);
  addEventListener("pagehide", save);
  choices();
  volume();
  session();
}

const listeners: Record<string, () => void> = {
  play: () => {
    tabs.postMessage("playing");
    const t = current();
    if (t) claims.resume(t, follows, signedIn());
    paint();
  },
  pause: () => {
    paint();
    save();
  },
  timeupdate: () => {
    progress();
    remember(current(), audio.currentTime);
    const t = current();
    const next = state.queue[state.index + 1];
    if (t && next && warmed !== next.id && t.ms / 1000 - audio.currentTime < 30) {
      warmed = next.id;
      void preload(next, state.codec);
    }
    if (Math.floor(audio.currentTime) % 5 === 0) save();
  },
  playing: () => {
    trouble();
    void complete();
  },
  ended: () => {
    claims.close();
    if (state.index + 1 < state.queue.length) return step(1, true);
    if (state.repeat) {
      state.index = 0;
      return open(0, true, true);
    }
    loaded = undefined;
    state.at = 0;
    paint();
    save();
  },
};

/** A waveform was moved: show at once, seek when it is let go. */
function wave(e: Event): void {
  if (!(e.target instanceof HTMLInputElement)) return;
  const w = e.target.closest<HTMLElement>(".wave");
  const t = current();
  if (!w || !t || (w.id !== "p-wave" && w.dataset["wave"] !== t.id)) return;
  const part = Number(e.target.value) / 1000;
  seeking = e.type === "input";
  for (const each of waves()) place(each, part);
  el("p-at").textContent = clock(part * t.ms);
  if (!seeking) seek((part * t.ms) / 1000);
}

function choices(): void {
  for (const [box, value, set] of [
    ["s-quality", state.codec, (v: string) => (state.codec = v as Codec)],
    ["s-level", state.level, (v: string) => (state.level = v === "off" ? "off" : "auto")],
  ] as const) {
    for (const input of el(box).querySelectorAll("input")) {
      input.checked = input.value === value;
      input.addEventListener("change", () => {
        set(input.value);
        level();
        save();
      });
    }
  }
}

function volume(): void {
  const range = el<HTMLInputElement>("v-range");
  let before = state.volume || 1; // what sound-on goes back to
  const show = (): void => {
    if (state.volume > 0) before = state.volume;
    range.value = String(Math.round(state.volume * 100));
    for (const b of [el("p-volume"), el("v-mute")]) icon(b, state.volume === 0 ? "speaker-slash" : "speaker-high");
    el("v-mute").setAttribute("aria-label", say_(state.volume === 0 ? "Sound on" : "Mute"));
    level();
    save();
  };
  range.addEventListener("input", () => {
    state.volume = Number(range.value) / 100;
    show();
  });
  turn = (by) => {
    state.volume = Math.max(0, Math.min(1, Math.round((state.volume + by) * 100) / 100));
    show();
    say(say_("Volume %s %", Math.round(state.volume * 100)));
  };
  mute = () => {
    state.volume = state.volume > 0 ? 0 : before;
    show();
    say(say_(state.volume > 0 ? "Sound on" : "Muted"));
  };
  el("v-mute").addEventListener("click", () => mute());
  show();
}

let turn: (by: number) => void = () => undefined;
let mute: () => void = () => undefined;

function session(): void {
  if (!("mediaSession" in navigator)) return;
  const acts: [MediaSessionAction, MediaSessionActionHandler][] = [
    ["play", toggle],
    ["pause", () => audio.pause()],
    ["previoustrack", () => step(-1)],
    ["nexttrack", () => step(1)],
    ["seekbackward", (d) => seek(audio.currentTime - (d.seekOffset ?? 10))],
    ["seekforward", (d) => seek(audio.currentTime + (d.seekOffset ?? 10))],
    ["seekto", (d) => seek(d.seekTime ?? 0)],
  ];
  for (const [kind, act] of acts) {
    try {
      navigator.mediaSession.setActionHandler(kind, act);
    } catch {
      // An action this browser does not know.
    }
  }
}

async function like(): Promise<void> {
  const t = current();
  if (!t || !csrf()) return;
  const liked = !t.l;
  t.l = liked;
  draw();
  try {
    const r = await fetch(`/api/v1/likes/${t.id}`, { method: liked ? "PUT" : "DELETE", headers: { "X-CSRF-Token": csrf() } });
    if (!r.ok) throw new Error(String(r.status));
  } catch {
    t.l = !liked;
    draw();
  }
}

/** A key was pressed outside any field. */
export function key(e: KeyboardEvent): void {
  if (!current() || !(e.target instanceof Element)) return;
  const onControl = e.target.closest("button,a,summary,input,label,[popover]");
  const keys: Record<string, () => void> = {
    k: toggle,
    j: () => seek(audio.currentTime - 10),
    l: () => seek(audio.currentTime + 10),
    n: () => step(1),
    p: () => step(-1),
    q: () => el("queue").togglePopover(),
    m: () => mute(),
    "+": () => turn(0.05),
    "-": () => turn(-0.05),
  };
  if (!onControl) {
    Object.assign(keys, {
      " ": toggle,
      ArrowLeft: () => seek(audio.currentTime - 5),
      ArrowRight: () => seek(audio.currentTime + 5),
    });
  }
  // Elsewhere these two scroll the page.
  if (e.target.closest("#player,#np") && !e.target.closest("input")) {
    Object.assign(keys, { ArrowUp: () => turn(0.05), ArrowDown: () => turn(-0.05) });
  }
  keys[e.key]?.();
}
