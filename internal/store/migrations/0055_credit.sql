-- +goose Up
-- Who is paid for music of other nodes, and by what. It stays when a release or its
-- act is forgotten here: plays that were counted are paid by it.

-- Documents that something here rests on, as they were proved.
create table remote_proof (
  hash    bytea primary key,                 -- SHA-256 of the body
  body    bytea not null,
  fetched bigint not null
);

-- How it stands with the credits of a release.
create table remote_credits (
  release text primary key references remote_release (id) on delete cascade,
  state   text not null,                     -- holds, unpaid (its server is no node), refused
  trouble text not null default '',          -- why, in words
  proved  bigint not null default 0,         -- when the document that holds was made
  fetched bigint not null default 0,         -- when it was fetched last
  tried   bigint not null                    -- when it was asked for last
);

-- Acts of other nodes, by the id that they have at home, under which rows and
-- lines name them. An id is of the act that came with it first.
create table remote_payee (
  act     text primary key,
  actor   text not null unique,              -- its document
  host    text not null,
  handle  text not null,
  name    text not null,
  picture text not null default '',          -- address
  proof   bytea not null,                    -- of the document with its wallets
  proved  bigint not null                    -- when that was made
);
create table remote_wallet (
  act     text not null references remote_payee (act) on delete cascade,
  line    bigint not null,
  address text not null,                     -- 0x and 40 hex digits
  bps     bigint not null,
  primary key (act, line)
);

-- Credit sheets of their tracks. A version that is here never changes.
create table remote_sheet (
  track   text not null,                     -- this node's id
  version bigint not null,                   -- its home's
  name    text not null,                     -- its id at home, "@", its home
  since   bigint not null,                   -- in force from
  proof   bytea not null,
  primary key (track, version)
);
create index remote_sheet_name on remote_sheet (name, track);
create table remote_share (
  track   text not null,
  version bigint not null,
  act     text not null references remote_payee (act),
  bps     bigint not null,
  primary key (track, version, act),
  foreign key (track, version) references remote_sheet (track, version) on delete cascade
);
