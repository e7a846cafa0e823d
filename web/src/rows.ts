// The rows and files of docs/protocol/receipts.md, read from canonical bytes.
// Whatever contradicts itself is refused.

import type { Sum } from "./merkle";
import { equal, Malformed, Reader, Writer, compare, type Bytes } from "./wire";

export const maxDayCredit = 57_600n * 10_000n;
export const maxMonthCredit = 31n * maxDayCredit;
const empty = new Uint8Array(32);
const isZero = (b: Uint8Array): boolean => equal(b, empty);

/** An amount: 63 bits of millionths. */
function micro(r: Reader): bigint {
  const v = r.u64();
  if (v >> 63n) throw new Malformed("an amount does not fit");
  return v;
}

function flag(r: Reader): boolean {
  const v = r.u8();
  if (v > 1) throw new Malformed("a yes or no is neither");
  return v === 1;
}

const blob = (r: Reader): Bytes => r.raw(r.count(1));

function act(s: string): string {
  if (!/^[!-~]{1,64}$/.test(s)) throw new Malformed("an act has no id");
  return s;
}

function list<T>(r: Reader, width: number, one: () => T): T[] {
  const n = r.count(width);
  return Array.from({ length: n }, one);
}

function must(ok: boolean, why: string): void {
  if (!ok) throw new Malformed(why);
}

export const validPeriod = (p: number): boolean => p % 100 >= 1 && p % 100 <= 12 && p >= 100_01 && p <= 9999_12;

function validDay(d: number): boolean {
  const [y, m, n] = [Math.floor(d / 10_000), Math.floor(d / 100) % 100, d % 100];
  return validPeriod(y * 100 + m) && n >= 1 && n <= new Date(Date.UTC(y, m, 0)).getUTCDate();
}

export interface DayRow {
  who: Bytes;
  day: number;
  sequence: number;
  acts: { act: string; credit: bigint; plays: bigint }[];
  total: bigint;
  unsignedMs: bigint;
  claims: number;
  claimsRoot: Bytes;
  params: number;
}

export function parseDay(b: Uint8Array): DayRow {
  const r = new Reader(b, "9ten/day/v1");
  const row: DayRow = {
    who: r.raw(16), day: r.u32(), sequence: r.u8(),
    acts: list(r, 14, () => ({ act: act(r.str()), credit: r.u64(), plays: r.big(4) })),
    total: r.u64(), unsignedMs: r.u64(), claims: r.u32(), claimsRoot: r.raw(32), params: r.u32(),
  };
  r.done();
  must(validDay(row.day), "a day row is of no day of the calendar");
  let sum = 0n;
  row.acts.forEach((a, i) => {
    must(i === 0 || a.act > row.acts[i - 1]!.act, "the acts of a day row are not in order");
    must(a.credit <= maxDayCredit && (a.credit > 0n || a.plays > 0n), "a day row credits an act with nothing, or with more than a day");
    sum += a.credit;
  });
  must(sum === row.total && sum <= maxDayCredit, "the total of a day row is not the sum of its acts");
  must((row.claims === 0) === isZero(row.claimsRoot), "a day row has a claims root without claims");
  return row;
}

/** The part of a day's credit that device-signed plays made. */
export function signedCredit(row: DayRow): bigint {
  const unsigned = row.unsignedMs * 10n;
  return unsigned + 9n < row.total ? row.total - unsigned : 0n;
}

export interface Share {
  act: string;
  credit: bigint;
  rank: number;
  micro: bigint;
}

export interface MonthRow {
  who: Bytes;
  period: number;
  pot: bigint;
  carryIn: bigint;
  carryOut: bigint;
  commons: bigint;
  carried: number;
  basis: number;
  shares: Share[];
  daysHash: Bytes;
  params: number;
}

