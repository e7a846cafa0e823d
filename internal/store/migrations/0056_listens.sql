-- +goose Up
-- Until when the node of a track was told how often it was played here.
create table listens_told (
  track text primary key,                    -- this node's id
  until bigint not null                      -- the first moment that was not told of
);

-- What other nodes say of plays there of music here.
create table listens (
  id      text primary key,                  -- the activity
  host    text not null,
  act     text not null references act (id) on delete cascade,
  track   text not null,
  first   bigint not null,                   -- the days, from and before
  until   bigint not null,
  plays   bigint not null,
  counted bigint not null,
  seconds bigint not null,
  root    text not null,                     -- of that node's log, hex
  proof   bytea not null,                    -- hash of the activity as it came
  at      bigint not null
);
create index listens_act on listens (act, until);
create index listens_track on listens (host, track, until);

-- How often another node asked for the sound of a track here, by day.
create table sound_asked (
  host  text not null,
  track text not null,
  day   bigint not null,
  n     bigint not null,
  primary key (host, track, day)
);
