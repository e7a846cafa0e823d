-- +goose Up
-- Who works on a playlist of somebody else, or is invited to. Of a playlist of this node
-- those of other servers stay when it is deleted, until they are told.
create table collaborator (
  playlist text not null,                    -- of this node, or one kept of another server
  away     text references remote_playlist (id) on delete cascade, -- the latter
  who      text not null,                    -- an account or an act of this node, or the address of somebody on another server
  kind     text not null,                    -- account, act, actor
  state    text not null,                    -- invited, works, ended
  invite   text not null default '',         -- the address of the Invite, '' nobody elsewhere has to do with it
  since    bigint not null,
  primary key (playlist, who)
);
create index collaborator_who on collaborator (who, state);
create index collaborator_invite on collaborator (invite) where invite <> '';
create index collaborator_away on collaborator (away);

-- Those that are not listed are for who has the address.
alter table remote_playlist add column listed boolean not null default true;

alter table notice add column playlist text not null default '';
