-- +goose Up
-- When all the music of an actor on another server was asked for last, 0 never.
alter table remote_actor add column looked bigint not null default 0;
