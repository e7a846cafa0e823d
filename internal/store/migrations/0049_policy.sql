-- +goose Up
-- What the operator decided about other servers, by name: a rule counts for all
-- names that end in its own.
create table server_rule (
  host    text primary key,
  verdict text not null,                     -- allow, block
  reason  text not null default '',
  since   bigint not null
);
