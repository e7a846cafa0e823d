// Uploading in the studio: folders and files by drag and drop or by choosing,
// three at a time, each with its progress and, when it fails, why.

import { csrf, newIcon, Problem } from "./dom";
import { unfinished, Upload } from "./tus";
import { learn, t } from "./words";
import { more } from "./words_more";

learn(more);

const atOnce = 3;

/** Files of lyrics: they belong to the recording with the same name, so they go after it. */
const words = /\.(lrc|txt)$/i;

interface Item {
  file: File;
  path: string;
  line: HTMLLIElement;
  upload?: Upload;
  state: "waiting" | "sending" | "done" | "failed" | "removed";
}

/** What is on the way, by release and track: it goes on while one looks at other pages. */
const queues = new Map<string, Queue>();

/** Makes a [data-upload] box work. Its attributes: data-endpoint, data-release, data-for (a track). */
export function mountUpload(box: HTMLElement): void {
  box.dataset["mounted"] = "";
  const key = `${box.dataset["release"] ?? ""} ${box.dataset["for"] ?? ""}`;
  const queue = queues.get(key) ?? new Queue();
  queues.set(key, queue);
  queue.wire(box);
}

addEventListener("beforeunload", (e) => {
  if ([...queues.values()].some((q) => q.busy())) e.preventDefault();
});

// The page has drawn anew what the node knows: what arrived is in its list.
document.addEventListener("9ten:fresh", () => {
  for (const q of queues.values()) q.forget();
});

class Queue {
  private items: Item[] = [];
  private box!: HTMLElement;
  private list!: HTMLElement;
  private status!: HTMLElement;
  private release = "";
  private track = "";
  private endpoint = "";

  busy(): boolean {
    return this.items.some((i) => i.state === "sending");
  }

  /** Takes the lines of files that have arrived off the list. */
  forget(): void {
    for (const i of this.items) if (i.state === "done") i.line.remove();
  }

