-- +goose Up
-- What a listener who is seen on other servers says, they say as that person: there and here.
alter table comment add column person text not null default '';  -- '' it stays on this node
create index comment_person on comment (person, id);

-- Comments of such listeners that are no more: their addresses say so.
create table comment_gone (
  id text primary key,
  at bigint not null
);