export function parseMonth(b: Uint8Array): MonthRow {
  const r = new Reader(b, "9ten/month/v1");
  const row: MonthRow = {
    who: r.raw(16), period: r.u32(), pot: micro(r), carryIn: micro(r), carryOut: micro(r), commons: micro(r), carried: r.u8(), basis: r.u32(),
    shares: list(r, 19, () => ({ act: act(r.str()), credit: r.u64(), rank: r.u8(), micro: micro(r) })), daysHash: r.raw(32), params: r.u32(),
  };
  r.done();
  must(validPeriod(row.period) && (row.basis === 0 || (validPeriod(row.basis) && row.basis <= row.period)), "a month row is of no month of the calendar");
  let out = row.carryOut + row.commons;
  let credit = 0n;
  row.shares.forEach((s, i) => {
    must(s.rank === i + 1, "the shares of a month row are not in rank order");
    must(s.credit > 0n && s.credit <= maxMonthCredit && (i === 0 || s.credit <= row.shares[i - 1]!.credit), "the credits of a month row do not descend");
    must(!row.shares.slice(0, i).some((x) => x.act === s.act), "an act is paid twice in one month row");
    credit += s.credit;
    out += s.micro;
  });
  must(row.pot + row.carryIn === out && out >> 63n === 0n, "a month row gives out another sum than it has");
  must(credit <= maxMonthCredit, "a month row credits more than a month");
  must(row.shares.length > 0 === (row.basis !== 0), "a month row pays without a basis");
  must(row.carryOut > 0n === row.carried > 0, "a month row carries without counting");
  return row;
}

export function encodeMonth(m: MonthRow): Bytes {
  const w = new Writer("9ten/month/v1").raw(m.who).uint(m.period, 4).uint(m.pot, 8).uint(m.carryIn, 8).uint(m.carryOut, 8).uint(m.commons, 8);
  w.uint(m.carried, 1).uint(m.basis, 4).uint(m.shares.length, 4);
  for (const s of m.shares) w.str(s.act).uint(s.credit, 8).uint(s.rank, 1).uint(s.micro, 8);
  return w.raw(m.daysHash).uint(m.params, 4).bytes();
}

export interface Line {
  act: string;
  micro: bigint;
  plus: bigint;
  minus: bigint;
  count: number;
  subroot: Bytes;
}

export const lineSum = (l: Line): bigint => l.micro + l.plus - l.minus;

export function parseLine(b: Uint8Array): Line {
  const r = new Reader(b, "9ten/line/v1");
  const l: Line = { act: act(r.str()), micro: micro(r), plus: micro(r), minus: micro(r), count: r.u32(), subroot: r.raw(32) };
  r.done();
  must(l.minus <= l.micro + l.plus && (l.micro + l.plus) >> 63n === 0n, "a line takes more from an act than it gives");
  must((l.count === 0) === isZero(l.subroot) && !(l.count === 0 && l.micro !== 0n), "a line has money without leaves");
  return l;
}

export function encodeLine(l: Line): Bytes {
  return new Writer("9ten/line/v1").str(l.act).uint(l.micro, 8).uint(l.plus, 8).uint(l.minus, 8).uint(l.count, 4).raw(l.subroot).bytes();
}

export interface Leaf {
  act: string;
  blind: Bytes;
  micro: bigint;
}

export const encodeLeaf = (l: Leaf): Bytes => new Writer("9ten/b/v1").str(l.act).raw(l.blind).uint(l.micro, 8).bytes();

export function parseLeaf(b: Uint8Array): Leaf {
  const r = new Reader(b, "9ten/b/v1");
  const l = { act: act(r.str()), blind: r.raw(32), micro: micro(r) };
  r.done();
  return l;
}

export interface Served {
  origin: string;
  size: bigint;
  index: bigint;
  row: Bytes;
  salt: Bytes;
}

export function parseServed(b: Uint8Array): Served {
  const r = new Reader(b, "9ten/served/v1");
  const s = { origin: r.str(), size: r.u64(), index: r.u64(), row: r.raw(32), salt: r.raw(16) };
  r.done();
  must(s.origin !== "" && s.index < s.size, "a served row names a place outside its log");
  return s;
}

const totals = ["pots", "carryIn", "carryOut", "commons", "plus", "minus", "received", "refunded", "operator", "unearnedIn", "unearnedOut"] as const;

export interface Settlement extends Record<(typeof totals)[number], bigint> {
  node: string;
  period: number;
  params: number;
  logSize: bigint;
  logRoot: Bytes;
  previous: Bytes;
  rootA: Bytes;
  sizeA: number;
  rootB: Bytes;
  lines: number;
  sumB: bigint;
  payers: number;
  rules: string;
  vectors: Bytes;
}

