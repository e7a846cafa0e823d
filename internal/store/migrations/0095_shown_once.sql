-- +goose Up
-- What several share is shown once.
create index remote_boost_release on remote_boost (release, track);
