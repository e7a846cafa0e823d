-- +goose Up
-- Lists of servers that others keep, and that this node asks for once a day.
create table blocklist (
  id      text primary key,
  url     text not null unique,
  added   bigint not null,
  tag     text not null default '',          -- the entity tag of what was taken last
  asked   bigint not null default 0,         -- when it was asked for last
  taken   bigint not null default 0,         -- when it was taken last, or found to be the same
  skipped bigint not null default 0,         -- lines of it that ask for something else
  trouble text not null default ''           -- why it was not taken the last time
);

-- What they say. A verdict counts only where this node has no rule of its own.
create table blocklist_rule (
  list    text not null references blocklist (id) on delete cascade,
  host    text not null,
  verdict text not null,                     -- that the list has: block, silence
  counts  text not null,                     -- that counts, '' none
  dropped boolean not null default false,    -- a moderator left it out
  reason  text not null,
  since   bigint not null,
  primary key (list, host)
);
create index blocklist_rule_host on blocklist_rule (host);
