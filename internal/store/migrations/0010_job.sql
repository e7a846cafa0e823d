-- +goose Up
-- What a message of the queue stands for. The queue itself has a table for
-- each database (0011).
create table job (
  id      text primary key,                 -- the message's
  kind    text not null,
  key     text not null default '',         -- '' none; otherwise one waiting job per kind and key
  payload bytea not null,
  state   text not null,                    -- waiting, running, dead
  tries   bigint not null default 0,        -- runs begun
  made    bigint not null,
  due     bigint not null,
  ended   bigint not null default 0,        -- when it was given up
  error   text not null default ''          -- of the last run, for the operator
);
create index job_due on job (state, kind, due);
create unique index job_key on job (kind, key) where key <> '' and state = 'waiting';

-- The last occurrence of each date of the calendar for which a job was made.
create table occasion (
  name text primary key,
  last bigint not null
);
