-- +goose Up
-- What somebody whom people here follow on another server shared (Announce).
create table remote_boost (
  id       text primary key,
  actor    text not null references remote_actor (id) on delete cascade,
  activity text not null,                    -- the Announce
  about    text not null,                    -- the address of what is shared
  release  text not null default '',         -- of this node or another, '' not found yet
  track    text not null default '',         -- '' the release as a whole
  at       bigint not null,
  unique (actor, about)
);
create index remote_boost_at on remote_boost (actor, at);

-- What a release on another server says of itself besides.
alter table remote_release add column label text not null default '';
alter table remote_release add column language text not null default ''; -- BCP 47
alter table remote_release add column tags text not null default '';     -- folded, with spaces between
