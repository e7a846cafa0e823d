// The play claim: what this browser says it played, in canonical bytes.

import { Writer, type Bytes } from "./wire";

/** A stretch of media time in milliseconds: start, length. */
export type Interval = [start: number, length: number];

export const flags = { offline: 1, live: 2, autoplay: 4, background: 8, muted: 16 } as const;

export interface Claim {
  node: string;
  play: Bytes;
  device: Bytes;
  counter: number;
  track: string;
  sheet: number;
  begin: number;
  end: number;
  heard: Interval[];
  flags: number;
  nonce: Bytes;
}

/** The bytes that the device signs. */
export function encode(c: Claim): Bytes {
  const w = new Writer("9ten/play/v1")
    .str(c.node)
    .raw(c.play)
    .raw(c.device)
    .uint(c.counter, 4)
    .str(c.track)
    .uint(c.sheet, 4)
    .uint(c.begin, 8)
    .uint(c.end, 8)
    .uint(c.heard.length, 4);
  for (const [start, length] of c.heard) w.uint(start, 4).uint(length, 4);
  return w.uint(c.flags, 2).raw(c.nonce).bytes();
}

/** The union of stretches: sorted, disjoint, nothing empty. */
export function merge(heard: Interval[]): Interval[] {
  const out: Interval[] = [];
  for (const [start, length] of [...heard].sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && start <= last[0] + last[1]) last[1] = Math.max(last[1], start + length - last[0]);
    else if (length > 0) out.push([start, length]);
  }
  return out;
}

/** Milliseconds heard. */
export function total(heard: Interval[]): number {
  return merge(heard).reduce((ms, [, length]) => ms + length, 0);
}
