-- +goose Up
-- An activity in 9ten's own form, for the nodes that read it; empty: they get
-- what everybody gets.
alter table outgoing add column own bytea not null default '';
