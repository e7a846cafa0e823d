-- +goose Up
create table setting (
  key   text primary key,
  value text not null
);

create table account (
  id         text primary key,
  handle     text not null unique,
  email      text not null default '',
  name       text not null,
  role       text not null,                 -- listener, artist, moderator, admin
  password   text not null,                 -- argon2id, PHC string
  reset_hash bytea,                         -- SHA-256 of a one-time password link
  reset_until bigint not null default 0,
  history_paused boolean not null default false,
  created    bigint not null
);
create unique index account_email on account (email) where email <> '';

-- Handles of deleted accounts are not given to anybody else.
create table retired (
  hash bytea primary key,                   -- SHA-256 of the handle
  at   bigint not null
);

create table session (
  hash    bytea primary key,                -- SHA-256 of the cookie's token
  account text not null references account (id) on delete cascade,
  agent   text not null,
  created bigint not null,
  seen    bigint not null,
  expires bigint not null
);
create index session_account on session (account);

create table device (
  id      bytea primary key,                -- first 16 bytes of SHA-256(SPKI)
  account text not null references account (id) on delete cascade,
  alg     text not null,                    -- ed25519, p256
  spki    bytea not null,
  name    text not null,
  created bigint not null,
  revoked bigint not null default 0
);
create index device_account on device (account);

create table token (
  id      text primary key,
  account text not null references account (id) on delete cascade,
  hash    bytea not null unique,
  name    text not null,
  scopes  text not null,                    -- separated by spaces
  created bigint not null,
  seen    bigint not null default 0,
  expires bigint not null default 0         -- 0: never
);
create index token_account on token (account);

create table audit (
  id     text primary key,
  at     bigint not null,
  actor  text not null,                     -- account id, or 'operator' from the command line
  action text not null,
  about  text not null,
  note   text not null
);
create index audit_at on audit (at);
