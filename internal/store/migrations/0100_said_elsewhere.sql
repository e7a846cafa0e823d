-- +goose Up
-- Who plays on a track of another server, in words; a JSON list, '' nobody is named.
alter table remote_track add column people text not null default '';
-- Whether a release of another server is marked as explicit as a whole.
alter table remote_release add column explicit boolean not null default false;

-- The lines of the profile of somebody elsewhere, as a JSON list of names and HTML; '' none.
alter table remote_actor add column lines text not null default '';

-- The post about a release or a track of another server, which other software shows, '' where
-- its document names none.
alter table remote_release add column post text not null default '';
alter table remote_track add column post text not null default '';
