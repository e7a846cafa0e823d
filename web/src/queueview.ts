// The queue as people see it: a list in a popover, moved by buttons and by
// dragging. It owns no state; it asks the player to change the queue.

import { clock, el, icon, newIcon } from "./dom";
import { cover, type Track } from "./track";
import { t as words } from "./words";

interface Player {
  edit(change: (queue: Track[], index: number) => { queue: Track[]; index: number }): void;
  jump(i: number): void;
}

let player: Player;
let shown: { queue: Track[]; index: number } = { queue: [], index: 0 };

export function wire(p: Player): void {
  player = p;
  const list = el("q-list");
  el("queue").addEventListener("toggle", () => fill());
  list.addEventListener("click", (e) => {
    const b = (e.target as Element).closest<HTMLElement>("button[data-do]");
    const i = Number(b?.closest<HTMLElement>("li")?.dataset["i"]);
    if (!b || Number.isNaN(i)) return;
    const act = b.dataset["do"];
    if (act === "jump") return player.jump(i);
    if (act === "remove") return remove(i);
    move(i, i + (act === "up" ? -1 : 1));
    el("q-list").querySelector<HTMLElement>(`li[data-i="${i + (act === "up" ? -1 : 1)}"] [data-do="${act}"]`)?.focus();
  });
  list.addEventListener("dragstart", (e) => {
    const li = (e.target as Element).closest<HTMLElement>("li");
    e.dataTransfer?.setData("text/9ten-queue", li?.dataset["i"] ?? "");
  });
  list.addEventListener("dragover", (e) => {
    if (e.dataTransfer?.types.includes("text/9ten-queue")) e.preventDefault();
  });
  list.addEventListener("drop", (e) => {
    const from = e.dataTransfer?.getData("text/9ten-queue");
    const to = (e.target as Element).closest<HTMLElement>("li")?.dataset["i"];
    if (!from || !to) return;
    e.preventDefault();
    move(Number(from), Number(to));
  });
  document.getElementById("q-save")?.addEventListener("submit", (e) => {
    const input = (e.target as HTMLFormElement).elements.namedItem("tracks");
    if (input instanceof HTMLInputElement) input.value = shown.queue.map((t) => t.id).join(",");
  });
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
  player.edit((queue, index) => {
    queue.splice(i, 1);
    return { queue, index: i < index ? index - 1 : index };
  });
}

/** Remembers the queue and draws it when the popover is open. */
export function draw(queue: Track[], index: number): void {
  shown = { queue, index };
  const rest = queue.slice(index + 1);
  el("q-sum").textContent = rest.length > 0 ? words("%s more, %s", rest.length, clock(rest.reduce((ms, t) => ms + t.ms, 0))) : "";
  el("p-queue").setAttribute("aria-label", words("Queue, %s more", rest.length));
  el("q-empty").hidden = queue.length > 0;
  el("q-do").hidden = queue.length === 0;
  fill();
}

function fill(): void {
  if (!el("queue").matches(":popover-open")) return;
  el("q-list").replaceChildren(...shown.queue.map((t, i) => line(t, i)));
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
