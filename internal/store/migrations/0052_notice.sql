-- +goose Up
-- What people are told. What happens to one thing on one day is one row: five likes
-- of a track are told once, as five.
create table notice (
  account text not null references account (id) on delete cascade,
  name    text not null,                     -- what it is about, the same for everybody who is told
  kind    text not null,                     -- notice.Kind
  act     text not null default '',          -- whose music, '' that of an act elsewhere
  actor   text not null default '',          -- somebody on another server: who said it, or whose release it is
  person  text not null default '',          -- somebody here who said it
  release text not null default '',
  track   text not null default '',
  comment text not null default '',
  period  bigint not null default 0,         -- of money
  n       bigint not null default 1,         -- how many did it and did not take it back
  at      bigint not null,                   -- when the last of them did
  seen    boolean not null default false,
  letter  text not null default '',          -- that tells of it, '' none
  primary key (account, name)
);
create index notice_at on notice (account, at, name);
create index notice_unseen on notice (account) where seen = false;
create index notice_waiting on notice (kind, account) where seen = false and letter = '';
create index notice_name on notice (name);
create index notice_comment on notice (comment) where comment <> '';
create index notice_actor on notice (actor) where actor <> '';
create index notice_person on notice (person) where person <> '';
create index notice_old on notice (at);

-- Who is counted in a notice of many, so that nobody is counted twice.
create table notice_cause (
  what text not null,                        -- the notice's name without its day
  who  text not null,                        -- an account, or somebody on another server
  name text not null,                        -- of the notice
  gone boolean not null default false,       -- they took it back
  at   bigint not null,
  primary key (what, who)
);
create index notice_cause_who on notice_cause (who);
create index notice_cause_name on notice_cause (name);
create index notice_cause_old on notice_cause (at);

-- What somebody said of how they are told of a kind; without a row as the kind is by itself.
create table notice_choice (
  account text not null references account (id) on delete cascade,
  kind    text not null,
  way     text not null,                     -- none, here, day, week
  primary key (account, kind)
);
