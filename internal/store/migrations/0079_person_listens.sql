-- +goose Up
-- Who is seen on other servers may let their followers know what they listen to.
alter table person add column listens boolean not null default false;

-- What of that waits is taken back when they end it.
create index outgoing_listen on outgoing (actor) where kind = 'Listen';
