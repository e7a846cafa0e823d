-- +goose Up
-- The table of maragu.dev/goqite v0.4.0 without its trigger for "updated",
-- which nobody reads.
create table goqite (
  id       text primary key default ('m_' || lower(hex(randomblob(16)))),
  created  text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  updated  text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  queue    text not null,
  body     blob not null,
  timeout  text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  received integer not null default 0,
  priority integer not null default 0
) strict;
create index goqite_queue_priority_created_idx on goqite (queue, priority desc, created);
