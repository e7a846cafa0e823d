// What tests in a browser reach for; no page loads it.

import { encode, merge, type Interval } from "./claim";
import { parseKeys } from "./note";
import { rank, share } from "./split";
import { verify } from "./verify";
import { hex, unhex } from "./wire";

interface VectorInput {
  pot: number;
  seed: string;
  k: number;
  lambda_bps: number;
  credits: { act: string; credit: number; plays: number; days: number }[];
}

Object.assign(globalThis, {
  selftest: {
    verify: async (file: string, keys: string) => {
      const r = await verify(file, parseKeys(keys));
      return { ...r, row: undefined, line: undefined, head: undefined, settled: undefined, claims: undefined };
    },
    claim: (c: Record<string, string | number> & { heard: Interval[] }) =>
      hex(
        encode({
          node: String(c["node"]), play: unhex(String(c["play"])), device: unhex(String(c["device"])), counter: Number(c["counter"]), track: String(c["track"]),
          sheet: Number(c["sheet"]), begin: Number(c["begin"]), end: Number(c["end"]), heard: merge(c.heard), flags: Number(c["flags"]), nonce: unhex(String(c["nonce"])),
        }),
      ),
    split: (i: VectorInput) =>
      share(BigInt(i.pot), rank(i.credits.map((c) => ({ act: c.act, credit: BigInt(c.credit), plays: BigInt(c.plays), days: c.days })), i.k, unhex(i.seed)), i.lambda_bps).map((s) => ({
        act: s.act, credit: Number(s.credit), rank: s.rank, micro: Number(s.micro),
      })),
  },
});
