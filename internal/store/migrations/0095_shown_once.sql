-- +goose Up
-- What several share is shown once.
create index remote_boost_release on remote_boost (release, track);

-- By what a server knows the version of a picture that was fetched of it.
alter table remote_picture add column etag text not null default '';
alter table remote_picture add column modified text not null default ''; -- Last-Modified
