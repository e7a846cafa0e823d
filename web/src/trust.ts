// Which keys a page trusts when this browser checks a file.

/** The keys of a page: its data-keys (text, or an address), or those that /verify names. */
export async function trusted(page?: HTMLElement): Promise<string> {
  const given = page?.dataset["keys"];
  if (given) return given.startsWith("/") ? fetchText(given) : given;
  const other = new DOMParser().parseFromString(await fetchText("/verify"), "text/html");
  return other.getElementById("v-keys")?.textContent ?? "";
}

export async function fetchText(url: string): Promise<string> {
  const r = await fetch(url, { cache: "no-store" });
  if (!r.ok) throw new Error(String(r.status));
  return r.text();
}

/** Today in the words of the page. */
export function today(): string {
  return new Date().toLocaleDateString(document.documentElement.lang.replace(/^en$/, "en-GB"), { dateStyle: "long" });
}
