-- +goose Up
-- A day on its way into the log and onto the ledger.
create table day_batch (
  day        bigint primary key,
  state      bigint not null,               -- 1 sealed, 2 in the log, 3 anchored
  entries    bigint not null,               -- without padding
  first      bigint not null default 0,     -- index of the first entry in the log
  size       bigint not null default 0,     -- of the log behind it
  root       bytea,
  checkpoint text not null default '',
  sealed     bigint not null,
  anchored   bigint not null default 0
);

-- A row of the log. salt and data are destroyed with the account, or thirteen
-- months after; the entry stays.
create table day_row (
  day       bigint not null,                -- the day it is of
  pseudonym bytea not null,
  sequence  bigint not null,
  period    bigint not null,
  batch     bigint not null references day_batch (day),
  position  bigint not null,                -- within the batch
  entry     bytea not null,                 -- SHA-256(salt || data)
  salt      bytea,
  data      bytea,
  primary key (day, pseudonym, sequence)
);
create index day_row_batch on day_row (batch, position);
create index day_row_period on day_row (period, pseudonym, day, sequence);

-- A period on its way from the last day to the payout.
create table period_close (
  period     bigint primary key,
  state      bigint not null,               -- 1 compiled, 2 published, 3 booked, 4 final, 5 batch fixed
  settlement bytea,
  signature  bytea,
  rules      text not null,                 -- of the arithmetic, JSON
  tree_a     text not null default '',      -- signed checkpoint of tree A
  published  bigint not null default 0,
  final      bigint not null default 0,
  batch      text not null default '',
  compiled   bigint not null
);

-- A listener's settled month. data and salt are destroyed with the account;
-- the leaf stays, so that everybody else's proofs stay valid.
create table month_row (
  period    bigint not null,
  position  bigint not null,
  pseudonym bytea not null,
  leaf      bytea not null,
  salt      bytea,
  data      bytea,
  carried   bigint not null,                -- what the row was made from besides day rows
  confirmed boolean not null,
  closed    boolean not null,
  primary key (period, position)
);
create unique index month_row_pseudonym on month_row (period, pseudonym);

create table month_share (
  period   bigint not null,
  act      text not null,
  position bigint not null,                 -- in the act's subtree
  blind    bytea not null,
  micro    bigint not null,
  primary key (period, act, position)
);

create table month_line (
  period  bigint not null,
  act     text not null,
  micro   bigint not null,
  plus    bigint not null,
  minus   bigint not null,
  count   bigint not null,
  subroot bytea not null,
  primary key (period, act)
);
create index month_line_act on month_line (act, period);

-- A pot that waits for its listener to choose.
create table carry (
  subscription text primary key references subscription (id),
  period       bigint not null,             -- the period it was carried out of
  micro        bigint not null,
  carried      bigint not null
);

-- A listener's word that the nine of a period are right.
create table confirmation (
  account text not null references account (id) on delete cascade,
  period  bigint not null,
  at      bigint not null,
  primary key (account, period)
);
