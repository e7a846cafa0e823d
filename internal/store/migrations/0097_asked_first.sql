-- +goose Up
-- When another server may be asked about an activity that waits, 0: it needs nobody.
alter table inbox add column due bigint not null default 0;
drop index inbox_waiting;
create index inbox_waiting on inbox (applied, due, received);
create index inbox_asked on inbox (host, received, id, due) where applied = 0 and due > 0;
