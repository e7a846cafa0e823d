// The player looks after its listener's receipts: each day and month that the
// node has put into its log is fetched, computed again and held against the
// ledger and against what this browser signed itself. It says nothing while
// all is well, but for a line in the player; what does not hold is said in red
// on every page.

import { el, newIcon } from "./dom";
import { all, get, put } from "./idb";
import { onLedger, stands } from "./ledger";
import { parseKeys, type Key } from "./note";
import { verify, type Report } from "./verify";
import { sentences } from "./verifypage";
import { base64, equal, unbase64 } from "./wire";
import { t } from "./words";

/** A play as claims.ts keeps it. */
interface Kept {
  at: number;
  receipt?: string;
  hashes?: string[];
}

/** What was found of one receipt. */
interface Checked {
  what: string;
  ok: boolean;
  /** Names of the checks that failed. */
  failed: string[];
}

/** How long until the node is asked again, in milliseconds. */
const pause = 6 * 3600_000;
const lastAsked = "9ten.audited";

/** Looks, unless it has looked a short while ago and all was well. */
export async function start(): Promise<void> {
  const found = await all<Checked>("checked").catch(() => []);
  show(found);
  if (Date.now() - Number(localStorage.getItem(lastAsked) ?? 0) < pause && found.every((c) => c.ok)) return;
  try {
    show(await look());
    localStorage.setItem(lastAsked, String(Date.now()));
  } catch {
    // The node did not answer: that is for the player to say, and the next page asks again.
  }
}

async function look(): Promise<Checked[]> {
  const node = await json<{ node: string; keys: string[]; now_ms: number }>("/api/v1/node");
  const keys = await pinned(node.node, node.keys);
  const months = await json<{ rows: { period: string; receipt: string }[] }>("/api/v1/receipts");
  const mine = await all<Kept>("receipts");
  for (const p of periods(node.now_ms)) {
    for (const d of await json<string[]>(`/api/v1/receipts/days?period=${p}`)) await once(d, `/api/v1/receipts/days/${d}`, keys, (r) => day(r, mine));
  }
  for (const m of months.rows) await once(m.period, m.receipt, keys, month);
  return all<Checked>("checked");
}

/** This month and the one before, as the node's clock has it. */
function periods(now: number): string[] {
  const d = new Date(now);
  return [0, 1].map((back) => new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() - back, 1)).toISOString().slice(0, 7));
}

/** The node's keys as this browser first saw them: later ones must be the same. */
async function pinned(node: string, now: string[]): Promise<Key[]> {
  const name = `keys of ${node}`;
  const known = await get<string[]>("key", name);
  if (!known) await put("key", name, now);
  const same = !known || now.every((k) => known.includes(k));
  await put("checked", name, { what: node, ok: same, failed: same ? [] : ["keys"] } satisfies Checked);
  return parseKeys((known ?? now).join("\n"));
}

/** When one that held is done with: a day when no late play can correct it any more, a month when it is final. */
const settled = (what: string): number => (what.length === 7 ? 31 + 20 : 4) * 86_400_000;

/** Checks a receipt, unless it held when nothing could change it any more. */
async function once(what: string, url: string, keys: Key[], more: (r: Report) => Promise<string[]>): Promise<void> {
  const before = await get<Checked>("checked", what);
  if (before?.ok && Date.now() - Date.parse(what) > settled(what)) return;
  const file = await text(url);
  const r = await verify(file, keys);
  if (r.needsHttps) return;
  const failed = r.checks.filter((c) => !c.ok).map((c) => c.name);
  if (r.needsKey !== undefined) failed.push("keys");
  else if (r.when !== what) failed.push("file");
  failed.push(...(await more(r)));
  await put("checked", what, { what, ok: failed.length === 0, failed } satisfies Checked);
}

/** A day: the ledger holds the checkpoint, and the row counts this browser's plays. */
async function day(r: Report, mine: Kept[]): Promise<string[]> {
  const failed: string[] = [];
  const head = r.head;
  if (head && !(await onLedger(`/api/v1/ledger/log/${head.size}`, (a: { root: string }) => equal(unbase64(a.root), head.root)))) failed.push("ledger");
  const counted = new Set((r.claims ?? []).map((c) => base64(c)));
  const own = mine.filter((p) => p.receipt && p.hashes && new Date(p.at).toISOString().slice(0, 10) === r.when);
  if (r.claims && own.some((p) => !p.hashes?.some((h) => counted.has(h)))) failed.push("plays");
  return failed;
}

/** A month: the ledger holds this settlement and no other. */
async function month(r: Report): Promise<string[]> {
  return r.settled && !(await stands(r)) ? ["ledger"] : [];
}

async function text(url: string): Promise<string> {
  const r = await fetch(url, { cache: "no-store" });
  if (!r.ok) throw new Error(String(r.status));
  return r.text();
}

const json = async <T>(url: string): Promise<T> => JSON.parse(await text(url)) as T;

/** The line in the player, and the words in red. */
function show(found: Checked[]): void {
  const bad = found.find((c) => !c.ok);
  const line = el("s-audit");
  document.documentElement.dataset["audit"] = bad ? "broken" : found.length > 1 ? "ok" : "";
  line.textContent = bad ? t("does not hold") : found.length > 1 ? t("checked by this browser") : "–";
  const old = document.getElementById("audit");
  if (!bad) return old?.remove();
  const p = old ?? document.createElement("p");
  p.id = "audit";
  p.className = "stamp bad";
  p.setAttribute("role", "alert");
  const a = document.createElement("a");
  a.href = "/receipts";
  a.className = "link";
  const why = bad.failed.map((f) => t(sentences[f]?.[2] ?? f)).join(" ");
  a.textContent = t("Your receipt of %s does not hold. %s", bad.what, why);
  p.replaceChildren(newIcon("warning-circle"), a);
  if (!old) document.getElementById("main")?.before(p);
}
