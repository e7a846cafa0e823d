-- +goose Up
-- How a track of another node plays in segments, and what it looks like.
alter table remote_track add column segments text not null default ''; -- address of its master playlist, '' only the file
alter table remote_track add column peaks bytea;                       -- up to 400 bytes of waveform, null unknown
