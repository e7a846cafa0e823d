-- +goose Up
-- What an act's people say of its own music in its name: there and here it is the act's.
alter table comment add column act text not null default '';  -- '' it is its author's own
