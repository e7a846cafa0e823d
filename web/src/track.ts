// What the player knows of a track; written by web.TrackRef on the node.

export interface Accents {
  l?: string;
  d?: string;
}

export interface Track {
  /** Track id (26-character ULID). */
  id: string;
  /** Title, act, release, with their addresses. */
  t: string;
  u?: string;
  a: string;
  au?: string;
  r?: string;
  ri?: string;
  ru?: string;
  /** Cover id and the accents stored with it. */
  c?: string;
  k?: Accents;
  /** Length in milliseconds. */
  ms: number;
  /** "original" when there is no HLS for it. */
  s?: "hls" | "original";
  /** Track gain, album gain, true peak of the file as uploaded: hundredths of a decibel. */
  g?: number;
  ag?: number;
  p?: number;
  /** Quality in words. */
  q?: string;
  /** Waveform: base64 of bytes, 255 is the loudest. */
  w?: string;
  /** Liked by the viewer. */
  l?: boolean;
  /** Of another server. */
  e?: boolean;
  /** Nobody is paid for it from here: not counted. */
  n?: boolean;
}

/** Reads the nearest data-track at or above an element. */
export function trackOf(e: Element | null): Track | undefined {
  const text = e?.closest<HTMLElement>("[data-track]")?.dataset["track"];
  return text ? (JSON.parse(text) as Track) : undefined;
}

/** All tracks of a list, in order. */
export function tracksIn(list: Element | null): Track[] {
  if (!list) return [];
  return [...list.querySelectorAll<HTMLElement>("[data-track]")].flatMap((e) => trackOf(e) ?? []);
}

/** The address of a cover at an edge of at least size pixels. */
export function cover(t: Track, size: 96 | 240 | 640): string | undefined {
  return t.c ? `/covers/${t.c}/${size}.webp` : undefined;
}

/** Draws a waveform in a box of 1000 by 100; the node draws the same path. */
export function wavePath(peaks: Uint8Array): string {
  if (peaks.length < 2) return "M0 49L1000 49L1000 51L0 51Z";
  const step = 1000 / (peaks.length - 1);
  const at = (i: number, sign: number): string => `${(i * step).toFixed(1)} ${(50 + sign * (1 + ((peaks[i] ?? 0) / 255) * 47)).toFixed(0)}`;
  let top = "";
  let low = "";
  for (let i = 0; i < peaks.length; i++) {
    top += (i === 0 ? "M" : "L") + at(i, -1);
    low = "L" + at(i, 1) + low;
  }
  return top + low + "Z";
}

/** Bytes of a base64 text. */
export function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}
