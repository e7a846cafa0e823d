// The split, done again: one listener's pot to the own top acts, in whole
// millionths, and the month row that comes of it.

import { sha256 } from "./sha256";
import { signedCredit, type MonthReceipt, type MonthRow, type Rules, type Share, parseDay, type DayRow } from "./rows";
import { compare, concat, equal, Malformed, Writer, type Bytes } from "./wire";

const basis = 10_000n;
const utf8 = new TextEncoder();
const tieTag = utf8.encode("9ten/tie/v1\0");

export interface Credit {
  act: string;
  credit: bigint;
  plays: bigint;
  days: number;
}

/** Ranks acts and cuts them to the best k that have any credit. */
export function rank(credits: Credit[], k: number, seed: Uint8Array): Credit[] {
  const tie = (a: string): Bytes => sha256(tieTag, seed, utf8.encode(a));
  const order = (a: bigint | number, b: bigint | number): number => (a < b ? 1 : a > b ? -1 : 0);
  return credits
    .filter((c) => c.credit > 0n)
    .sort((a, b) => order(a.credit, b.credit) || order(a.plays, b.plays) || order(a.days, b.days) || compare(tie(a.act), tie(b.act)))
    .slice(0, k);
}

/** Divides a pot among ranked acts: floors, then one by one to the largest remainders. */
export function share(pot: bigint, top: Credit[], lambda: number): Share[] {
  const q = top.reduce((sum, c) => sum + c.credit, 0n);
  const k = BigInt(top.length);
  const l = BigInt(lambda);
  const whole = basis * k * q;
  const parts = top.map((c, i) => {
    const product = pot * (l * q + (basis - l) * k * c.credit);
    return { i, micro: product / whole, rest: product % whole };
  });
  let left = pot - parts.reduce((sum, p) => sum + p.micro, 0n);
  for (const p of [...parts].sort((a, b) => (a.rest < b.rest ? 1 : a.rest > b.rest ? -1 : a.i - b.i))) {
    if (left === 0n) break;
    p.micro++;
    left--;
  }
  return top.map((c, i) => ({ act: c.act, credit: c.credit, rank: i + 1, micro: parts[i]!.micro }));
}

interface Day {
  row: DayRow;
  hash: Bytes;
}

/** SHA-256 over the days a month rests on, in order. */
export function daysHash(days: { row: DayRow; hash: Bytes }[]): Bytes {
  const w = new Writer().uint(days.length, 4);
  days.forEach((d, i) => {
    if (i > 0 && d.row.day <= days[i - 1]!.row.day) throw new Malformed("the days of a month are not in order");
    w.uint(d.row.day, 4).uint(d.row.sequence, 1).raw(d.hash);
  });
  return sha256(w.bytes());
}

export const readDays = (days: Uint8Array[]): Day[] => days.map((b) => ({ row: parseDay(b), hash: sha256(b) }));

const monthOf = (d: Day): number => Math.floor(d.row.day / 100);

/** How many months p lies before q. */
const monthsBefore = (p: number, q: number): number => (Math.floor(q / 100) - Math.floor(p / 100)) * 12 + (q % 100) - (p % 100);

/** Makes the month row of a receipt again from its day rows. */
export function compile(was: MonthRow, m: MonthReceipt): MonthRow {
  const days = readDays(m.days);
  const own = days.filter((d) => monthOf(d) === was.period);
  const old = days.filter((d) => monthOf(d) !== was.period);
  check(was, m, own, old);
  const pot = was.pot + was.carryIn;
  const chosen = choose(m, own, old);
  const top = rank(tally(chosen, m.rules), m.rules.k, m.rules.seed);
  const out: MonthRow = { ...was, carryOut: 0n, commons: 0n, carried: 0, basis: 0, shares: [] };
  if (top.length > 0) {
    out.basis = monthOf(chosen[0]!);
    out.shares = share(pot, top, m.rules.lambda);
  } else if (m.closed || m.carried >= 3) {
    out.commons = pot;
  } else {
    out.carryOut = pot;
    out.carried = m.carried + 1;
  }
  out.daysHash = daysHash(out.basis !== 0 && out.basis !== was.period ? [...old, ...own] : own);
  return out;
}

function check(was: MonthRow, m: MonthReceipt, own: Day[], old: Day[]): void {
  if (was.pot + was.carryIn === 0n || (was.carryIn === 0n) !== (m.carried === 0)) throw new Malformed("a carry without the months it has waited");
  for (const d of own) if (!equal(d.row.who, was.who)) throw new Malformed("a day row is of another listener");
  const first = old[0];
  for (const d of old) {
    if (!equal(d.row.who, first!.row.who) || monthOf(d) !== monthOf(first!) || monthOf(d) >= was.period) throw new Malformed("earlier rows are of several listeners or months");
  }
  if (first && monthsBefore(monthOf(first), was.period) > 12) throw new Malformed("a nine confirmed too long ago");
}

/** The rows whose credits count: see docs/protocol. */
function choose(m: MonthReceipt, own: Day[], old: Day[]): Day[] {
  const credit = own.some((d) => d.row.total > 0n);
  const signed = own.some((d) => signedCredit(d.row) > 0n);
  if (signed || (credit && m.confirmed)) return own;
  return m.confirmed || m.carried >= 3 ? old : [];
}

function tally(days: Day[], rules: Rules): Credit[] {
  const into = new Map(rules.merged.map((g) => [g.from, g.into]));
  const acts = new Map<string, Credit & { last: number }>();
  for (const d of days) {
    for (const a of d.row.acts) {
      const act = into.get(a.act) ?? a.act;
      const t = acts.get(act) ?? { act, credit: 0n, plays: 0n, days: 0, last: 0 };
      t.credit += a.credit;
      t.plays += a.plays;
      if (a.credit > 0n && t.last !== d.row.day) {
        t.days++;
        t.last = d.row.day;
      }
      acts.set(act, t);
    }
  }
  return [...acts.values()];
}

/** Hides a listener in an act's leaves. */
export function blind(salt: Uint8Array, act: string, who: Uint8Array): Bytes {
  return sha256(concat(utf8.encode("9ten/blind/v1\0"), salt, utf8.encode(act), who));
}
