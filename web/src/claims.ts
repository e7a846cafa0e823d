// Evidence of what was heard. A play begins at the node, which gives it an id
// and a nonce; while sound really runs, stretches of media time are noted; a
// cumulative claim over them is signed here and sent every 15 s, at the mark
// where a play counts, at a pause and at the end. When the page goes away the
// last signed claim is sent by beacon, so a closed tab loses seconds at most.

import { encode, flags, merge, total, type Interval } from "./claim";
import { csrf, el, post, Problem } from "./dom";
import { forget, thisDevice, type Device } from "./device";
import { get, put } from "./idb";
import { sha256 } from "./sha256";
import { base64, unhex, type Bytes } from "./wire";
import type { Track } from "./track";
import { t as words } from "./words";

/** The node's answer to the start of a play. */
export interface Begin {
  play: string;
  nonce: string;
  begin_ms: number;
  mark_ms: number;
  heartbeat_s: number;
  node: string;
  /** Track id, "@", node id. */
  track: string;
  sheet: number;
}

/** The node's answer to a claim. */
interface Answer {
  nonce?: string;
  receipt?: string;
  signature?: string;
  counted?: boolean;
  reason?: string;
  day?: number;
  counted_ms?: number;
}

/** A pause of this length ends a play. */
const longPause = 5 * 60_000;
/** How often the claim is signed, in milliseconds, whether it is sent or not. */
const signEvery = 5_000;
/** How far the player's clock may run ahead of the node's (the node bears 2 s). */
const ahead = 1_500;

interface Play {
  track: Track;
  begin: Begin;
  /** performance.now() at the node's begin_ms, the earliest that the node may believe. */
  since: number;
  device: Device | undefined;
  heard: Interval[];
  flags: number;
  counter: number;
  sentAt: number;
  sent: number;
  counted: boolean;
  signedMs: number;
  latest?: { claim: string; signature: string; counter: number };
  /** SHA-256 of each claim signed so far: one of them is in the row of the day. */
  hashes: string[];
  busy: Promise<void>;
}

let audio: HTMLAudioElement;
let play: Play | undefined;
let beginning = 0; // the turn of the play that is being begun
let from: number | undefined; // start of the running stretch, ms
let at = 0; // its end so far, ms
let seen = 0; // performance.now() of the last look at the media clock
let pausedAt = 0;
let pending: { heard: Interval[]; track: Track } | undefined; // heard before the node answered

/** Watches the element. Called once. */
export function begin(element: HTMLAudioElement): void {
  audio = element;
  for (const kind of ["timeupdate", "playing"]) audio.addEventListener(kind, look);
  for (const kind of ["seeking", "waiting", "emptied", "ratechange"]) audio.addEventListener(kind, cut);
  audio.addEventListener("pause", () => {
    look(undefined, true);
    cut();
    pausedAt = performance.now();
    void flush();
  });
  audio.addEventListener("ended", () => {
    look(undefined, true);
    cut();
    void flush();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void sign().then(() => beacon());
  });
  addEventListener("pagehide", beacon);
  setInterval(tick, 1000);
}

/** Makes the key ready ahead of the first play. */
export function prepare(): void {
  if (csrf()) void thisDevice(account());
}

/** A track is about to play. */
export function open(t: Track, follows: boolean, signed: boolean): void {
  close();
  if (t.n) return note("not counted: its server does not say who is paid for it");
  note(signed ? (globalThis.isSecureContext ? "signed by this browser" : "not signed: this address is not https, so the browser keeps no key") : "not counted: nobody is signed in");
  if (!signed) return;
  pending = { heard: [], track: t };
  void ask(t, follows, ++beginning);
}

/** Playing goes on; after a long pause that is a new play. */
export function resume(t: Track, follows: boolean, signed: boolean): void {
  const stale = pausedAt > 0 && performance.now() - pausedAt > longPause;
  pausedAt = 0;
  if (!play && !pending) open(t, follows, signed);
  else if (stale || (play && play.track.id !== t.id)) open(t, false, signed);
}

/** The track is over or left. What was heard is sent. */
export function close(): void {
  cut();
  void flush();
  play = undefined;
  pending = undefined;
  pausedAt = 0;
  beginning++;
}

async function ask(t: Track, follows: boolean, turn: number): Promise<void> {
  const start = (follows ? flags.autoplay : 0) | state();
  const asked = performance.now();
  try {
    const { begin, device } = await atNode(t, start);
    if (turn !== beginning) return;
    // Sound runs before the node answers, and no more counts than the time that
    // the claim covers: it covers the wait for the answer too.
    const since = Math.max(asked, performance.now() - ahead);
    play = {
      track: t, begin, device, since, heard: pending?.heard ?? [], flags: start, counter: 0,
      sentAt: performance.now(), sent: 0, counted: false, signedMs: 0, hashes: [], busy: Promise.resolve(),
    };
    pending = undefined;
  } catch {
    if (turn === beginning) pending = undefined; // not counted; the player itself goes on
  }
}

