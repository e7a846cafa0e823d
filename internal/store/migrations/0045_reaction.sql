-- +goose Up
-- What people of other servers think of a track, or of a release as a whole:
-- of each at most one of a kind.
create table reaction (
  actor    text not null references remote_actor (id) on delete cascade,
  kind     text not null,                    -- like, boost
  release  text not null references release (id) on delete cascade,
  track    text not null,                    -- '' the release as a whole
  activity text not null,                    -- with which it was said
  at       bigint not null,
  primary key (actor, kind, release, track)
);
create index reaction_release on reaction (release, track, kind);
create index reaction_activity on reaction (actor, activity);
