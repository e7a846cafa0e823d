-- +goose Up
-- What people here and other servers find wrong, until moderators have looked.
create table flag (
  id       text primary key,
  account  text not null,                    -- who here says so, '' somebody elsewhere, or gone
  actor    text not null,                    -- who elsewhere says so: often a server itself
  host     text not null,                    -- their server, '' here
  activity text not null,                    -- with which they said it
  words    text not null,                    -- plain
  at       bigint not null,
  told     bigint not null default 0,        -- when the other server was told, 0: it was not
  closed   bigint not null default 0,        -- 0: it is open
  closer   text not null default '',         -- account
  note     text not null default ''          -- of the moderators, for moderators
);
create index flag_open on flag (closed, id);
create index flag_host on flag (host, at);
create index flag_account on flag (account, at);

-- What each is about, as it was then: the thing itself may be gone.
create table flag_subject (
  flag   text not null references flag (id) on delete cascade,
  place  bigint not null,
  kind   text not null,                      -- act, release, comment, act-elsewhere, release-elsewhere
  target text not null,                      -- id here, or address of an actor
  name   text not null,                      -- title, or whose comment
  words  text not null,                      -- plain text of a comment
  page   text not null,                      -- path of it here
  iri    text not null,                      -- its address elsewhere, '' it is of here
  actor  text not null,                      -- whose it is elsewhere
  host   text not null,                      -- their server
  primary key (flag, place)
);
create index flag_subject_target on flag_subject (kind, target);
