-- +goose Up
-- K_node_month: what pseudonyms, nonces and origins of a month are made with.
create table node_month (
  period bigint primary key,
  key    bytea not null
);

-- What hides a listener in a month, destroyed with the account.
create table listener_month (
  account   text not null references account (id) on delete cascade,
  period    bigint not null,
  pseudonym bytea not null,
  key       bytea not null,
  primary key (account, period)
);
create unique index listener_month_pseudonym on listener_month (period, pseudonym);

-- One listening session of one track, with the claim that stands.
create table play (
  id        bytea primary key,
  account   text not null references account (id) on delete cascade,
  track     text not null references track (id),
  device    bytea not null,                 -- key id, empty: unsigned class
  sheet     bigint not null,                -- version of the credit sheet at the start
  own       text not null default '',       -- acts of the listener's own on that sheet, separated by spaces
  seconds   bigint not null,                -- of the track
  began     bigint not null,
  ended     bigint not null,                -- as far as claimed
  heard     bigint not null,                -- ms of media time, as far as claimed
  flags     bigint not null,                -- formats.md, play claim
  origin    bytea not null,                 -- keyed hash of where it came from, empty: unknown
  counter   bigint not null,                -- of the claim that stands, 0: none yet
  accepted  bigint not null,                -- how many claims were taken
  seen      bigint not null,                -- when the last was
  hash      bytea not null,                 -- SHA-256 of the claim that stands
  claim     bytea not null,                 -- empty 90 days after the close of the month
  signature bytea not null,
  decision  bigint not null,                -- listen.Decision, 0: it counts
  counted   bigint not null,                -- ms
  answer    bigint not null,                -- decision the receipt named
  answered  bigint not null,                -- ms the receipt named
  sealed    boolean not null                -- the claim that stands is in a day row
);
create index play_account on play (account, began);
create index play_track on play (track);
create index play_unsealed on play (account, began) where not sealed;
create index play_began on play (began);

-- The last row made of a listener's day.
create table listener_day (
  account  text not null references account (id) on delete cascade,
  day      bigint not null,
  sequence bigint not null,
  hash     bytea not null,
  primary key (account, day)
);

-- Running totals of an open month, kept in the transaction of the claim.
create table day_act (
  account text not null references account (id) on delete cascade,
  day     bigint not null,
  act     text not null,
  credit  bigint not null,                  -- seconds x basis points
  plays   bigint not null,
  primary key (account, day, act)
);
create table month_act (
  account text not null references account (id) on delete cascade,
  period  bigint not null,
  act     text not null,
  credit  bigint not null,
  plays   bigint not null,
  days    bigint not null,
  primary key (account, period, act)
);
