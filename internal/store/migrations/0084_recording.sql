-- +goose Up
-- Which recording a track is in MusicBrainz, '' not known.
alter table track add column recording text not null default '';
alter table remote_track add column recording text not null default '';
-- Of a track of another server: the song of which it is the file, where that has an address
-- of its own (Funkwhale), the multihash of the file, and the signed list of what it plays
-- from; each '' where its document does not say.
alter table remote_track add column song text not null default '';
alter table remote_track add column digest text not null default '';
alter table remote_track add column manifest text not null default '';
create index remote_track_song on remote_track (song) where song <> '';