  /** Works in a box from now on, with the lines that there are. */
  wire(box: HTMLElement): void {
    this.box = box;
    this.list = find(box, "[data-upload-list]");
    this.status = find(box, "[data-upload-status]");
    this.release = box.dataset["release"] ?? "";
    this.track = box.dataset["for"] ?? "";
    this.endpoint = box.dataset["endpoint"] ?? "/api/v1/uploads";
    this.items = this.items.filter((i) => i.state === "waiting" || i.state === "sending");
    this.list.append(...this.items.map((i) => i.line));
    const drop = find(this.box, ".drop");
    for (const input of this.box.querySelectorAll<HTMLInputElement>("input[type=file]")) {
      input.addEventListener("change", () => {
        this.add([...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
        input.value = "";
      });
    }
    this.box.addEventListener("dragover", (e) => {
      if (!e.dataTransfer?.types.includes("Files")) return;
      e.preventDefault();
      drop.classList.add("over");
    });
    this.box.addEventListener("dragleave", () => drop.classList.remove("over"));
    this.box.addEventListener("drop", (e) => {
      drop.classList.remove("over");
      if (!e.dataTransfer?.types.includes("Files")) return;
      e.preventDefault();
      void dropped(e.dataTransfer).then((files) => this.add(files));
    });
    const going = new Set(this.items.map((i) => i.path));
    const rest = unfinished(this.release).filter((path) => !going.has(path));
    if (rest.length > 0) this.status.textContent = t("%s not finished. Drop the same files again and they go on where they stopped.", rest.join(", "));
  }

  private add(files: { file: File; path: string }[]): void {
    if (this.release && !this.track) files = this.picture(files);
    for (const { file, path } of files.sort((a, b) => a.path.localeCompare(b.path, undefined, { numeric: true }))) {
      if (/(^|\/)(\.|Thumbs\.db$|desktop\.ini$)/i.test(path)) continue;
      if (this.items.some((i) => i.path === path && i.file.size === file.size && i.state !== "failed" && i.state !== "removed")) continue;
      const item: Item = { file, path, line: this.line(file.name), state: "waiting" };
      find(item.line, "button").addEventListener("click", () => this.remove(item));
      this.items.push(item);
      this.list.append(item.line);
      this.show(item, t("Waiting"));
    }
    this.next();
  }

  /** Makes the folder's picture the cover and returns the other files. */
  private picture(files: { file: File; path: string }[]): { file: File; path: string }[] {
    const pictures = files.filter((f) => /\.(jpe?g|png|webp)$/i.test(f.path));
    const rest = files.filter((f) => !pictures.includes(f));
    const best = pictures.find((f) => /(^|\/)(cover|front|folder)\.[^/]*$/i.test(f.path)) ?? pictures[0];
    if (!best) return files;
    const item: Item = { file: best.file, path: best.path, line: this.line(best.file.name), state: "sending" };
    find(item.line, "button").addEventListener("click", () => this.remove(item));
    this.items.push(item);
    this.list.append(item.line);
    this.show(item, t("Waiting"));
    void this.cover(item);
    return rest;
  }

  private async cover(item: Item): Promise<void> {
    try {
      const r = await fetch(`/api/v1/studio/releases/${this.release}/cover`, { method: "PUT", headers: { "X-CSRF-Token": csrf(), "Content-Type": "application/octet-stream" }, body: item.file });
      if (!r.ok) throw await Problem.of(r);
      item.state = "done";
      this.show(item, t("The cover"), "check", "good");
      this.box.dispatchEvent(new CustomEvent("9ten:uploaded", { bubbles: true, detail: { name: item.file.name } }));
    } catch (e) {
      this.fail(item, e);
    }
    this.next();
  }

  private fail(item: Item, e: unknown): void {
    if (item.state !== "sending") return;
    item.state = "failed";
    this.show(item, t("Not taken"), "warning-circle", "bad");
    this.why(item, e instanceof Problem && e.message ? e.message : t("The node gave no reason. Its log has the details."));
  }

  private next(): void {
    const going = this.items.filter((i) => i.state === "sending").length;
    const music = this.items.some((i) => !words.test(i.path) && (i.state === "waiting" || i.state === "sending"));
    const ready = this.items.filter((i) => i.state === "waiting" && !(music && words.test(i.path)));
    for (const item of ready.slice(0, atOnce - going)) void this.send(item);
    this.summary();
  }

  private async send(item: Item): Promise<void> {
    item.state = "sending";
    item.upload = new Upload(item.file, this.endpoint, { filename: item.file.name, path: item.path, filetype: item.file.type, release: this.release, track: this.track }, {
      progress: (sent, total) => this.progress(item, sent / Math.max(1, total)),
      waiting: (s, why) => this.show(item, why ? `${why} ${t("Again in %s s", s)}` : t("Connection lost. Again in %s s", s)),
    });
    try {
      const url = await item.upload.run();
      item.state = "done";
      this.show(item, t(words.test(item.path) ? "The lyrics" : "Arrived"), "check", "good");
      this.box.dispatchEvent(new CustomEvent("9ten:uploaded", { bubbles: true, detail: { url, name: item.file.name } }));
    } catch (e) {
      if (item.state !== "sending") return;
      this.fail(item, e);
    }
    this.next();
  }

  private remove(item: Item): void {
    const was = item.state;
    item.state = "removed";
    if (was === "sending" || was === "waiting") void item.upload?.cancel();
    const after = item.line.nextElementSibling ?? item.line.previousElementSibling;
    item.line.remove();
    (after?.querySelector<HTMLElement>("button") ?? this.box.querySelector<HTMLElement>("input[type=file]"))?.focus();
    this.next();
  }

  private summary(): void {
    const live = this.items.filter((i) => i.state !== "removed");
    if (live.length === 0) return;
    const done = live.filter((i) => i.state === "done").length;
    const failed = live.filter((i) => i.state === "failed").length;
    const open = live.length - done - failed;
    const words = open > 0 ? t("%s of %s arrived.", done, live.length) : failed > 0 ? t("%s of %s arrived. The others are not affected by what failed.", done, live.length) : t("All %s arrived.", done);
    if (this.status.textContent !== words) this.status.textContent = words;
    if (open === 0 && done > 0 && failed === 0) this.box.querySelector<HTMLElement>("[data-upload-done]")?.click();
  }

  // --- one line of the list ---------------------------------------------------

  private line(name: string): HTMLLIElement {
    const li = document.createElement("li");
    li.className = "file";
    const mark = document.createElement("span");
    mark.className = "faint";
    mark.append(newIcon("music-note"));
    const words = document.createElement("span");
    words.className = "name";
    words.textContent = name;
    const state = document.createElement("span");
    state.className = "small faint state";
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "ico tiny";
    remove.setAttribute("aria-label", t("Remove %s", name));
    remove.append(newIcon("x"));
    li.append(mark, words, state, remove);
    return li;
  }

  private show(item: Item, words: string, name?: string, mood = "faint"): void {
    const state = find(item.line, ".state");
    state.className = `small ${mood} state`;
    state.textContent = words;
    const mark = item.line.firstElementChild;
    if (mark) {
      mark.className = mood;
      if (name) mark.replaceChildren(newIcon(name));
    }
  }

  private progress(item: Item, part: number): void {
    const state = find(item.line, ".state");
    let bar = state.querySelector<HTMLElement>(".meter");
    if (!bar) {
      bar = document.createElement("span");
      bar.className = "meter";
      bar.setAttribute("role", "progressbar");
      bar.setAttribute("aria-label", item.file.name);
      bar.setAttribute("aria-valuemin", "0");
      bar.setAttribute("aria-valuemax", "100");
      bar.append(document.createElement("i"));
      state.replaceChildren(bar);
    }
    const percent = Math.round(part * 100);
    bar.setAttribute("aria-valuenow", String(percent));
    find(bar, "i").style.inlineSize = `${percent}%`;
  }

  private why(item: Item, reason: string): void {
    const p = document.createElement("p");
    p.className = "small bad";
    p.textContent = reason;
    item.line.append(p);
  }
}

function find<T extends HTMLElement>(e: Element, selector: string): T {
  const found = e.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector} in the upload box`);
  return found;
}

/** The files of a drop, folders opened. */
async function dropped(data: DataTransfer): Promise<{ file: File; path: string }[]> {
  const entries = [...data.items].map((i) => i.webkitGetAsEntry());
  if (entries.some((e) => e !== null)) return (await Promise.all(entries.map((e) => walk(e)))).flat();
  return [...data.files].map((file) => ({ file, path: file.name }));
}

async function walk(e: FileSystemEntry | null): Promise<{ file: File; path: string }[]> {
  if (!e) return [];
  if (e.isFile) {
    const file = await new Promise<File>((yes, no) => (e as FileSystemFileEntry).file(yes, no));
    return [{ file, path: e.fullPath.replace(/^\//, "") }];
  }
  const reader = (e as FileSystemDirectoryEntry).createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((yes, no) => reader.readEntries(yes, no));
    if (some.length === 0) break;
    all.push(...some); // a reader gives a hundred at a time
  }
  return (await Promise.all(all.map((x) => walk(x)))).flat();
}
