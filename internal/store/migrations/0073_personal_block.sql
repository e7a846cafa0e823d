-- +goose Up
-- Of whom on other servers somebody here wants to see nothing.
create table personal_block (
  account text not null references account (id) on delete cascade,
  name    text not null,                     -- of a server, or handle@host
  actor   text not null default '',          -- address of somebody, '' a server
  since   bigint not null,
  primary key (account, name)
);
