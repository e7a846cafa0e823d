-- +goose Up
-- Who did something comes first in the key: all that is of somebody is found by it, and a like
-- is written to an index less. The last few of a notice are read in their order.
create table kept_cause (
  who  text not null,                        -- an account, or somebody on another server
  what text not null,                        -- the notice's name without its day
  name text not null,                        -- of the notice
  gone boolean not null default false,       -- they took it back
  at   bigint not null,
  primary key (who, what)
);
insert into kept_cause (who, what, name, gone, at) select who, what, name, gone, at from notice_cause order by who, what;
drop table notice_cause;
alter table kept_cause rename to notice_cause;
create index notice_cause_name on notice_cause (name, at);
create index notice_cause_old on notice_cause (at);
