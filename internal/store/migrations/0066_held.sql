-- +goose Up
-- What came from those who are in quarantine and waits for a moderator. It is
-- bounded: the oldest goes first.
create table held (
  id    text primary key,                    -- the activity's
  host  text not null,
  actor text not null,
  kind  text not null,
  about text not null default '',            -- address of what it is about
  words text not null default '',            -- plain, of what it says
  body  bytea not null,
  size  bigint not null,                     -- of the body
  at    bigint not null
);
create index held_host on held (host, at, id);
create index held_actor on held (actor);
create index held_at on held (at, id);

-- How many of a server's went because others came.
create table held_lost (
  host text primary key,
  n    bigint not null,
  at   bigint not null
);
