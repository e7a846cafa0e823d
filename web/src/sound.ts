// From a track to sound: which address, which machinery, how loud.

import type { Codec } from "./hls";
import type { Hls } from "./hlstypes";
import { bytes, type Track } from "./track";

type Machinery = typeof import("./hls");

let machinery: Promise<Machinery> | undefined;

/** Fetches hls.js ahead of the first track that needs it. */
export function prepare(): void {
  machinery ??= import("./hls");
}

// Four samples of silence (RIFF WAVE).
const silence = "UklGRiwAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQgAAAAAAAAAAAAAAA==";

/**
 * Wakes what plays sound in the browser with a file that is made ready and
 * never heard. In a browser that was silent since it started, this takes
 * longer than everything else between a click and sound.
 */
export function wake(): void {
  const url = URL.createObjectURL(new Blob([bytes(silence)]));
  const a = new Audio();
  a.preload = "auto";
  a.oncanplay = a.onerror = () => {
    a.oncanplay = a.onerror = null;
    a.removeAttribute("src");
    URL.revokeObjectURL(url);
  };
  a.src = url;
}

const nativeHLS = "application/vnd.apple.mpegurl";

/** The one element that makes sound, with what feeds it. */
export class Sound {
  private hls: Hls | undefined;
  private turn = 0;
  private gain: GainNode | undefined;
  private context: AudioContext | undefined;
  /** True peak in dBTP of the form that plays; 0, which nothing turns up, while it is not known. */
  peak = 0;

  /** heard is called whenever the peak becomes known. */
  constructor(
    readonly audio: HTMLAudioElement,
    private readonly heard: () => void,
  ) {}

  /**
   * Loads a track at a place in seconds. Resolves when the element has its
   * source; failed is called when it cannot be played after all.
   */
  async load(t: Track, codec: Codec, at: number, failed: (network: boolean) => void): Promise<void> {
    const turn = ++this.turn;
    this.hls?.destroy();
    this.hls = undefined;
    this.audio.onerror = null;
    this.peak = 0;
    const mine = (network: boolean): void => {
      if (turn === this.turn) failed(network);
    };
    if (t.s !== "original") {
      prepare();
      const m = await machinery!;
      if (turn !== this.turn) return;
      if (m.supported()) {
        this.hls = m.attach(this.audio, master(t), codec, at, (peak) => turn === this.turn && this.measured(peak), (network) => (network ? mine(true) : this.original(t, at, mine)));
        return;
      }
      if (this.audio.canPlayType(nativeHLS)) return this.direct(master(t), at, mine);
    }
    this.original(t, at, mine);
  }

  /**
   * Plays the file as it was uploaded, by ranges.
   *
   * BUG: after a seek in Ogg Vorbis Chromium's clock may run up to a page of
   * Ogg (about half a second) ahead, and shows as much more at the end.
   */
  private original(t: Track, at: number, failed: (network: boolean) => void): void {
    this.hls?.destroy();
    this.hls = undefined;
    const wants = !this.audio.paused;
    this.measured((t.p ?? 0) / 100);
    this.direct(`/media/${t.id}/original`, at, failed);
    if (wants) void this.audio.play().catch(() => undefined);
  }

  private measured(peak: number): void {
    this.peak = peak;
    this.heard();
  }

  private direct(url: string, at: number, failed: (network: boolean) => void): void {
    this.audio.onerror = () => failed(this.audio.error?.code === MediaError.MEDIA_ERR_NETWORK);
    this.audio.src = url;
    if (at > 0) this.audio.addEventListener("loadedmetadata", () => (this.audio.currentTime = at), { once: true });
  }

  /** Stops and lets go of everything. */
  clear(): void {
    this.turn++;
    this.hls?.destroy();
    this.hls = undefined;
    this.audio.onerror = null;
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  /**
   * Sets how loud: volume (0 to 1, as the listener set it) times gain in
   * decibels. Turning down is the element's own volume; turning up, and the
   * phones where that cannot be set, take a gain node.
   */
  loudness(volume: number, decibels: number): void {
    const factor = volume * volume * 10 ** (decibels / 20);
    if (!this.gain && (factor > 1 || !this.settable())) this.graph();
    if (this.gain && this.context) {
      this.audio.volume = 1;
      this.gain.gain.value = factor;
      void this.context.resume();
    } else {
      this.audio.volume = Math.min(1, factor);
    }
  }

  private settable(): boolean {
    const was = this.audio.volume;
    this.audio.volume = 0.5;
    const is = this.audio.volume === 0.5;
    this.audio.volume = was;
    return is;
  }

  private graph(): void {
    if (!("AudioContext" in window) || !navigator.userActivation.hasBeenActive) return;
    this.context = new AudioContext({ latencyHint: "playback" });
    this.gain = this.context.createGain();
    this.context.createMediaElementSource(this.audio).connect(this.gain).connect(this.context.destination);
  }
}

/** The master playlist of a track. */
export function master(t: Track): string {
  return `/media/${t.id}/master.m3u8`;
}

/**
 * The gain for a track in decibels: that of the album while an album plays
 * through, else its own; never so high that the true peak, in dBTP, of the
 * form that plays passes full scale.
 */
export function gainOf(t: Track, album: boolean, peak: number): number {
  const g = (album ? (t.ag ?? t.g) : (t.g ?? t.ag)) ?? 0;
  return Math.min(g / 100, -peak);
}

const line = /^(?!#)\S+/m;

/**
 * Warms the cache for the next track: playlists, header and the first
 * segment of the variant that will play. Whatever fails is left to the player.
 */
export async function preload(t: Track, codec: Codec): Promise<void> {
  try {
    if (t.s === "original") return;
    const at = new URL(master(t), location.href);
    const list = await text(at);
    const variants = [...list.matchAll(/^#EXT-X-STREAM-INF:(.*)\r?\n(?!#)(\S+)/gm)];
    const mark = { flac: "flac", aac: "mp4a", opus: "opus" }[codec];
    const pick = variants.find((v) => v[1]?.toLowerCase().includes(mark)) ?? variants[0];
    if (!pick?.[2]) return;
    const media = new URL(pick[2], at);
    const segments = await text(media);
    const header = /^#EXT-X-MAP:.*URI="([^"]+)"/m.exec(segments)?.[1];
    const first = line.exec(segments)?.[0];
    await Promise.all([header, first].map((u) => (u ? fetch(new URL(u, media), { priority: "low" }).then((r) => r.arrayBuffer()) : undefined)));
  } catch {
    // The node is busy or gone; the player will say so when it matters.
  }
}

async function text(u: URL): Promise<string> {
  const r = await fetch(u, { priority: "low" });
  if (!r.ok) throw new Error(String(r.status));
  return r.text();
}
