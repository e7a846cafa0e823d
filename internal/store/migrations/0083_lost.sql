-- +goose Up
-- How much arrived at a server, and how much was given up on the way there.
alter table peer add column arrived bigint not null default 0;
alter table peer add column lost bigint not null default 0;

-- What a server was told in vain, until it hears of it again: of each thing one row.
create table lost (
  host    text not null,
  inbox   text not null,
  what    text not null,                     -- the thing, or the activity where that tells of none
  created bigint not null,                   -- 1: it did not hear that there is such a thing
  made    bigint not null,                   -- when the first of it was made
  at      bigint not null,                   -- when the last was given up
  why     text not null,
  expires bigint not null,                   -- it is of no more use after, 0: never
  primary key (host, inbox, what)
);
