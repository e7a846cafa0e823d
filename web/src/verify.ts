// Checks a receipt or an act's proof in this browser, against keys somebody
// trusts. It asks nobody. The checks have the names of docs/protocol/receipts.md
// and come in its order; what needed an earlier check that failed is left out.

import { canVerify, openCheckpoint, parseProof, verifies, type Checkpoint, type Key, type LogProof } from "./note";
import { entryLeaf, included, leafHash, nodeHash, rootOver, summed, sumOver, type Sum } from "./merkle";
import * as rows from "./rows";
import { sha256 } from "./sha256";
import { blind, compile, daysHash, readDays } from "./split";
import { base64, compare, equal, Malformed, unbase64, type Bytes } from "./wire";

export interface Check {
  name: string;
  ok: boolean;
  /** Why it fails, when that says more than the name. */
  why?: string;
}

export interface Report {
  kind: "" | "day" | "month" | "act";
  node: string;
  when: string;
  checks: Check[];
  marks: rows.Marks;
  /** The key that was missing: then nothing is said about the file. */
  needsKey?: string;
  /** The address is not https, so the browser checks no signature. */
  needsHttps?: boolean;
  ok: boolean;
  row?: rows.MonthRow;
  line?: rows.Line;
  /** What the ledger is asked about: the checkpoint, or the settlement's bytes. */
  head?: Checkpoint;
  settled?: Bytes;
  /** Hashes of the claims that a day's row counts. */
  claims?: Bytes[];
}

/** Checks a file of either kind. */
export async function verify(file: string, trusted: Key[]): Promise<Report> {
  const r: Report = { kind: "", node: "", when: "", checks: [], marks: { unreviewed: false, demoClock: false }, ok: false };
  if (!(await canVerify())) return { ...r, needsHttps: true };
  try {
    if (file.trimStart().startsWith("{")) await verifyAct(r, file, trusted);
    else await verifyReceipt(r, parseProof(file), trusted);
  } catch (e) {
    if (e instanceof NeedsKey) r.needsKey = e.message;
    else if (e instanceof Malformed || e instanceof RangeError || e instanceof SyntaxError) r.checks.push({ name: "file", ok: false, why: e.message });
    else throw e;
  }
  r.ok = r.needsKey === undefined && r.checks.length > 0 && r.checks.every((c) => c.ok);
  return r;
}

class NeedsKey extends Error {}

/** Records a check; a thrown Malformed is its failure. */
async function check(r: Report, name: string, test: () => boolean | Promise<boolean>): Promise<boolean> {
  const c: Check = { name, ok: false };
  try {
    c.ok = await test();
  } catch (e) {
    if (!(e instanceof Malformed || e instanceof RangeError)) throw e;
    c.why = e.message;
  }
  r.checks.push(c);
  return c.ok;
}

/** The plain keys of a name; none ends the report. */
function named(trusted: Key[], name: string): Key[] {
  const keys = trusted.filter((k) => k.name === name && k.type === 1);
  if (keys.length === 0) throw new NeedsKey(name);
  return keys;
}

const dash = (n: number): string => (n > 999_999 ? `${dash(Math.floor(n / 100))}-${String(n % 100).padStart(2, "0")}` : `${Math.floor(n / 100)}-${String(n % 100).padStart(2, "0")}`);

async function verifyReceipt(r: Report, p: LogProof, trusted: Key[]): Promise<void> {
  const node = p.checkpoint.split("\n", 1)[0]?.split("/", 1)[0] ?? "";
  if (!/^[a-z0-9.:_[\]-]{1,255}$/.test(node)) throw new Malformed("the file names no node");
  r.node = node;
  const tag = new TextDecoder().decode(p.extra.slice(0, 21));
  if (tag.startsWith("9ten/receipt-day/v1\0")) return verifyDay(r, p, trusted);
  if (tag.startsWith("9ten/receipt-month/v1")) return verifyMonth(r, p, trusted);
  r.node = "";
  throw new Malformed("the file is a tlog-proof, but of nothing 9ten knows");
}

