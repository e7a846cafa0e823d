// The queue as people see it: a list in a popover and one on its own page,
// moved by buttons and by dragging. It owns no state; it asks the player to
// change the queue.

import { clock, el, icon, newIcon, say } from "./dom";
import { cover, type Track } from "./track";
import { t as words } from "./words";

interface Player {
  edit(change: (queue: Track[], index: number) => { queue: Track[]; index: number }): void;
  jump(i: number): void;
}

let player: Player;
let shown: { queue: Track[]; index: number } = { queue: [], index: 0 };

const listOf = (e: Event): HTMLElement | null => (e.target instanceof Element ? e.target.closest<HTMLElement>("[data-queue-list]") : null);
const placeOf = (e: Event): number => Number((e.target as Element).closest<HTMLElement>("[data-queue-list] li")?.dataset["i"] ?? NaN);

/** Listens on the document: pages with a list come and go. */
export function wire(p: Player): void {
  player = p;
  el("queue").addEventListener("toggle", () => fill());
  document.addEventListener("click", pressed);
  document.addEventListener("dragstart", (e) => {
    if (listOf(e)) e.dataTransfer?.setData("text/9ten-queue", String(placeOf(e)));
  });
  document.addEventListener("dragover", (e) => {
    if (listOf(e) && e.dataTransfer?.types.includes("text/9ten-queue")) e.preventDefault();
  });
  document.addEventListener("drop", (e) => {
    const from = e.dataTransfer?.getData("text/9ten-queue");
    const to = listOf(e) ? placeOf(e) : NaN;
    if (!from || Number.isNaN(to)) return;
    e.preventDefault();
    move(Number(from), to);
  });
  // Before the form is read by whoever sends it.
  document.addEventListener("submit", save, { capture: true });
}

function save(e: Event): void {
  if (!(e.target instanceof HTMLFormElement) || !e.target.matches("[data-queue-save]")) return;
  const input = e.target.elements.namedItem("tracks");
  if (input instanceof HTMLInputElement) input.value = shown.queue.map((t) => t.id).join(",");
}

function pressed(e: Event): void {
  if (!(e.target instanceof Element)) return;
  if (e.target.closest("[data-queue-clear]")) {
    player.edit((queue, index) => ({ queue: queue.slice(index, index + 1), index: 0 }));
    return say(words("Queue cleared"));
  }
  const list = listOf(e);
  const act = e.target.closest<HTMLElement>("button[data-do]")?.dataset["do"];
  const i = placeOf(e);
  if (!list || !act || Number.isNaN(i)) return;
  if (act === "jump") return player.jump(i);
  if (act === "remove") {
    remove(i);
    return list.querySelector<HTMLElement>(`li[data-i="${Math.min(i, shown.queue.length - 1)}"] [data-do=remove]`)?.focus();
  }
  const to = i + (act === "up" ? -1 : 1);
  move(i, to);
  say(words("%s is number %s of %s", shown.queue[to]?.t ?? "", to + 1, shown.queue.length));
  const again = list.querySelector<HTMLButtonElement>(`li[data-i="${to}"] [data-do="${act}"]`);
  (again?.disabled ? list.querySelector<HTMLElement>(`li[data-i="${to}"] [data-do="${act === "up" ? "down" : "up"}"]`) : again)?.focus();
}

function move(from: number, to: number): void {
  player.edit((queue, index) => {
    if (to < 0 || to >= queue.length) return { queue, index };
    const on = queue[index];
    const [t] = queue.splice(from, 1);
    if (t) queue.splice(to, 0, t);
    return { queue, index: on ? queue.indexOf(on) : index };
  });
}

function remove(i: number): void {
  say(words("Removed: %s", shown.queue[i]?.t ?? ""));
  player.edit((queue, index) => {
    queue.splice(i, 1);
    return { queue, index: i < index ? index - 1 : index };
  });
}

/** Remembers the queue and draws it where it can be seen. */
export function draw(queue: Track[], index: number): void {
  shown = { queue, index };
  const rest = queue.slice(index + 1);
  for (const sum of document.querySelectorAll("[data-queue-sum]")) {
    sum.textContent = rest.length > 0 ? words("%s more, %s", rest.length, clock(rest.reduce((ms, t) => ms + t.ms, 0))) : "";
  }
  el("p-queue").setAttribute("aria-label", words("Queue, %s more", rest.length));
  for (const e of document.querySelectorAll<HTMLElement>("[data-queue-empty]")) e.hidden = queue.length > 0;
  for (const e of document.querySelectorAll<HTMLElement>("[data-queue-some]")) e.hidden = queue.length === 0;
  fill();
}

function fill(): void {
  for (const list of document.querySelectorAll("[data-queue-list]")) {
    if (list.closest("[popover]")?.matches(":popover-open") ?? true) list.replaceChildren(...shown.queue.map((t, i) => line(t, i)));
  }
}

function line(t: Track, i: number): HTMLLIElement {
  const li = document.createElement("li");
  li.className = i === shown.index ? "q on" : i < shown.index ? "q past" : "q";
  li.dataset["i"] = String(i);
  li.draggable = true;
  const img = document.createElement("img");
  img.src = cover(t, 96) ?? el<HTMLImageElement>("p-cover").src;
  img.alt = "";
  img.width = img.height = 44;
  const play = button("jump", words("Play %s", t.t));
  play.className = "q-t";
  const title = document.createElement("strong");
  title.textContent = t.t;
  const actName = document.createElement("span");
  actName.textContent = t.a;
  play.append(title, actName);
  play.removeAttribute("aria-label");
  if (i === shown.index) {
    const hidden = document.createElement("span");
    hidden.className = "vh";
    hidden.textContent = words(" (playing)");
    title.append(hidden);
  }
  const time = document.createElement("span");
  time.className = "num";
  time.textContent = clock(t.ms);
  const tools = document.createElement("span");
  tools.className = "q-x";
  const up = symbol("up", "arrow-up", words("Move %s up", t.t));
  const down = symbol("down", "arrow-down", words("Move %s down", t.t));
  up.disabled = i === 0;
  down.disabled = i === shown.queue.length - 1;
  tools.append(up, down, symbol("remove", "x", words("Remove %s", t.t)));
  li.append(img, play, time, tools);
  return li;
}

function button(act: string, label: string): HTMLButtonElement {
  const b = document.createElement("button");
  b.type = "button";
  b.dataset["do"] = act;
  b.setAttribute("aria-label", label);
  return b;
}

function symbol(act: string, name: string, label: string): HTMLButtonElement {
  const b = button(act, label);
  b.className = "ico";
  b.append(newIcon(name));
  icon(b, name);
  return b;
}
