// Shows what the verifier finds: on /verify for any node's file, and on a
// receipt's page for the file the node serves there.

import { el, newIcon } from "./dom";
import { stands } from "./ledger";
import { parseKeys } from "./note";
import { dollars, verify, type Check, type Report } from "./verify";
import { fetchText, today, trusted } from "./trust";
import { learn, t } from "./words";
import { more } from "./words_more";

learn(more);

/** What each check means, when it holds and when it does not. */
export const sentences: Record<string, [title: string, holds: string, fails: string]> = {
  file: ["The file", "It is complete and says one thing.", "It is damaged, or contradicts itself."],
  checkpoint: ["The node’s signature", "The node signed this state of its log.", "The signature is not that of the node’s key."],
  inclusion: ["Your row in the log", "The row is in the log that was signed.", "The row, its salt or its proof was changed."],
  claims: ["Your plays", "The row counts exactly the plays listed.", "The row counts other plays than those listed."],
  days: ["Your days", "The month rests on exactly these days.", "The month rests on other days than those listed."],
  split: ["The split", "Dividing your money again gives the same amounts.", "Dividing your money again gives other amounts."],
  settlement: ["The settlement", "The node signed the settlement of the month.", "The signature on the settlement is wrong."],
  totals: ["Its sums", "What came in equals what goes out.", "What came in is not what goes out."],
  tree: ["All listeners’ rows", "The settlement rests on the tree that holds your row.", "The settlement rests on another tree."],
  shares: ["The acts’ sums", "Each of your amounts is in what its act is paid.", "An amount of yours is missing from what its act is paid."],
  served: ["What the node showed", "The node signed that it showed this row.", "The node signed that it showed another row."],
  line: ["The act’s line", "The line is in the settlement.", "The line or its proof was changed."],
  plays: ["Your own plays", "Every play that this browser signed is in the row.", "A play that this browser signed is missing from the row."],
  ledger: ["The ledger", "The ledger holds the same.", "The ledger holds something else."],
  stands: ["The settlement that stands", "The ledger holds this settlement.", "The ledger holds another settlement of that month: this one was replaced. Download the file anew."],
  keys: ["The node’s keys", "They are the keys this browser has seen before.", "The node shows other keys than before."],
  leaves: ["The listeners’ shares", "The shares add up to the line.", "The shares listed are not those under the line."],
};

/** Which checks fill which square of a receipt page's chain. */
const squares: Record<string, string[]> = {
  days: ["days"],
  split: ["split"],
  inclusion: ["checkpoint", "inclusion", "tree"],
  shares: ["shares"],
  settlement: ["settlement", "totals", "stands"],
  claims: ["claims"],
};

/** Called by the page itself and after navigation to it. */
export function mount(): void {
  const form = document.querySelector<HTMLFormElement>("#v-form:not([data-mounted])");
  if (form) mountForm(form);
  const receipt = document.querySelector<HTMLElement>("main [data-receipt]:not([data-mounted])");
  if (receipt) void own(receipt);
}

/** Checks the receipt that a page shows, from the file the node serves for it. */
async function own(page: HTMLElement): Promise<void> {
  page.dataset["mounted"] = "";
  try {
    const file = await fetchText(page.dataset["receipt"] ?? "");
    const r = await asked(await verify(file, parseKeys(await trusted(page))));
    const words = page.querySelector<HTMLElement>("#v-words");
    stamp(page.querySelector("#v-stamp"), r);
    if (words) words.textContent = verdict(r);
    for (const li of page.querySelectorAll<HTMLElement>(".chain [data-check]")) square(li, r);
    tell(page, r);
  } catch {
    const p = page.querySelector("#v-stamp");
    if (p) fill(p, "bad", "warning-circle", t("The receipt’s file could not be fetched, so nothing was checked."));
  }
}

/** Fills a square that was checked, crosses out one that fails, leaves the rest open. */
function square(li: HTMLElement, r: Report): void {
  const mine = r.checks.filter((c) => squares[li.dataset["check"] ?? ""]?.includes(c.name));
  if (mine.length === 0) return;
  const bad = mine.find((c) => !c.ok);
  li.className = bad ? "broken" : "";
  const state = li.querySelector(".state");
  if (state) state.textContent = ", " + t(bad ? "does not hold" : "checked");
  if (bad) (li.querySelector("p") ?? li).textContent = t(sentences[bad.name]?.[2] ?? bad.name);
}

