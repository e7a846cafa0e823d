// This browser's key: made here, not extractable, registered with the node.
// It signs claims of what was played. It proves that nobody changed a claim
// afterwards, not that a person listened.

import { post } from "./dom";
import { get, put } from "./idb";
import { base64, type Bytes } from "./wire";

export interface Device {
  /** First 16 bytes of SHA-256 of the public key (SPKI DER). */
  id: Bytes;
  alg: "ed25519" | "p256";
  sign(message: Bytes): Promise<Bytes>;
}

interface Stored {
  pair: CryptoKeyPair;
  alg: "ed25519" | "p256";
  spki: Bytes;
  /** Accounts (by the page's token) the node knows it under. */
  registered: string[];
}

let device: Promise<Device | undefined> | undefined;

/**
 * The key, made on first use and registered for whoever is signed in.
 * Undefined where the browser keeps none: an address that is not https.
 */
export function thisDevice(account: string): Promise<Device | undefined> {
  device ??= ready(account).catch(() => undefined);
  return device;
}

/** The node does not know the key (its database was restored, say): register it again. */
export function forget(): Promise<unknown> {
  device = undefined;
  return get<Stored>("key", "device").then((k) => k && put("key", "device", { ...k, registered: [] }));
}

async function ready(account: string): Promise<Device | undefined> {
  if (!globalThis.isSecureContext || !crypto.subtle || !globalThis.indexedDB) return undefined;
  const k = (await get<Stored>("key", "device")) ?? (await make());
  if (!k.registered.includes(account)) {
    await post("/api/v1/devices", { spki: base64(k.spki), alg: k.alg, name: browser() });
    k.registered.push(account);
    await put("key", "device", k);
  }
  const id = new Uint8Array(await crypto.subtle.digest("SHA-256", k.spki)).slice(0, 16);
  const how = k.alg === "ed25519" ? "Ed25519" : { name: "ECDSA", hash: "SHA-256" };
  return { id, alg: k.alg, sign: async (m) => new Uint8Array(await crypto.subtle.sign(how, k.pair.privateKey, m)) };
}

async function make(): Promise<Stored> {
  const k = await generate();
  const stored: Stored = { ...k, spki: new Uint8Array(await crypto.subtle.exportKey("spki", k.pair.publicKey)), registered: [] };
  await put("key", "device", stored);
  return stored;
}

async function generate(): Promise<Pick<Stored, "pair" | "alg">> {
  try {
    return { pair: (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair, alg: "ed25519" };
  } catch {
    return { pair: await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]), alg: "p256" };
  }
}

/** "Firefox on Linux": enough to recognise a device in a list. */
function browser(): string {
  const ua = navigator.userAgent;
  const name = /Edg\//.test(ua) ? "Edge" : /Firefox\//.test(ua) ? "Firefox" : /Chrome\//.test(ua) ? "Chrome" : /Safari\//.test(ua) ? "Safari" : "Browser";
  const system = /Android/.test(ua) ? "Android" : /iPhone|iPad/.test(ua) ? "iOS" : /Mac OS/.test(ua) ? "macOS" : /Windows/.test(ua) ? "Windows" : /Linux/.test(ua) ? "Linux" : "";
  return system ? `${name} on ${system}` : name;
}
