-- +goose Up
-- What other nodes say of who pays there: how many had an act of this node in
-- their nine of a month, and what it got.
create table paid_elsewhere (
  id        text primary key,                -- the activity
  host      text not null,
  act       text not null references act (id) on delete cascade,
  period    bigint not null,
  listeners bigint not null,                 -- 0: fewer than are told
  micro     bigint not null,
  statement text not null,                   -- hash of that node's settlement, hex
  tx        text not null,                   -- with which it was recorded
  proof     bytea not null,                  -- hash of the activity as it came
  at        bigint not null
);
create unique index paid_elsewhere_act on paid_elsewhere (act, period, host);
create index paid_elsewhere_host on paid_elsewhere (host);
create index paid_elsewhere_period on paid_elsewhere (period);
