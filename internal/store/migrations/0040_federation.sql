-- +goose Up
-- Servers this node has to do with, and how that goes.
create table peer (
  host      text primary key,
  software  text not null default '',        -- from its NodeInfo, lower case
  version   text not null default '',
  informed  bigint not null default 0,       -- when NodeInfo was asked last
  form      text not null default '',        -- of signatures it took last: rfc9421, cavage
  formed    bigint not null default 0,
  failures  bigint not null default 0,       -- deliveries that failed in a row
  closed    bigint not null default 0,       -- nothing is delivered before, but a probe
  delivered bigint not null default 0,       -- last success
  failed    bigint not null default 0,       -- last failure
  error     text not null default '',        -- of the last failure
  received  bigint not null default 0        -- last activity that came from there
);

-- People and groups of other servers, as their documents said last.
create table remote_actor (
  id           text primary key,
  host         text not null,
  kind         text not null,                -- Person, Group ...
  handle       text not null default '',
  name         text not null default '',
  summary      text not null default '',     -- HTML, cleaned when it is shown
  url          text not null default '',
  icon         text not null default '',
  inbox        text not null,
  shared_inbox text not null default '',
  outbox       text not null default '',
  followers    text not null default '',
  moved_to     text not null default '',
  fetched      bigint not null
);
create index remote_actor_host on remote_actor (host);
create index remote_actor_inbox on remote_actor (inbox);

create table remote_key (
  id      text primary key,
  owner   text not null references remote_actor (id) on delete cascade,
  public  bytea not null,                    -- PKIX
  fetched bigint not null
);
create index remote_key_owner on remote_key (owner);

-- Who follows an act from another server.
create table remote_follower (
  act      text not null references act (id) on delete cascade,
  actor    text not null references remote_actor (id) on delete cascade,
  activity text not null,                    -- the Follow
  since    bigint not null,
  primary key (act, actor)
);
create index remote_follower_actor on remote_follower (actor);

-- Activities that came: kept until they are applied, and their ids after that.
create table inbox (
  id       text primary key,                 -- the activity's
  host     text not null,
  actor    text not null,
  body     bytea not null,                   -- empty once it is applied
  received bigint not null,
  applied  bigint not null default 0,        -- 0: not yet
  tries    bigint not null default 0,
  error    text not null default ''
);
create index inbox_waiting on inbox (applied, received);

-- Activities that go out, and where each has to go.
create table outgoing (
  id      text primary key,                  -- the activity's
  actor   text not null,                     -- who signs
  about   text not null default '',          -- the thing it tells of, '' none
  kind    text not null,
  body    bytea not null,
  made    bigint not null,
  expires bigint not null default 0
);
create index outgoing_about on outgoing (about, made);

create table delivery (
  outgoing text not null references outgoing (id) on delete cascade,
  inbox    text not null,
  host     text not null,
  made     bigint not null,
  due      bigint not null,
  tries    bigint not null default 0,
  error    text not null default '',
  primary key (outgoing, inbox)
);
create index delivery_host on delivery (host, made);
create index delivery_due on delivery (due);
