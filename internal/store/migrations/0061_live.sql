-- +goose Up
-- Live events that acts announced, here and on other servers.
create table live (
  id        text primary key,                -- this node's
  iri       text not null default '',        -- of its document elsewhere, '' of one here
  act       text references act (id) on delete cascade,            -- whose it is here
  actor     text references remote_actor (id) on delete cascade,   -- or elsewhere
  title     text not null,
  link      text not null,                   -- where it is to be heard
  page      text not null default '',        -- where people look at it over there
  starts    bigint not null,
  ends      bigint not null,                 -- planned, or when it did
  published bigint not null,
  updated   bigint not null
);
create unique index live_iri on live (iri) where iri <> '';
create index live_act on live (act, ends);
create index live_actor on live (actor, ends);
create index live_ends on live (ends);

-- How many people of other nodes are at an event here, as those say every minute.
create table live_audience (
  live  text not null references live (id) on delete cascade,
  host  text not null,
  n     bigint not null,
  until bigint not null,
  primary key (live, host)
);
create index live_audience_until on live_audience (until);
