// Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint,
// tlog-proof), and the keys that somebody trusts.

import { sha256 } from "./sha256";
import { base64, concat, equal, hex, Malformed, unbase64, type Bytes } from "./wire";

const utf8 = new TextEncoder();

export interface Key {
  name: string;
  type: number;
  public: Bytes;
  /** First four bytes of SHA-256(name "\n" type key). */
  id: Bytes;
}

/** Reads name+0123abcd+base64. */
export function parseKey(text: string): Key {
  const m = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  if (!m) throw new Malformed("this is no key: it looks like name+0123abcd+base64");
  const data = unbase64(m[3]!);
  const name = m[1]!;
  const id = sha256(utf8.encode(name + "\n"), data).slice(0, 4);
  if (data.length !== 33 || (data[0] !== 1 && data[0] !== 4) || hex(id) !== m[2]) throw new Malformed("this is no key: its parts do not agree");
  return { name, type: data[0], public: data.slice(1), id };
}

/** Reads keys, one a line; empty lines and lines that begin with # are left out. */
export function parseKeys(text: string): Key[] {
  return text.split("\n").map((l) => l.trim()).filter((l) => l !== "" && !l.startsWith("#")).map(parseKey);
}

/** Whether this browser can check Ed25519 signatures at this address. */
export async function canVerify(): Promise<boolean> {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

/** Whether one of the keys signed the bytes. */
export async function verifies(keys: Key[], bytes: Bytes, signature: Bytes): Promise<boolean> {
  for (const k of keys) {
    if (k.type !== 1 || signature.length !== 64) continue;
    try {
      const key = await crypto.subtle.importKey("raw", k.public, "Ed25519", false, ["verify"]);
      if (await crypto.subtle.verify("Ed25519", key, signature, bytes)) return true;
    } catch {
      // Not a point of the curve: it signed nothing.
    }
  }
  return false;
}

export interface Checkpoint {
  origin: string;
  size: bigint;
  root: Bytes;
}

function parseCheckpoint(text: string): Checkpoint {
  const m = /^([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text);
  if (!m) throw new Malformed("the checkpoint is not the three lines origin, size and root");
  const root = unbase64(m[3]!);
  if (base64(root) !== m[3]) throw new Malformed("the root is not a hash in base64");
  const size = BigInt(m[2]!);
  return { origin: m[1]!, size, root: size === 0n ? new Uint8Array(32) : root };
}

/**
 * Reads a signed note and says whether a trusted key signed it. The body is
 * returned in any case: later checks say more.
 */
export async function openCheckpoint(msg: string, trusted: Key[]): Promise<{ checkpoint: Checkpoint; signed: boolean }> {
  const cut = msg.lastIndexOf("\n\n");
  if (cut < 0) throw new Malformed("the checkpoint is not a signed note");
  const text = msg.slice(0, cut + 1);
  const checkpoint = parseCheckpoint(text);
  const lines = msg.slice(cut + 2).split("\n");
  if (lines.pop() !== "" || lines.length === 0 || lines.length > 100) throw new Malformed("the checkpoint is not a signed note");
  let signed = false;
  for (const line of lines) {
    const m = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line);
    if (!m) throw new Malformed("the checkpoint is not a signed note");
    const sig = unbase64(m[2]!);
    const key = trusted.find((k) => k.name === m[1] && equal(k.id, sig.slice(0, 4)));
    if (!key || key.type !== 1) continue; // unknown, or a cosigner's
    if (!(await verifies([key], concat(utf8.encode(text)), sig.slice(4)))) return { checkpoint, signed: false };
    signed = true;
  }
  return { checkpoint, signed };
}

export interface LogProof {
  extra: Bytes;
  index: bigint;
  path: Bytes[];
  checkpoint: string;
}

/** Reads a tlog-proof file, and nothing that only looks like one. */
export function parseProof(file: string): LogProof {
  const cut = file.indexOf("\n\n");
  const lines = file.slice(0, Math.max(0, cut)).split("\n");
  const checkpoint = file.slice(cut + 2);
  const extra = /^extra (.+)$/.exec(lines[1] ?? "")?.[1];
  const index = /^index (0|[1-9][0-9]{0,18})$/.exec(lines[2] ?? "")?.[1];
  if (cut < 0 || lines[0] !== "c2sp.org/tlog-proof@v1" || !extra || index === undefined || checkpoint === "" || lines.length > 67) {
    throw new Malformed("the file is not a tlog-proof");
  }
  const p = { extra: unbase64(extra), index: BigInt(index), path: lines.slice(3).map(unbase64), checkpoint };
  const strict = base64(p.extra) === extra && p.path.every((h, i) => h.length === 32 && base64(h) === lines[3 + i]);
  if (!strict) throw new Malformed("the file is not a tlog-proof");
  return p;
}

