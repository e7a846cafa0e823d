-- +goose Up
-- What the ledger has told this node: a copy, so that nobody waits for the
-- ledger who only wants to look. It is made again from the ledger's events
-- whenever it is not the one they were told by.
create table ledger_feed (
  id         bigint primary key,            -- 1: there is one ledger
  mode       text   not null,
  checkpoint bigint not null,               -- of the last event, 0 before the first
  tx         text   not null,               -- that recorded it
  at         bigint not null
);

create table ledger_told (
  fn     text   not null,                   -- what the contract's function
  args   text   not null,                   -- answers with these arguments
  answer bytea  not null,                   -- JSON
  at     bigint not null,                   -- when it was told
  primary key (fn, args)
);
