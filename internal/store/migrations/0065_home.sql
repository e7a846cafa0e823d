-- +goose Up
-- By which addresses else an act is known: documents of the same act on other
-- servers, which may move here.
create table act_alias (
  act    text not null references act (id) on delete cascade,
  actor  text not null,
  handle text not null,                      -- act@host, as it was then
  primary key (act, actor)
);

-- Where an act moved. The row stays when it came back, with no target: nobody goes
-- to and fro.
create table act_move (
  act    text primary key references act (id) on delete cascade,
  target text not null,
  handle text not null,                      -- act@host
  at     bigint not null
);

-- Who said on another server that they moved.
create table actor_move (
  actor  text primary key,
  host   text not null,
  target text not null,
  asked  bigint not null,                    -- when they said so last
  moved  bigint not null default 0           -- when they were followed there
);
create index actor_move_host on actor_move (host, asked);
