// What this node's ledger holds, asked for anew each time.

import type { Report } from "./verify";
import { equal, unbase64 } from "./wire";

/** Whether the ledger's answer is the same; an answer of 404 is not. */
export async function onLedger<T>(url: string, same: (answer: T) => boolean): Promise<boolean> {
  const r = await fetch(url, { cache: "no-store" });
  if (r.status === 404) return false;
  if (!r.ok) throw new Error(String(r.status));
  return same((await r.json()) as T);
}

/** Whether the settlement a report rests on is the one that stands. */
export const stands = (r: Report): Promise<boolean> =>
  onLedger(`/api/v1/ledger/settlements/${r.when}`, (s: { settlement: string }) => equal(unbase64(s.settlement), r.settled ?? new Uint8Array()));
