// A small server on Fedify, an ActivityPub implementation that is none of ours.
// It serves one actor over HTTPS on port 443 and is told what to do over plain
// HTTP: POST /follow?who=@act@host, /undo, /react?what=address, /reply?to=address&text=, /takeback, GET /seen.
import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { Accept, Activity, Announce, Create, Delete, Endpoints, Follow, InProcessMessageQueue, Like, MemoryKvStore, Note, PUBLIC_COLLECTION, Person, Tombstone, Undo, Update, createFederation, generateCryptoKeyPair } from "@fedify/fedify";
import { configure, getConsoleSink } from "@logtape/logtape";

const { HOST, ADDRESS, CONTROL, CERT, KEY, FIRST } = process.env;
await configure({ sinks: { console: getConsoleSink() }, loggers: [{ category: "fedify", sinks: ["console"], lowestLevel: "warning" }] });
const origin = `https://${HOST}`;
const federation = createFederation({ kv: new MemoryKvStore(), queue: new InProcessMessageQueue(), allowPrivateAddress: true, origin, firstKnock: FIRST });
const seen = [];
let keys;
federation
  .setActorDispatcher("/users/{identifier}", async (context, identifier) => {
    if (identifier !== "ada") return null;
    const pairs = await context.getActorKeyPairs(identifier);
    return new Person({
      id: context.getActorUri(identifier), preferredUsername: identifier, name: "Ada", inbox: context.getInboxUri(identifier), outbox: context.getOutboxUri(identifier),
      endpoints: new Endpoints({ sharedInbox: context.getInboxUri() }), publicKey: pairs[0].cryptographicKey, assertionMethods: pairs.map((p) => p.multikey),
    });
  })
  .setKeyPairsDispatcher(async () => (keys ??= [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"), await generateCryptoKeyPair("Ed25519")]));
federation.setOutboxDispatcher("/users/{identifier}/outbox", async () => ({ items: [] }));
const object = async (activity) => {
  const o = await activity.getObject();
  const attachments = [];
  if (o?.getAttachments) for await (const a of o.getAttachments()) attachments.push({ type: a.constructor.name, url: String(a.url?.href ?? a.url), mediaType: a.mediaType });
  return { type: o?.constructor.name, id: o?.id?.href, content: o?.content?.toString(), name: o?.name?.toString(), attachments };
};
federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .on(Activity, async (_, a) => {
    const known = [Accept, Create, Update, Delete].find((kind) => a instanceof kind);
    seen.push({ type: known?.name ?? a.constructor.name, id: a.id?.href, actor: a.actorId?.href, objectId: a.objectId?.href, object: known ? await object(a).catch(() => null) : null });
  })
  .onError((_, e) => seen.push({ type: "error", id: String(e) }));

https.createServer({ cert: fs.readFileSync(CERT), key: fs.readFileSync(KEY) }, async (request, response) => {
  const chunks = [];
  for await (const c of request) chunks.push(c);
  const answer = await federation.fetch(
    new Request(origin + request.url, { method: request.method, headers: request.headers, body: ["GET", "HEAD"].includes(request.method) ? undefined : Buffer.concat(chunks) }),
    { contextData: undefined },
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}).listen(443, ADDRESS);

let followed;
let did = []; // what is taken back later
let made = 0;
const name = (kind) => new URL(`${origin}/${kind}/${++made}`);
const send = async (activity) => {
  const context = federation.createContext(new URL(origin), undefined);
  await context.sendActivity({ identifier: "ada" }, followed.actor, activity, { immediate: true });
};
const ada = () => federation.createContext(new URL(origin), undefined).getActorUri("ada");
const orders = {
  "GET /seen": async () => seen,
  "POST /follow": async (url) => {
    const context = federation.createContext(new URL(origin), undefined);
    const loader = await context.getDocumentLoader({ identifier: "ada" });
    const actor = await context.lookupObject(url.searchParams.get("who"), { documentLoader: loader });
    if (!actor) throw new Error("nobody of that name");
    followed = { actor, follow: new Follow({ id: new URL(`${origin}/follows/${Date.now()}`), actor: context.getActorUri("ada"), object: actor.id }) };
    await context.sendActivity({ identifier: "ada" }, actor, followed.follow, { immediate: true });
    return { type: actor.constructor.name, id: actor.id.href, name: String(actor.name), icon: String((await actor.getIcon())?.url ?? "") };
  },
  "POST /react": async (url) => {
    const object = new URL(url.searchParams.get("what"));
    for (const Kind of [Like, Announce]) {
      const activity = new Kind({ id: name("reactions"), actor: ada(), object, to: PUBLIC_COLLECTION });
      await send(activity);
      did.push(new Undo({ id: name("undos"), actor: ada(), object: activity }));
    }
    return {};
  },
  "POST /reply": async (url) => {
    const note = new Note({ id: name("notes"), attribution: ada(), replyTarget: new URL(url.searchParams.get("to")), content: url.searchParams.get("text"), to: PUBLIC_COLLECTION });
    await send(new Create({ id: name("creates"), actor: ada(), object: note, to: PUBLIC_COLLECTION }));
    did.push(new Delete({ id: name("deletes"), actor: ada(), object: new Tombstone({ id: note.id }), to: PUBLIC_COLLECTION }));
    return { id: note.id.href };
  },
  "POST /takeback": async () => {
    for (const activity of did.splice(0)) await send(activity);
    return {};
  },
  "POST /undo": async () => {
    const context = federation.createContext(new URL(origin), undefined);
    await context.sendActivity({ identifier: "ada" }, followed.actor, new Undo({ id: new URL(`${origin}/undos/${Date.now()}`), actor: context.getActorUri("ada"), object: followed.follow }), { immediate: true });
    return {};
  },
};
http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  try {
    const answer = await orders[`${request.method} ${url.pathname}`](url);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  } catch (e) {
    response.writeHead(500).end(String(e?.stack ?? e));
  }
}).listen(Number(CONTROL), "127.0.0.1", () => console.log("peer is ready"));
