-- +goose Up
-- What became of an act's being on a label is told to who owns them.
alter table notice add column label text not null default ''; -- of the act in the notice
alter table notice add column step  text not null default ''; -- notice.Step
