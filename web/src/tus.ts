// Resumable uploads (tus 1.0.0: core, creation, termination). One Upload is
// one file; it goes on where it stopped, after a dropped connection as after
// a reload, because the node keeps what arrived and this browser the address.

import { csrf, Problem } from "./dom";

const version = "1.0.0";
/** The most that one request carries: some proxies refuse more. */
const piece = 64 << 20;

export interface Events {
  progress(sent: number, total: number): void;
  /** Trying again in so many seconds: why, as the node says it, or "" when the connection is gone. */
  waiting(seconds: number, why: string): void;
}

export class Upload {
  private request: XMLHttpRequest | undefined;
  private stopped = false;
  private url: string | undefined;

  constructor(
    private readonly file: File,
    private readonly endpoint: string,
    private readonly metadata: Record<string, string>,
    private readonly events: Events,
  ) {}

  /** Sends the file. Resolves with the upload's address; throws a Problem when the node refuses. */
  async run(): Promise<string> {
    this.url = localStorage.getItem(this.key()) ?? undefined;
    for (let tries = 0; ; ) {
      try {
        for (let at = await this.offset(); at < this.file.size; tries = 0) at = await this.send(at);
        break;
      } catch (e) {
        if (this.stopped) throw e;
        if (e instanceof Problem && (!passing(e.status) || (e.status === 409 && !(await this.there())))) {
          this.forget();
          throw e;
        }
        const seconds = Math.min(30, 2 ** tries++);
        this.events.waiting(seconds, e instanceof Problem && e.status >= 500 ? e.message : "");
        await pause(seconds);
      }
    }
    this.forget();
    return this.url ?? "";
  }

  /** Stops, and has the node throw away what arrived. */
  async cancel(): Promise<void> {
    this.stopped = true;
    this.request?.abort();
    this.forget();
    if (this.url) await fetch(this.url, { method: "DELETE", headers: head() }).catch(() => undefined);
  }

  /** How much the node has; begins the upload when it has none. */
  private async offset(): Promise<number> {
    if (this.url) {
      const r = await fetch(this.url, { method: "HEAD", headers: head(), cache: "no-store" });
      const at = Number(r.headers.get("Upload-Offset"));
      if (r.ok && r.headers.get("Upload-Offset") !== null && at <= this.file.size) return at;
      if (passing(r.status)) throw new Problem(r.status, "");
      this.url = undefined; // the node knows it no more: begin again
    }
    const r = await fetch(this.endpoint, { method: "POST", headers: { ...head(), "Upload-Length": String(this.file.size), "Upload-Metadata": encode(this.metadata) } });
    if (!r.ok) throw await Problem.of(r);
    this.url = new URL(r.headers.get("Location") ?? "", r.url).pathname;
    localStorage.setItem(this.key(), this.url);
    return 0;
  }

  /** Whether the node still waits for more of it: a conflict was about the offset then. */
  private async there(): Promise<boolean> {
    if (this.url === undefined) return false;
    try {
      const r = await fetch(this.url, { method: "HEAD", headers: head(), cache: "no-store" });
      return r.ok || passing(r.status);
    } catch {
      return true; // no connection says nothing
    }
  }

  /** Sends a piece and returns how much the node has then. */
  private send(at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const x = (this.request = new XMLHttpRequest());
      x.open("PATCH", this.url ?? "");
      for (const [k, v] of Object.entries({ ...head(), "Upload-Offset": String(at), "Content-Type": "application/offset+octet-stream" })) x.setRequestHeader(k, v);
      x.upload.onprogress = (e) => this.events.progress(at + e.loaded, this.file.size);
      x.onload = () => (x.status >= 200 && x.status < 300 ? resolve(Number(x.getResponseHeader("Upload-Offset"))) : reject(problem(x)));
      x.onerror = x.ontimeout = x.onabort = () => reject(new Problem(0, ""));
      x.send(this.file.slice(at, at + piece));
    });
  }

  private key(): string {
    const f = this.file;
    return `9ten.up.${this.metadata["release"] ?? ""}|${this.metadata["path"] ?? f.name}|${f.size}|${f.lastModified}`;
  }

  private forget(): void {
    localStorage.removeItem(this.key());
  }
}

/** Uploads to a release that were not finished, by path. */
export function unfinished(release: string): string[] {
  const prefix = `9ten.up.${release}|`;
  return Object.keys(localStorage).filter((k) => k.startsWith(prefix)).map((k) => k.slice(prefix.length).split("|")[0] ?? "");
}

/** Whether a status will pass by itself: no connection, a restart, an offset that moved. */
const passing = (status: number): boolean => status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;

const head = (): Record<string, string> => ({ "Tus-Resumable": version, "X-CSRF-Token": csrf() });

function encode(metadata: Record<string, string>): string {
  return Object.entries(metadata).filter(([, v]) => v !== "").map(([k, v]) => `${k} ${btoa(String.fromCharCode(...new TextEncoder().encode(v)))}`).join(",");
}

function problem(x: XMLHttpRequest): Problem {
  try {
    const p = JSON.parse(x.responseText) as { detail?: string; title?: string };
    return new Problem(x.status, p.detail ?? p.title ?? x.statusText);
  } catch {
    return new Problem(x.status, x.responseText.trim() || x.statusText);
  }
}

const pause = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));
