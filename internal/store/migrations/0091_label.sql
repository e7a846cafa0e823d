-- +goose Up
-- A label is an actor like an act that publishes nothing itself.
alter table act add column label boolean not null default false;

-- Which acts are on a label, or are asked to be.
create table act_label (
  label  text not null references act (id) on delete cascade,
  act    text not null references act (id) on delete cascade,
  agreed boolean not null,                   -- false: the act has not answered
  since  bigint not null,
  primary key (label, act)
);
create index act_label_act on act_label (act);
