-- +goose Up
-- What was destroyed of a month because its time was over, and when.
create table retention (
  period   bigint primary key,
  origins  bigint not null default 0,        -- where plays came from: once the month is final
  receipts bigint not null default 0         -- day rows, month rows and their keys: thirteen months after
);
