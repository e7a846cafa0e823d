-- +goose Up
-- A comment of another server that was passed on to the servers of who follows the act, or
-- whom it answers: what becomes of it is passed on, too.
alter table comment add column passed boolean not null default false;

-- What another server says of how many like and share its music, and when it was asked
-- last what people say of a release.
create table talk_elsewhere (
  release text not null references remote_release (id) on delete cascade,
  track   text not null,                     -- '' the release as a whole
  likes   bigint not null default 0,
  shares  bigint not null default 0,
  asked   bigint not null default 0,         -- of the release as a whole; 0 never
  primary key (release, track)
);
