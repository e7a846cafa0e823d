// Makes the description something to try: each operation gets a form that
// sends the real request, to this node alone.
"use strict";
for (const f of document.querySelectorAll("form,#find")) f.hidden = false;
const token = document.getElementById("token");
document.getElementById("who").addEventListener("submit", (e) => e.preventDefault());

const find = document.getElementById("find");
find.addEventListener("input", () => {
  const q = find.value.trim().toLowerCase();
  for (const li of document.querySelectorAll("nav li")) li.hidden = !li.textContent.toLowerCase().includes(q);
});

// A session proves with its own token that no other site asks.
let csrf;
const guard = async () => {
  if (csrf === undefined) {
    const r = await fetch("/api/v1/session");
    csrf = r.ok ? (await r.json()).csrf : "";
  }
  return csrf;
};

const request = (article, form) => {
  let path = article.dataset.path;
  const query = new URLSearchParams();
  for (const i of form.querySelectorAll("[data-in]")) {
    if (i.dataset.in === "path") path = path.replace(`{${i.name}}`, encodeURIComponent(i.value));
    else if (i.value !== "") query.set(i.name, i.value);
  }
  const text = query.size ? `${path}?${query}` : path;
  return { method: article.dataset.method, url: text, body: form.elements.body?.value };
};

const command = (q) => {
  const lines = [`curl -X ${q.method} '${location.origin}${q.url}'`];
  if (token.value) lines.push(`-H "Authorization: Bearer $TOKEN"`);
  if (q.body) lines.push(`-H 'Content-Type: application/json' -d '${q.body.replaceAll("'", `'\\''`)}'`);
  return lines.join(" \\\n  ");
};

const send = async (q) => {
  const headers = {};
  if (token.value) headers["Authorization"] = `Bearer ${token.value.trim()}`;
  else if (q.method !== "GET") headers["X-CSRF-Token"] = await guard();
  if (q.body) headers["Content-Type"] = "application/json";
  const began = performance.now();
  const r = await fetch(q.url, { method: q.method, headers, body: q.body || undefined, credentials: token.value ? "omit" : "same-origin" });
  const text = await r.text();
  let shown = text;
  try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* a file, or nothing */ }
  return `${r.status} ${r.statusText}, ${Math.round(performance.now() - began)} ms, ${r.headers.get("Content-Type") ?? "no body"}\n\n${shown}`;
};

for (const form of document.querySelectorAll("form.try")) {
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const q = request(form.closest("article"), form);
    form.querySelector(".call").textContent = command(q);
    const answer = form.querySelector(".answer");
    answer.textContent = "…";
    try { answer.textContent = await send(q); } catch (err) { answer.textContent = `The node did not answer: ${err.message}`; }
  });
}
