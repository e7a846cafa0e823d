// The nine on the first page, as it stands: drawn anew whenever the node has
// counted some more of what plays.

/** Listens for what was counted. Called once. */
export function begin(): void {
  document.addEventListener("9ten:receipt", () => void refresh());
}

let busy = false;

async function refresh(): Promise<void> {
  if (busy || !document.querySelector("main [data-live]")) return;
  busy = true;
  try {
    const r = await fetch("/", { headers: { Accept: "text/html" } });
    if (r.ok) patch(new DOMParser().parseFromString(await r.text(), "text/html"));
  } catch {
    // The node is away; the next count comes with the next try.
  } finally {
    busy = false;
  }
}

/** Takes over amounts and words; the covers stay where they are while the order does. */
function patch(page: Document): void {
  const old = document.querySelector("main [data-live]");
  const fresh = page.querySelector("main [data-live]");
  if (!old || !fresh || old.contains(document.activeElement)) return;
  const acts = (root: Element): string => [...root.querySelectorAll<HTMLElement>(".nine .cell")].map((c) => c.getAttribute("href") ?? "").join(" ");
  if (acts(old) !== acts(fresh) || old.querySelector(".list") === null) return old.replaceWith(document.adoptNode(fresh));
  const cells = fresh.querySelectorAll<HTMLElement>(".nine .cell");
  old.querySelectorAll<HTMLElement>(".nine .cell").forEach((cell, i) => {
    cell.setAttribute("style", cells[i]?.getAttribute("style") ?? "");
    cell.querySelector("b")?.replaceChildren(...(cells[i]?.querySelector("b")?.childNodes ?? []));
  });
  for (const words of [".say", ".list", ".sums"]) {
    const next = fresh.querySelector(words);
    if (next) old.querySelector(words)?.replaceWith(document.adoptNode(next));
  }
}
