// The history of what is not counted. What is, the node writes down itself.

import { csrf } from "./dom";
import type { Track } from "./track";

/** How long a track must have sounded to be in the history, in seconds. */
const noted = 30;
let last = "";

/** Has the node write down a track that nobody is paid for, once while it plays. */
export function remember(t: Track | undefined, at: number): void {
  if (t?.id !== last) last = "";
  if (!t?.n || last === t.id || !csrf() || at < Math.min(noted, t.ms / 2000)) return;
  last = t.id;
  void fetch(`/api/v1/history/${t.id}`, { method: "PUT", headers: { "X-CSRF-Token": csrf() }, priority: "low" }).catch(() => undefined);
}
