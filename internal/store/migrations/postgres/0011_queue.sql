-- +goose Up
-- The table of maragu.dev/goqite v0.4.0 without its trigger for "updated",
-- which nobody reads, and with a default that needs no extension.
create table goqite (
  id       text primary key default ('m_' || replace(gen_random_uuid()::text, '-', '')),
  created  timestamptz not null default now(),
  updated  timestamptz not null default now(),
  queue    text not null,
  body     bytea not null,
  timeout  timestamptz not null default now(),
  received integer not null default 0,
  priority integer not null default 0
);
create index goqite_queue_priority_created_idx on goqite (queue, priority desc, created);