/** Begins a play at the node. A key that it does not know is registered once more. */
async function atNode(t: Track, start: number): Promise<{ begin: Begin; device: Device | undefined }> {
  for (let again = false; ; again = true) {
    const device = await thisDevice(account());
    try {
      return { device, begin: await post<Begin>("/api/v1/plays", { track: t.id, flags: start, ...(device ? { device: hex16(device.id) } : {}) }) };
    } catch (e) {
      if (again || !device || !(e instanceof Problem) || e.status < 400 || e.status >= 500) throw e;
      await forget();
    }
  }
}

function hex16(b: Uint8Array): string {
  return Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
}

function account(): string {
  return document.querySelector(".me")?.getAttribute("aria-label") ?? "";
}

function state(): number {
  return (document.hidden ? flags.background : 0) | (audio.muted || audio.volume === 0 ? flags.muted : 0);
}

// --- stretches ----------------------------------------------------------------

/** Looks at the media clock: the running stretch grows only while sound runs. */
function look(_?: Event, stopping = false): void {
  const now = audio.currentTime * 1000;
  const wall = performance.now();
  if ((audio.paused && !stopping) || audio.seeking || audio.readyState < 2) return cut();
  if (from === undefined) {
    if (!stopping) from = at = now;
  } else if (now >= at && now - at <= (wall - seen) * audio.playbackRate + 750) {
    at = now;
  } else {
    cut();
    from = at = now;
  }
  seen = wall;
  if (play) play.flags |= state();
}

/** Ends the running stretch. */
function cut(): void {
  const list = play?.heard ?? pending?.heard;
  if (from !== undefined && list) {
    const start = Math.max(0, Math.round(from));
    const length = Math.round(at) - start;
    if (length > 0) list.push([start, length]);
  }
  from = undefined;
}

/** What was heard so far, the running stretch included. */
function soFar(p: Play): Interval[] {
  const list = [...p.heard];
  if (from !== undefined && at > from) list.push([Math.max(0, Math.round(from)), Math.round(at) - Math.max(0, Math.round(from))]);
  return merge(list);
}

// --- claims -------------------------------------------------------------------

function tick(): void {
  const p = play;
  if (!p) return;
  const ms = total(soFar(p));
  if (ms >= p.begin.mark_ms && p.sent < p.begin.mark_ms) return void flush();
  if (ms > p.sent && performance.now() - p.sentAt >= p.begin.heartbeat_s * 1000) return void flush();
  if (ms - p.signedMs >= signEvery) void sign();
}

/** Signs a claim over everything heard so far. One at a time per play. */
function sign(): Promise<void> {
  const p = play;
  if (!p) return Promise.resolve();
  p.busy = p.busy.then(async () => {
    const heard = soFar(p);
    const ms = total(heard);
    if (ms === p.signedMs && p.latest) return;
    p.counter++;
    const claim = encode({
      node: p.begin.node, play: unhex(p.begin.play), device: p.device?.id ?? new Uint8Array(16), counter: p.counter, track: p.begin.track,
      sheet: p.begin.sheet, begin: p.begin.begin_ms, end: p.begin.begin_ms + Math.round(performance.now() - p.since), heard,
      flags: p.flags | state(), nonce: unhex(p.begin.nonce),
    });
    const signature: Bytes = p.device ? await p.device.sign(claim) : new Uint8Array(0);
    p.latest = { claim: base64(claim), signature: base64(signature), counter: p.counter };
    p.signedMs = ms;
    p.hashes.push(base64(sha256(claim)));
  });
  return p.busy;
}

/** Signs and sends. A claim that does not arrive is in the next one. */
async function flush(): Promise<void> {
  const p = play;
  if (!p) return;
  const ms = total(soFar(p));
  if (ms <= p.sent) return;
  p.sentAt = performance.now();
  p.sent = ms;
  await sign();
  const latest = p.latest;
  if (!latest) return;
  try {
    const answer = await post<Answer>(`/api/v1/plays/${p.begin.play}/claim`, { claim: latest.claim, signature: latest.signature }, true);
    if (answer.nonce) p.begin.nonce = answer.nonce;
    p.counted ||= answer.counted ?? false;
    await put("receipts", p.begin.play, { play: p.begin.play, track: p.begin.track, title: p.track.t, act: p.track.a, node: p.begin.node, at: p.begin.begin_ms, hashes: p.hashes, ...latest, ...answer });
    document.dispatchEvent(new CustomEvent("9ten:receipt", { detail: answer }));
  } catch {
    if (p === play) p.sent = Math.min(p.sent, ms - 1);
  }
}

/** The page goes away: the last signed claim leaves with it. */
function beacon(): void {
  const p = play;
  if (!p?.latest || p.signedMs <= p.sent) return;
  void get<object>("receipts", p.begin.play).then((kept) => kept && put("receipts", p.begin.play, { ...kept, hashes: p.hashes }));
  const body = JSON.stringify({ claim: p.latest.claim, signature: p.latest.signature, csrf: csrf() });
  if (navigator.sendBeacon(`/api/v1/plays/${p.begin.play}/claim`, new Blob([body], { type: "application/json" }))) p.sent = p.signedMs;
}

function note(key: string): void {
  el("s-claim").textContent = words(key);
}
