-- +goose Up
-- Whom on other servers an act wants to have nothing to do with. It holds also when
-- they delete themselves there and begin anew at the same address.
create table act_block (
  act      text not null references act (id) on delete cascade,
  actor    text not null,
  activity text not null,                    -- the Block
  since    bigint not null,
  primary key (act, actor)
);
create index act_block_actor on act_block (actor);
