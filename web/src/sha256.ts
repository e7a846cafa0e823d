// SHA-256 (FIPS 180-4), at once: a receipt takes hundreds of small hashes, and
// the browser's own does not exist on addresses that are not https.

import type { Bytes } from "./wire";

const k = new Uint32Array(64);
const start = new Uint32Array(8);

// The constants are the fractions of cube and square roots of the primes.
(function constants() {
  const fraction = (x: number): number => ((x - Math.floor(x)) * 2 ** 32) | 0;
  let n = 0;
  for (let p = 2; n < 64; p++) {
    let prime = true;
    for (let d = 2; d * d <= p; d++) if (p % d === 0) prime = false;
    if (!prime) continue;
    if (n < 8) start[n] = fraction(Math.sqrt(p));
    k[n++] = fraction(Math.cbrt(p));
  }
})();

const w = new Uint32Array(64);

export function sha256(...parts: Uint8Array[]): Bytes {
  let length = 0;
  for (const p of parts) length += p.length;
  const padded = new Uint8Array((((length + 8) >> 6) + 1) << 6);
  let at = 0;
  for (const p of parts) {
    padded.set(p, at);
    at += p.length;
  }
  padded[length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(length / 2 ** 29));
  view.setUint32(padded.length - 4, (length << 3) >>> 0);
  const h = start.slice();
  for (let block = 0; block < padded.length; block += 64) compress(h, view, block);
  const out = new Uint8Array(32);
  const words = new DataView(out.buffer);
  h.forEach((x, i) => words.setUint32(4 * i, x));
  return out;
}

const rot = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

function compress(h: Uint32Array, view: DataView, block: number): void {
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(block + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    w[i] = w[i - 16]! + (rot(x, 7) ^ rot(x, 18) ^ (x >>> 3)) + w[i - 7]! + (rot(y, 17) ^ rot(y, 19) ^ (y >>> 10));
  }
  let [a, b, c, d, e, f, g, last] = h as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const t1 = (last + (rot(e, 6) ^ rot(e, 11) ^ rot(e, 25)) + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0;
    const t2 = ((rot(a, 2) ^ rot(a, 13) ^ rot(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    last = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, last].forEach((x, i) => (h[i] = h[i]! + x));
}
