-- +goose Up
-- What became of an act's being on a label is told to who owns them.
alter table notice add column label text not null default ''; -- of the act in the notice
alter table notice add column step  text not null default ''; -- notice.Step

-- When somebody was last known to share a thing: what a label's own list has no more is not.
alter table remote_boost add column seen bigint not null default 0;
