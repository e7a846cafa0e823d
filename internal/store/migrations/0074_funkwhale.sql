-- +goose Up
-- The same activity as Funkwhale reads it, which knows tracks and no releases: a JSON
-- list of activities, one for each track; empty: it gets what everybody gets.
alter table outgoing add column songs bytea not null default '';
