-- +goose Up
-- A rule may be about one actor: its name is then handle@host, and actor their
-- address, by which it counts.
alter table server_rule add column actor text not null default '';
create index server_rule_actor on server_rule (actor);
