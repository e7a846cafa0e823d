-- +goose Up
-- Where an act on another server lists its releases, '' where only its outbox does.
alter table remote_actor add column releases text not null default '';
create index remote_actor_handle on remote_actor (host, handle);

-- Releases and tracks of acts on other servers, as their documents said last.
-- Their ids are this node's: of their pages, and of their sound here.
create table remote_release (
  id          text primary key,
  iri         text not null unique,          -- of its document
  actor       text not null references remote_actor (id) on delete cascade,
  title       text not null,
  artist      text not null default '',
  kind        text not null default '',      -- album, ep, single; '' unknown
  date        text not null default '',
  licence     text not null default '',      -- address
  description text not null default '',      -- plain text
  page        text not null default '',      -- where people look at it
  picture     text not null default '',      -- address of its cover
  published   bigint not null,
  updated     bigint not null default 0,
  fetched     bigint not null
);
create index remote_release_actor on remote_release (actor, published);

create table remote_track (
  id         text primary key,
  iri        text not null unique,
  release    text not null references remote_release (id) on delete cascade,
  place      bigint not null,                -- in the release, from 0
  disc       bigint not null default 1,
  number     bigint not null,
  title      text not null,
  artist     text not null default '',
  duration   bigint not null default 0,      -- milliseconds
  isrc       text not null default '',
  explicit   boolean not null default false,
  lyrics     text not null default '',
  sound      text not null,                  -- address of the file
  media_type text not null,
  loudness   bigint,                         -- thousandths of a LUFS; null: not measured
  peak       bigint not null default 0,      -- thousandths of a dBTP
  album_gain bigint not null default 0       -- thousandths of a dB
);
create index remote_track_release on remote_track (release, place);

-- Pictures of other servers that are kept here, so that nobody's browser has to
-- ask there.
create table remote_picture (
  url     text primary key,
  cover   text not null default '',          -- '' it cannot be had
  light   text not null default '',
  dark    text not null default '',
  fetched bigint not null
);

-- Whom people here follow on other servers. Nobody else is told who they are.
create table remote_follow (
  account text not null references account (id) on delete cascade,
  actor   text not null references remote_actor (id) on delete cascade,
  since   bigint not null,
  primary key (account, actor)
);
create index remote_follow_actor on remote_follow (actor);

-- Whom the node follows for them.
create table following (
  actor    text primary key references remote_actor (id) on delete cascade,
  activity text not null,                    -- the Follow
  state    text not null,                    -- asked, accepted, refused
  asked    bigint not null                   -- when, the last time
);
