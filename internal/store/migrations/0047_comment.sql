-- +goose Up
-- What people said about a release or a track, here and on other servers.
create table comment (
  id       text primary key,
  release  text not null references release (id) on delete cascade,
  track    text not null,                    -- '' the release as a whole
  parent   text not null,                    -- comment it answers, '' none
  account  text not null,                    -- whose it is here, '' of somebody elsewhere
  actor    text not null,                    -- whose it is elsewhere, '' of a listener here
  host     text not null,                    -- of that server
  iri      text not null,                    -- its address there
  url      text not null,                    -- where people read it there
  html     text not null,                    -- clean: see social.Clean
  position bigint not null,                  -- milliseconds into the track, -1 none
  hidden   boolean not null default false,   -- by the act's people
  at       bigint not null,
  changed  bigint not null
);
create unique index comment_iri on comment (iri) where iri <> '';
create index comment_release on comment (release, at);
create index comment_account on comment (account, at);
create index comment_actor on comment (actor, at);

-- Who may comment, where it is not everybody.
create table comment_policy (
  act     text not null references act (id) on delete cascade,
  release text not null,                     -- '' all of the act's
  who     text not null,                     -- everybody, followers, nobody
  primary key (act, release)
);
