-- +goose Up
-- A pot that waits: what a subscription carried out of each period. Every
-- period keeps its own, so that one can be compiled again.
create table carried (
  subscription text not null references subscription (id),
  period       bigint not null,             -- the period it was carried out of
  micro        bigint not null,
  periods      bigint not null,             -- for how many it has now waited
  primary key (period, subscription)
);
insert into carried (subscription, period, micro, periods) select subscription, period, micro, carried from carry;
drop table carry;

-- The hash of the claim as the last row of its day holds it, empty until one
-- does: what a receipt of that day lists.
alter table play add column logged bytea not null default '';
update play set logged = hash where sealed;
