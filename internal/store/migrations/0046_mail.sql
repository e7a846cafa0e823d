-- +goose Up
-- Letters: where they go, in which language, and what their links are good for.
alter table account add column lang text not null default '';
alter table account add column confirmed bigint not null default 0; -- when the address was shown to be theirs; 0: not yet
alter table account add column pending text not null default '';    -- an address that waits to be confirmed

create table link (
  hash    bytea primary key,                -- SHA-256 of the secret in a letter
  account text not null references account (id) on delete cascade,
  kind    text not null,                    -- reset, confirm
  email   text not null,                    -- where the letter went
  until   bigint not null
);
create index link_account on link (account, kind);

create table invitation (
  id      text primary key,
  hash    bytea unique,                     -- SHA-256 of its link's secret; null until the letter is written
  maker   text not null,                    -- account, or operator for the command line
  email   text not null,                    -- where its letter goes; empty: whoever has the link
  role    text not null,
  lang    text not null,
  made    bigint not null,
  until   bigint not null
);
create index invitation_maker on invitation (maker);
