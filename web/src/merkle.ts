// Merkle trees: RFC 6962 for rows, sum trees for money.

import { sha256 } from "./sha256";
import { equal, Malformed, Writer, type Bytes } from "./wire";

const zero = new Uint8Array([0]);
const one = new Uint8Array([1]);

export const leafHash = (data: Uint8Array): Bytes => sha256(zero, data);
export const nodeHash = (l: Uint8Array, r: Uint8Array): Bytes => sha256(one, l, r);

/** What the log holds of a row, as a leaf. */
export const entryLeaf = (salt: Uint8Array, row: Uint8Array): Bytes => leafHash(sha256(salt, row));

/** A node of a sum tree. */
export interface Sum {
  hash: Bytes;
  sum: bigint;
}

export function sumOver(l: Sum, r: Sum): Sum {
  const sum = l.sum + r.sum;
  if (sum >> 63n !== 0n) throw new Malformed("a sum does not fit");
  return { hash: sha256(new Writer().raw(one).raw(l.hash).uint(l.sum, 8).raw(r.hash).uint(r.sum, 8).bytes()), sum };
}

/**
 * The root that leaf i of size leads to along a path (RFC 9162, section
 * 2.1.3.2). Throws when the path has not the length that the place has.
 */
export function climb<T>(at: T, i: bigint, size: bigint, path: T[], node: (l: T, r: T) => T): T {
  if (i >= size) throw new Malformed("the proof is of a place outside its tree");
  let fn = i;
  let sn = size - 1n;
  for (const p of path) {
    if (sn === 0n) throw new Malformed("the proof is longer than its place asks for");
    if ((fn & 1n) === 1n || fn === sn) {
      at = node(p, at);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      at = node(at, p);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) throw new Malformed("the proof is shorter than its place asks for");
  return at;
}

export function included(leaf: Bytes, i: bigint, size: bigint, path: Bytes[], root: Bytes): boolean {
  return holds(() => equal(climb(leaf, i, size, path, nodeHash), root));
}

export function summed(leaf: Sum, i: bigint, size: bigint, path: Sum[], root: Sum): boolean {
  return holds(() => {
    const got = climb(leaf, i, size, path, sumOver);
    return equal(got.hash, root.hash) && got.sum === root.sum;
  });
}

/** Whether a test passes; a proof that cannot be followed does not. */
function holds(test: () => boolean): boolean {
  try {
    return test();
  } catch (e) {
    if (e instanceof Malformed || e instanceof RangeError) return false;
    throw e;
  }
}

/** The root over nodes, undefined for none. Odd nodes move up unchanged. */
export function rootOver<T>(nodes: T[], node: (l: T, r: T) => T): T | undefined {
  let level = nodes;
  while (level.length > 1) {
    const up: T[] = [];
    for (let i = 0; i < level.length; i += 2) up.push(i + 1 < level.length ? node(level[i]!, level[i + 1]!) : level[i]!);
    level = up;
  }
  return level[0];
}
