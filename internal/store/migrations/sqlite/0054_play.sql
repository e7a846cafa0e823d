-- +goose Up
-- A play may be of a track of another node: the same table without the reference.
create table play_any (
  id        bytea primary key,
  account   text not null references account (id) on delete cascade,
  track     text not null,                  -- of this node, or its own id of one of another
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
  sealed    boolean not null,               -- the claim that stands is in a day row
  logged    bytea not null default ''       -- hash of the claim as the last row holds it
);
insert into play_any (id, account, track, device, sheet, own, seconds, began, ended, heard, flags, origin, counter, accepted, seen, hash, claim, signature, decision, counted, answer, answered, sealed, logged)
  select id, account, track, device, sheet, own, seconds, began, ended, heard, flags, origin, counter, accepted, seen, hash, claim, signature, decision, counted, answer, answered, sealed, logged from play;
drop table play;
alter table play_any rename to play;
create index play_account on play (account, began);
create index play_track on play (track);
create index play_unsealed on play (account, began) where not sealed;
create index play_began on play (began);
