-- +goose Up
-- The server of a follower: with each delivery it is told which followers of its own are
-- counted (FEP-8fcf), and has many more actors than that.
alter table remote_follower add column host text not null default '';
alter table person_follower add column host text not null default '';
update remote_follower set host = (select a.host from remote_actor a where a.id = remote_follower.actor);
update person_follower set host = (select a.host from remote_actor a where a.id = person_follower.actor);
create index remote_follower_host on remote_follower (act, host, actor);
create index person_follower_host on person_follower (person, host, actor) where state = 'follows';
