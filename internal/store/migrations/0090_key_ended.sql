-- +goose Up
-- When a key ended by its actor's own word, 0: it has not. What was proved with it
-- before counts still, and nothing later does.
alter table remote_key add column ended bigint not null default 0;
