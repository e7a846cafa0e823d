-- +goose Up
-- Who may comment on an act's music, like it and share it, where something is said of that.
create table act_policy (
  act     text not null references act (id) on delete cascade,
  release text not null,                     -- '' all of the act's
  verb    text not null,                     -- comment, like, boost
  who     text not null,                     -- everybody, followers, nobody
  primary key (act, release, verb)
);
insert into act_policy (act, release, verb, who) select act, release, 'comment', who from comment_policy;
drop table comment_policy;

-- Who may like and share a release of another server, as its document says, beside replies.
alter table remote_release add column likes text not null default '';
alter table remote_release add column shares text not null default '';