export function parseSettlement(b: Uint8Array): Settlement {
  const r = new Reader(b, "9ten/settlement/v1");
  const head = {
    node: r.str(), period: r.u32(), params: r.u32(), logSize: r.u64(), logRoot: r.raw(32), previous: r.raw(32), rootA: r.raw(32), sizeA: r.u32(),
    rootB: r.raw(32), lines: r.u32(), sumB: micro(r), payers: r.u32(),
  };
  const sums = Object.fromEntries(totals.map((t) => [t, micro(r)])) as Record<(typeof totals)[number], bigint>;
  const s = { ...head, ...sums, rules: r.str(), vectors: r.raw(32) };
  r.done();
  return s;
}

/** Whether the sums of a settlement agree with each other. */
export function balanced(s: Settlement): boolean {
  if (!validPeriod(s.period) || (s.logSize === 0n) !== isZero(s.logRoot) || (s.sizeA === 0) !== isZero(s.rootA)) return false;
  if ((s.lines === 0) !== isZero(s.rootB) || s.payers > s.sizeA || (s.lines === 0 && s.sumB !== 0n)) return false;
  return (
    s.sumB + s.carryOut + s.commons + s.minus === s.pots + s.carryIn + s.plus &&
    s.unearnedIn + s.received === s.refunded + s.operator + s.pots + s.unearnedOut
  );
}

export interface Signed {
  bytes: Bytes;
  signature: Bytes;
}

function signed(r: Reader): Signed {
  const s = { bytes: blob(r), signature: blob(r) };
  must((s.bytes.length === 0) === (s.signature.length === 0), "a signature of nothing");
  return s;
}

/** What the node says of itself: not reviewed, a demonstration clock. */
export interface Marks {
  unreviewed: boolean;
  demoClock: boolean;
}

function marks(r: Reader): Marks {
  const b = Number(r.big(2));
  must(b <= 3, "a mark that is not known");
  return { unreviewed: (b & 1) !== 0, demoClock: (b & 2) !== 0 };
}

function ascending(items: Bytes[]): void {
  items.forEach((b, i) => must(i === 0 || compare(b, items[i - 1]!) > 0, "a list is out of order"));
}

export interface DayReceipt {
  marks: Marks;
  row: Bytes;
  salt: Bytes;
  claims: Bytes[];
  devices: Bytes[];
  served: Signed;
}

export function parseDayReceipt(b: Uint8Array): DayReceipt {
  const r = new Reader(b, "9ten/receipt-day/v1");
  const d = { marks: marks(r), row: blob(r), salt: r.raw(16), claims: list(r, 32, () => r.raw(32)), devices: list(r, 16, () => r.raw(16)), served: signed(r) };
  r.done();
  ascending(d.claims);
  ascending(d.devices);
  return d;
}

export interface Rules {
  version: number;
  k: number;
  lambda: number;
  seed: Bytes;
  merged: { from: string; into: string }[];
}

export interface ShareProof {
  index: number;
  path: Sum[];
  line: Line;
  lineIndex: number;
  linePath: Sum[];
}

export interface MonthReceipt {
  marks: Marks;
  row: Bytes;
  salt: Bytes;
  rules: Rules;
  carried: number;
  confirmed: boolean;
  closed: boolean;
  days: Bytes[];
  shares: ShareProof[];
  settlement: Signed;
  served: Signed;
}

function sums(r: Reader): Sum[] {
  const path = list(r, 40, () => ({ hash: r.raw(32), sum: micro(r) }));
  must(path.length <= 64, "a proof is too long");
  return path;
}

export function parseMonthReceipt(b: Uint8Array): MonthReceipt {
  const r = new Reader(b, "9ten/receipt-month/v1");
  const m: MonthReceipt = {
    marks: marks(r), row: blob(r), salt: r.raw(16),
    rules: { version: r.u32(), k: r.u8(), lambda: Number(r.big(2)), seed: r.raw(32), merged: list(r, 4, () => ({ from: act(r.str()), into: act(r.str()) })) },
    carried: r.u8(), confirmed: flag(r), closed: flag(r), days: list(r, 4, () => blob(r)),
    shares: list(r, 20, () => ({ index: r.u32(), path: sums(r), line: parseLine(blob(r)), lineIndex: r.u32(), linePath: sums(r) })),
    settlement: signed(r), served: signed(r),
  };
  r.done();
  must(m.rules.k > 0 && m.rules.lambda <= 10_000, "the rules are none");
  m.rules.merged.forEach((g, i) => {
    must(i === 0 || g.from > m.rules.merged[i - 1]!.from, "the merged acts are not in order");
    must(!m.rules.merged.some((x) => x.from === g.into), "an act is merged into one that is merged itself");
  });
  return m;
}