function mountForm(form: HTMLFormElement): void {
  form.dataset["mounted"] = "";
  const input = form.querySelector<HTMLInputElement>("#v-file");
  const keys = form.querySelector<HTMLTextAreaElement>("#v-keys");
  if (!input || !keys) return;
  let file: File | undefined;
  const run = (): void => {
    file = input.files?.[0] ?? file;
    if (file) void show(file, keys.value);
  };
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    e.stopPropagation();
    run();
  });
  input.addEventListener("change", run);
  form.addEventListener("dragover", (e) => e.preventDefault());
  form.addEventListener("drop", (e) => {
    e.preventDefault();
    const dropped = e.dataTransfer?.files;
    if (dropped?.length) input.files = dropped;
    run();
  });
}

/** Checks a file and draws what was found under the form. */
async function show(file: File, keys: string): Promise<void> {
  const box = el("v-result");
  box.hidden = false;
  let r: Report;
  try {
    r = await asked(await verify(await file.text(), parseKeys(keys)));
  } catch {
    fill(el("v-stamp"), "bad", "warning-circle", t("A line of the keys is no key. A key looks like name+0123abcd+base64."));
    el("v-words").textContent = "";
    return el("v-checks").replaceChildren();
  }
  stamp(el("v-stamp"), r);
  el("v-words").textContent = verdict(r);
  el("v-checks").replaceChildren(...r.checks.map(link));
  tell(box, r);
}

/** Asks the ledger too, where the file is of the node that served the page. */
async function asked(r: Report): Promise<Report> {
  if (!r.settled || r.needsKey !== undefined || r.node !== location.hostname && r.node !== location.host) return r;
  const ok = await stands(r).catch(() => undefined); // not reached: nothing is said
  if (ok !== undefined) r.checks.push({ name: "stands", ok });
  r.ok &&= ok !== false;
  return r;
}

/** One check as a square of a chain. */
function link(c: Check): HTMLElement {
  const [title, holds, fails] = sentences[c.name] ?? [c.name, "", ""];
  const li = document.createElement("li");
  if (!c.ok) li.className = "broken";
  const h = document.createElement("h3");
  h.textContent = t(title);
  const hidden = document.createElement("span");
  hidden.className = "vh";
  hidden.textContent = ", " + t(c.ok ? "checked" : "does not hold");
  h.append(hidden);
  const p = document.createElement("p");
  p.textContent = t(c.ok ? holds : fails);
  const box = document.createElement("div");
  box.append(h, p);
  li.append(box);
  return li;
}

function stamp(p: Element | null, r: Report): void {
  if (!p) return;
  if (r.needsHttps || r.needsKey !== undefined) fill(p, "checking", "info", t("Not checked"));
  else if (r.ok) fill(p, "", "seal-check-f", t("Verified by this browser, %s", today()));
  else fill(p, "bad", "warning-circle", t("Does not hold"));
}

function fill(p: Element, mood: "" | "bad" | "checking", name: string, words: string): void {
  p.className = `stamp ${mood}`.trim();
  const span = document.createElement("span");
  span.textContent = words;
  p.replaceChildren(newIcon(name), span);
}

/** Lets the page around know how it ended. */
function tell(e: HTMLElement, r: Report): void {
  e.dataset["verified"] = r.ok ? "ok" : r.needsKey !== undefined || r.needsHttps ? "open" : "broken";
  e.dispatchEvent(new CustomEvent("9ten:verified", { bubbles: true, detail: { ok: r.ok } }));
}

/** A month (2026-10) or a day (2026-10-03) in words. */
function spoken(when: string): string {
  const month = when.length === 7;
  const lang = document.documentElement.lang.replace(/^en$/, "en-GB");
  return new Date(`${when}${month ? "-01" : ""}T00:00:00Z`).toLocaleDateString(lang, { timeZone: "UTC", month: "long", year: "numeric", ...(month ? {} : { day: "numeric" }) });
}

function verdict(r: Report): string {
  if (r.needsHttps) return t("Not checked: this address is not https, so the browser checks no signatures. Use “9ten verify receipt” instead.");
  if (r.needsKey) return t("Not checked: the key of %s is needed.", r.needsKey);
  if (!r.ok) return t("This does not hold. What failed is marked below.");
  const marks = (r.marks.unreviewed ? " " + t("Not independently reviewed.") : "") + (r.marks.demoClock ? " " + t("Made on a demonstration clock.") : "");
  if (r.row && r.row.shares.length > 0) return t("Your %s for %s went to your own acts, and to nobody else.", dollars(r.row.pot + r.row.carryIn), spoken(r.when)) + marks;
  if (r.line) return t("%s for %s is credited to this act.", dollars(r.line.micro + r.line.plus - r.line.minus), spoken(r.when)) + marks;
  return t("The receipt of %s for %s holds.", r.node, spoken(r.when)) + marks;
}

mount();