async function checkpoint(r: Report, p: LogProof, origin: string, trusted: Key[]): Promise<{ c: Checkpoint | undefined; ok: boolean }> {
  const keys = [...named(trusted, `${r.node}/log`), ...trusted.filter((k) => k.type === 4)];
  let c: Checkpoint | undefined;
  const ok = await check(r, "checkpoint", async () => {
    const open = await openCheckpoint(p.checkpoint, keys);
    c = open.checkpoint;
    return open.signed && c.origin === origin;
  });
  return { c, ok };
}

function inclusion(r: Report, row: Bytes, salt: Bytes, p: LogProof, c: Checkpoint): Promise<boolean> {
  return check(r, "inclusion", () => included(entryLeaf(salt, row), p.index, c.size, p.path, c.root));
}

function served(r: Report, s: rows.Signed, row: Bytes, salt: Bytes, p: LogProof, c: Checkpoint | undefined, trusted: Key[]): Promise<boolean> {
  return check(r, "served", async () => {
    const v = rows.parseServed(s.bytes);
    if (!(await verifies(named(trusted, `${r.node}/log`), s.bytes, s.signature))) return false;
    return c !== undefined && v.origin === c.origin && v.size === c.size && v.index === p.index && equal(v.salt, salt) && equal(v.row, sha256(row));
  });
}

async function verifyDay(r: Report, p: LogProof, trusted: Key[]): Promise<void> {
  const d = rows.parseDayReceipt(p.extra);
  const row = rows.parseDay(d.row);
  Object.assign(r, { kind: "day", when: dash(row.day), marks: d.marks });
  r.checks.push({ name: "file", ok: true });
  const { c, ok } = await checkpoint(r, p, `${r.node}/log`, trusted);
  if (ok && c) {
    r.head = c;
    await inclusion(r, d.row, d.salt, p, c);
  }
  r.claims = d.claims;
  await check(r, "claims", () => {
    const root = rootOver(d.claims.map((h) => leafHash(h)), nodeHash) ?? new Uint8Array(32);
    return equal(root, row.claimsRoot) && d.claims.length === row.claims;
  });
  if (d.served.bytes.length > 0) await served(r, d.served, d.row, d.salt, p, c, trusted);
}

async function verifyMonth(r: Report, p: LogProof, trusted: Key[]): Promise<void> {
  const m = rows.parseMonthReceipt(p.extra);
  const row = rows.parseMonth(m.row);
  if (row.params !== m.rules.version) throw new Malformed("the row and the receipt name different parameters");
  Object.assign(r, { kind: "month", when: dash(row.period), marks: m.marks, row });
  r.checks.push({ name: "file", ok: true });
  const { c, ok } = await checkpoint(r, p, `${r.node}/${r.when}/A`, trusted);
  if (ok && c) await inclusion(r, m.row, m.salt, p, c);
  if (await check(r, "days", () => equal(daysHash(readDays(m.days)), row.daysHash))) {
    await check(r, "split", () => equal(rows.encodeMonth(compile(row, m)), m.row));
  }
  r.settled = m.settlement.bytes;
  const s = await settlement(r, m.settlement, row.period, trusted);
  if (s) {
    await check(r, "tree", () => c !== undefined && BigInt(s.sizeA) === c.size && equal(s.rootA, c.root));
    await check(r, "shares", () => m.shares.length === row.shares.length && row.shares.every((x, i) => inB(x, m.shares[i]!, row, m.salt, s)));
  }
  if (m.served.bytes.length > 0) await served(r, m.served, m.row, m.salt, p, c, trusted);
}

/** Whether a share is in its act's subtree, and that in tree B. */
function inB(x: rows.Share, proof: rows.ShareProof, row: rows.MonthRow, salt: Bytes, s: rows.Settlement): boolean {
  if (proof.line.act !== x.act) return false;
  const leaf: Sum = { hash: leafHash(rows.encodeLeaf({ act: x.act, blind: blind(salt, x.act, row.who), micro: x.micro })), sum: x.micro };
  const top: Sum = { hash: proof.line.subroot, sum: proof.line.micro };
  return summed(leaf, BigInt(proof.index), BigInt(proof.line.count), proof.path, top) && lineInB(proof.line, proof.lineIndex, proof.linePath, s);
}

