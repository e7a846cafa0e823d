-- +goose Up
-- Who works on a playlist of another server, as its document says: a JSON list of addresses.
alter table remote_playlist add column collaborators text not null default '';
