-- +goose Up
-- The act under whose name a playlist is public, '' none: it is its account's alone.
alter table playlist add column act text not null default '';
create index playlist_act on playlist (act) where act <> '';

-- Where an act on another server lists its playlists, '' it does not.
alter table remote_actor add column playlists text not null default '';

-- Playlists of acts on other servers, as their documents said last.
create table remote_playlist (
  id          text primary key,
  iri         text not null unique,          -- of its document
  actor       text not null references remote_actor (id) on delete cascade,
  title       text not null,
  description text not null default '',      -- plain text
  page        text not null default '',      -- where people look at it
  published   bigint not null,
  updated     bigint not null
);
create index remote_playlist_actor on remote_playlist (actor, updated);

create table remote_item (
  playlist text not null references remote_playlist (id) on delete cascade,
  place    bigint not null,                  -- from 0
  iri      text not null,                    -- of the track's document, on whatever server
  track    text not null default '',         -- its id here, '' it is not known yet
  asked    bigint not null default 0,        -- how often its server was asked for it
  primary key (playlist, place)
);
create index remote_item_iri on remote_item (iri);
