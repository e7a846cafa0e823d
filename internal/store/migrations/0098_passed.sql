-- +goose Up
-- What of others was passed on about comments, for as long as it may wait: of whom how
-- much goes out in an hour, and which words about a comment wait that newer ones replace.
create table passed (
  activity text primary key,
  comment  text not null,
  kind     text not null,
  actor    text not null,
  host     text not null,
  at       bigint not null
);
create index passed_comment on passed (comment, at);
create index passed_actor on passed (actor, at);
create index passed_host on passed (host, at);
create index passed_at on passed (at);
