-- +goose Up
-- Listeners who chose to be seen on other servers. Of who ended that, or deleted
-- the account, nothing stays but that they are gone: their address says so, and
-- nobody else gets their handle.
create table person (
  id       text primary key,
  account  text references account (id) on delete set null,   -- null: gone
  handle   text not null,                    -- '' gone
  hash     bytea not null unique,            -- SHA-256 of the handle
  name     text not null,
  about    text not null,
  approves boolean not null,                 -- whoever wants to follow is asked about first
  created  bigint not null,
  changed  bigint not null,
  gone     bigint not null default 0
);
create unique index person_account on person (account);
create index person_handle on person (handle);

-- Who on other servers has to do with a person.
create table person_follower (
  person   text not null references person (id) on delete cascade,
  actor    text not null references remote_actor (id) on delete cascade,
  state    text not null,                    -- asked, follows, blocked
  activity text not null,                    -- the Follow
  since    bigint not null,
  primary key (person, actor)
);
create index person_follower_actor on person_follower (actor);
create index person_follower_state on person_follower (person, state, since);

-- Inboxes that know of a person: they hear when the person is gone.
create table person_reach (
  person text not null references person (id) on delete cascade,
  inbox  text not null,
  host   text not null,
  primary key (person, inbox)
);
