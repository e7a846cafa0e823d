// Small helpers over the document that every script shares.

/** The element with an id; a missing one is a mistake in a template. */
export function el<T extends Element = HTMLElement>(id: string): T {
  const e = document.getElementById(id);
  if (!e) throw new Error(`no #${id} on this page`);
  return e as unknown as T;
}

/** Swaps the icon that a button shows. */
export function icon(button: Element, name: string): void {
  button.querySelector("use")?.setAttribute("href", `${document.body.dataset["icons"] ?? ""}#i-${name}`);
}

/** A fresh icon; decorative, the button carries the label. */
export function newIcon(name: string): SVGSVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(ns, "use");
  use.setAttribute("href", `${document.body.dataset["icons"] ?? ""}#i-${name}`);
  svg.append(use);
  return svg;
}

/** Says something to screen readers. */
export function say(words: string): void {
  el("say").textContent = words;
}

/** The token that requests which change something send back. */
export function csrf(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

/** Whether somebody is signed in. */
export function signedIn(): boolean {
  return document.body.dataset["signed"] === "true";
}

/** Milliseconds as 4:05 or 1:02:09. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** Posts JSON with the token; throws a Problem for anything but success. */
export async function post<T>(url: string, body: unknown, keepalive = false): Promise<T> {
  const r = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    keepalive,
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf() },
    body: JSON.stringify(body),
  });
  if (!r.ok) throw await Problem.of(r);
  return (r.status === 204 ? undefined : await r.json()) as T;
}

/** An answer that is no success: RFC 9457, or its status alone. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  static async of(r: Response): Promise<Problem> {
    try {
      const p = (await r.json()) as { detail?: string; title?: string };
      return new Problem(r.status, p.detail ?? p.title ?? r.statusText);
    } catch {
      return new Problem(r.status, r.statusText || String(r.status));
    }
  }
}
