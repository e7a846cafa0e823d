// The part of hls.js that the player uses.

export interface Level {
  audioCodec?: string;
  codecSet?: string;
  attrs?: { CODECS?: string; "X-TRUE-PEAK"?: string };
}

export interface HlsError {
  fatal: boolean;
  type: string;
  details: string;
  response?: { code: number };
}

export interface Hls {
  config: { maxBufferLength: number };
  levels: Level[];
  currentLevel: number;
  nextLevel: number;
  loadLevel: number;
  startLevel: number;
  attachMedia(media: HTMLMediaElement): void;
  detachMedia(): void;
  loadSource(url: string): void;
  startLoad(at?: number): void;
  recoverMediaError(): void;
  destroy(): void;
  on(event: string, listener: (event: string, data: never) => void): void;
}

export interface HlsStatic {
  new (config?: Record<string, unknown>): Hls;
  isSupported(): boolean;
  Events: Record<"MANIFEST_PARSED" | "ERROR" | "LEVEL_SWITCHED", string>;
  ErrorTypes: Record<"NETWORK_ERROR" | "MEDIA_ERROR", string>;
}
