-- +goose Up
-- Who may comment on a release of another server, as its document says: '' everybody,
-- followers, nobody.
alter table remote_release add column replies text not null default '';
