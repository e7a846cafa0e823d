-- +goose Up
-- Whom on other servers an act wants to have nothing to do with. It holds also when
-- they delete themselves there and begin anew at the same address.
create table act_block (
  act      text not null references act (id) on delete cascade,
  actor    text not null,
  activity text not null,                    -- the Block
  since    bigint not null,
  primary key (act, actor)
);
create index act_block_actor on act_block (actor);

-- What listeners who are seen on other servers share with who follows them there: tracks
-- and releases, of this node and of others.
create table person_boost (
  person  text not null references person (id) on delete cascade,
  release text not null,
  track   text not null,                     -- '' the release as a whole
  at      bigint not null,
  primary key (person, release, track)
);
create index person_boost_at on person_boost (person, at);