function lineInB(l: rows.Line, index: number, path: Sum[], s: rows.Settlement): boolean {
  const leaf: Sum = { hash: leafHash(rows.encodeLine(l)), sum: rows.lineSum(l) };
  return summed(leaf, BigInt(index), BigInt(s.lines), path, { hash: s.rootB, sum: s.sumB });
}

async function settlement(r: Report, signed: rows.Signed, period: number, trusted: Key[]): Promise<rows.Settlement | undefined> {
  let s: rows.Settlement | undefined;
  const keyName = `${r.node}/settlement`;
  const ok = await check(r, "settlement", async () => {
    s = rows.parseSettlement(signed.bytes);
    return s.node === r.node && s.period === period && (await verifies(named(trusted, keyName), signed.bytes, signed.signature));
  });
  if (!ok || !s) return undefined;
  const found = s;
  await check(r, "totals", () => rows.balanced(found));
  return found;
}

/** An act's proof as a file: base64 of bytes, and plain fields for reading. */
interface ActFile {
  format: string;
  node: string;
  period: string;
  act: string;
  amount: string;
  micro: number;
  from_listeners_micro: number;
  plus_micro: number;
  minus_micro: number;
  listeners: number;
  not_independently_reviewed: boolean;
  demo_clock: boolean;
  settlement: string;
  settlement_signature: string;
  line: string;
  line_index: number;
  line_path: { hash: string; sum: number }[];
  leaves: { leaf: string; micro: number }[];
}

async function verifyAct(r: Report, file: string, trusted: Key[]): Promise<void> {
  const f = JSON.parse(file) as ActFile;
  if (f.format !== "9ten/act-proof/v1" || !Array.isArray(f.line_path) || !Array.isArray(f.leaves)) throw new Malformed("the file is not an act's proof");
  const signed = { bytes: strict(f.settlement), signature: strict(f.settlement_signature) };
  const s = rows.parseSettlement(signed.bytes);
  const l = rows.parseLine(strict(f.line));
  const leaves = f.leaves.map((x) => rows.parseLeaf(strict(x.leaf)));
  const plain =
    f.node === s.node && f.period === dash(s.period) && f.act === l.act && f.listeners === l.count && same(f.micro, rows.lineSum(l)) &&
    same(f.from_listeners_micro, l.micro) && same(f.plus_micro, l.plus) && same(f.minus_micro, l.minus) && f.amount === dollars(rows.lineSum(l)) &&
    f.leaves.every((x, i) => same(x.micro, leaves[i]!.micro));
  if (!plain) throw new Malformed("what the file says to be read is not what its bytes say");
  Object.assign(r, { kind: "act", node: s.node, when: dash(s.period), line: l });
  r.marks = { unreviewed: f.not_independently_reviewed, demoClock: f.demo_clock };
  r.checks.push({ name: "file", ok: true });
  const path = f.line_path.map((x) => ({ hash: strict(x.hash), sum: BigInt(x.sum) }));
  const found = await settlement(r, signed, s.period, trusted);
  if (found) await check(r, "line", () => lineInB(l, f.line_index, path, found));
  await check(r, "leaves", () => under(l, leaves));
}

/** Whether the leaves are exactly those under a line. */
function under(l: rows.Line, leaves: rows.Leaf[]): boolean {
  const ordered = leaves.every((x, i) => x.act === l.act && (i === 0 || compare(x.blind, leaves[i - 1]!.blind) > 0));
  const root = rootOver(leaves.map((x) => ({ hash: leafHash(rows.encodeLeaf(x)), sum: x.micro })), sumOver) ?? { hash: new Uint8Array(32), sum: 0n };
  return ordered && leaves.length === l.count && equal(root.hash, l.subroot) && root.sum === l.micro;
}

function strict(s: string): Bytes {
  const b = unbase64(s);
  if (base64(b) !== s) throw new Malformed("a field of the file is not base64");
  return b;
}

const same = (plain: number, exact: bigint): boolean => Number.isSafeInteger(plain) && BigInt(plain) === exact;

/** An amount in millionths as $9.00 or $3.195202. */
export function dollars(m: bigint): string {
  const frac = String(m % 1_000_000n).padStart(6, "0");
  return `$${m / 1_000_000n}.${frac.endsWith("0000") ? frac.slice(0, 2) : frac}`;
}
