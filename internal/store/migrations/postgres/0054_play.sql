-- +goose Up
-- A play may be of a track of another node.
alter table play drop constraint play_track_fkey;
