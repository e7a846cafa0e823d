// Canonical bytes (docs/protocol): unsigned big-endian integers, strings as
// 16-bit length and UTF-8, lists as 32-bit count and items.

export type Bytes = Uint8Array<ArrayBuffer>;

const utf8 = new TextEncoder();

export class Writer {
  private parts: Bytes[] = [];

  constructor(tag?: string) {
    if (tag !== undefined) this.raw(utf8.encode(tag + "\0"));
  }

  raw(b: Uint8Array): this {
    this.parts.push(new Uint8Array(b));
    return this;
  }

  /** An unsigned integer of a width in bytes. Throws when it does not fit. */
  uint(value: number | bigint, width: 1 | 2 | 4 | 8): this {
    let v = BigInt(value);
    if (v < 0n || v >> BigInt(8 * width) !== 0n) throw new RangeError(`${value} does not fit into ${width} bytes`);
    const b = new Uint8Array(width);
    for (let i = width - 1; i >= 0; i--, v >>= 8n) b[i] = Number(v & 255n);
    return this.raw(b);
  }

  str(s: string): this {
    const b = utf8.encode(s.normalize("NFC"));
    return this.uint(b.length, 2).raw(b);
  }

  bytes(): Bytes {
    return concat(...this.parts);
  }
}

/** Reads what Writer wrote; throws a Malformed for anything else. */
export class Reader {
  private at = 0;

  constructor(
    private readonly b: Uint8Array,
    tag?: string,
  ) {
    if (tag === undefined) return;
    const want = utf8.encode(tag + "\0");
    if (!equal(this.raw(Math.min(want.length, b.length)), want)) throw new Malformed(`this is no ${tag}`);
  }

  raw(n: number): Bytes {
    if (n < 0 || this.at + n > this.b.length) throw new Malformed("it is cut short");
    const out = new Uint8Array(this.b.slice(this.at, this.at + n));
    this.at += n;
    return out;
  }

  big(width: 1 | 2 | 4 | 8): bigint {
    let v = 0n;
    for (const x of this.raw(width)) v = (v << 8n) | BigInt(x);
    return v;
  }

  u8(): number {
    return Number(this.big(1));
  }

  u32(): number {
    return Number(this.big(4));
  }

  u64(): bigint {
    return this.big(8);
  }

  str(): string {
    const b = this.raw(Number(this.big(2)));
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(b);
    } catch {
      throw new Malformed("a name is not UTF-8");
    }
  }

  /** A count of items of at least width bytes each: no more than are left. */
  count(width: number): number {
    const n = this.u32();
    if (n * width > this.b.length - this.at) throw new Malformed("a list is longer than the file");
    return n;
  }

  done(): void {
    if (this.at !== this.b.length) throw new Malformed("there are bytes after its end");
  }
}

/** Bytes that are not what they should be. */
export class Malformed extends Error {}

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return compare(a, b) === 0;
}

export function compare(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  return a.length - b.length;
}

export function hex(b: Uint8Array): string {
  return Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
}

export function unhex(s: string): Bytes {
  if (!/^([0-9a-fA-F]{2})*$/.test(s)) throw new Malformed("this is no hex");
  return Uint8Array.from(s.match(/../g) ?? [], (x) => parseInt(x, 16));
}

export function base64(b: Uint8Array): string {
  let s = "";
  for (const x of b) s += String.fromCharCode(x);
  return btoa(s);
}

export function unbase64(s: string): Bytes {
  try {
    return Uint8Array.from(atob(s.trim()), (c) => c.charCodeAt(0));
  } catch {
    throw new Malformed("this is no base64");
  }
}
