// What outlives the page: queue, place, volume and choices, in localStorage.

import type { Codec } from "./hls";
import type { Track } from "./track";

export interface Kept {
  queue: Track[];
  index: number;
  /** Seconds into the current track. */
  at: number;
  /** 0 to 1. */
  volume: number;
  codec: Codec;
  level: "auto" | "off";
  /** Begin again after the last track. */
  repeat: boolean;
}

const name = "9ten.player";

/** The longest queue that is kept; the rest is dropped from its end. */
export const longest = 500;

export function recall(): Kept {
  const fresh: Kept = { queue: [], index: 0, at: 0, volume: 1, codec: "flac", level: "auto", repeat: false };
  try {
    const k = JSON.parse(localStorage.getItem(name) ?? "{}") as Partial<Kept>;
    const kept = { ...fresh, ...k };
    if (!Array.isArray(kept.queue) || !(kept.index >= 0 && kept.index < Math.max(1, kept.queue.length))) return fresh;
    return kept;
  } catch {
    return fresh; // written by another version: start anew
  }
}

export function keep(k: Kept): void {
  try {
    localStorage.setItem(name, JSON.stringify(k));
  } catch {
    // Storage is full or refused: the queue lives as long as the page.
  }
}
