// hls.js, in a chunk of its own: fetched after the page, or when somebody is about to play.

import Hls from "../vendor/hls.js/hls.light.min.mjs";
import type { Hls as Instance, HlsError } from "./hlstypes";

export type Codec = "flac" | "aac" | "opus";

const marks: Record<Codec, string> = { flac: "flac", aac: "mp4a", opus: "opus" };

/** Whether this browser can play HLS through Media Source Extensions. */
export function supported(): boolean {
  return Hls.isSupported();
}

/**
 * Plays a master playlist on an element, in one codec from start to end: the
 * wished one, or the first the browser can play. chosen hears its true peak in
 * dBTP, 0 when nobody measured it; failed is called at most once, with true
 * when the network is to blame.
 */
export function attach(audio: HTMLAudioElement, url: string, wish: Codec, at: number, chosen: (peak: number) => void, failed: (network: boolean) => void): Instance {
  const hls = new Hls({
    enableWorker: false,
    autoStartLoad: false,
    startPosition: at > 0 ? at : -1,
    maxBufferLength: 10,
    backBufferLength: 600,
    manifestLoadPolicy: policy(8),
    playlistLoadPolicy: policy(8),
    fragLoadPolicy: policy(20),
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    const found = hls.levels.findIndex((l) => codecs(l).includes(marks[wish]));
    hls.startLevel = hls.loadLevel = Math.max(0, found);
    chosen(Number(hls.levels[hls.loadLevel]?.attrs?.["X-TRUE-PEAK"] ?? 0));
    hls.startLoad(at > 0 ? at : -1);
  });
  // What comes later must not keep what comes first from sounding.
  audio.addEventListener("playing", () => (hls.config.maxBufferLength = 60), { once: true });
  let recovered = 0;
  hls.on(Hls.Events.ERROR, (_, data: never) => {
    const e = data as HlsError;
    if (!e.fatal) return;
    if (e.type === Hls.ErrorTypes.MEDIA_ERROR && recovered++ < 2) return hls.recoverMediaError();
    // A refusal is an answer: there is no such playlist, the original may play.
    const refused = (e.response?.code ?? 0) >= 400 && (e.response?.code ?? 0) < 500;
    failed(e.type === Hls.ErrorTypes.NETWORK_ERROR && !refused);
  });
  hls.attachMedia(audio);
  hls.loadSource(url);
  return hls;
}

function codecs(l: { audioCodec?: string; codecSet?: string; attrs?: { CODECS?: string } }): string {
  return `${l.audioCodec ?? ""},${l.codecSet ?? ""},${l.attrs?.CODECS ?? ""}`.toLowerCase();
}

/** Patient with a node that restarts: it is back within seconds. */
function policy(seconds: number): unknown {
  const retry = { maxNumRetry: 6, retryDelayMs: 500, maxRetryDelayMs: 8000 };
  return { default: { maxTimeToFirstByteMs: seconds * 1000, maxLoadTimeMs: seconds * 3000, timeoutRetry: retry, errorRetry: retry } };
}
