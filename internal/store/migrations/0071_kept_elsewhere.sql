-- +goose Up
-- What listeners keep, and what they say, may be of music on other servers: a track
-- or release that is named here need not be this node's, so that what refers to one
-- of its own is deleted with it in the same transaction, not by the database.
create table kept_item (
  id       text primary key,
  playlist text not null references playlist (id) on delete cascade,
  position bigint not null,                 -- 0, 1, 2 ... without a gap
  track    text not null,                   -- of this node, or remote_line
  added    bigint not null
);
insert into kept_item (id, playlist, position, track, added) select id, playlist, position, track, added from playlist_item;
drop table playlist_item;
alter table kept_item rename to playlist_item;
create index playlist_item_order on playlist_item (playlist, position);
create index playlist_item_track on playlist_item (track);

create table kept_like (
  account text not null references account (id) on delete cascade,
  track   text not null,
  at      bigint not null,
  primary key (account, track)
);
insert into kept_like (account, track, at) select account, track, at from track_like;
drop table track_like;
alter table kept_like rename to track_like;
create index track_like_at on track_like (account, at, track);
create index track_like_track on track_like (track);

create table kept_release (
  account text not null references account (id) on delete cascade,
  release text not null,
  at      bigint not null,
  primary key (account, release)
);
insert into kept_release (account, release, at) select account, release, at from release_like;
drop table release_like;
alter table kept_release rename to release_like;
create index release_like_at on release_like (account, at, release);
create index release_like_release on release_like (release);

create table kept_history (
  account text not null references account (id) on delete cascade,
  at      bigint not null,
  track   text not null,
  primary key (account, at, track)
);
insert into kept_history (account, at, track) select account, at, track from history;
drop table history;
alter table kept_history rename to history;
create index history_track on history (track);

create table kept_resume (
  account     text primary key references account (id) on delete cascade,
  track       text not null,
  position_ms bigint not null,
  queue       text not null,                -- JSON list of track ids
  at          bigint not null
);
insert into kept_resume (account, track, position_ms, queue, at) select account, track, position_ms, queue, at from resume;
drop table resume;
alter table kept_resume rename to resume;
create index resume_track on resume (track);

create table kept_comment (
  id       text primary key,
  release  text not null,                    -- of this node, or remote_release
  track    text not null,                    -- '' the release as a whole
  parent   text not null,                    -- comment it answers, '' none
  account  text not null,                    -- whose it is here, '' of somebody elsewhere
  actor    text not null,                    -- whose it is elsewhere, '' of a listener here
  host     text not null,                    -- of that server
  iri      text not null,                    -- its address there
  url      text not null,                    -- where people read it there
  html     text not null,                    -- clean: see social.Clean
  position bigint not null,                  -- milliseconds into the track, -1 none
  hidden   boolean not null default false,   -- by the act's people
  at       bigint not null,
  changed  bigint not null
);
insert into kept_comment (id, release, track, parent, account, actor, host, iri, url, html, position, hidden, at, changed)
select id, release, track, parent, account, actor, host, iri, url, html, position, hidden, at, changed from comment;
drop table comment;
alter table kept_comment rename to comment;
create unique index comment_iri on comment (iri) where iri <> '';
create index comment_release on comment (release, at);
create index comment_account on comment (account, at);
create index comment_actor on comment (actor, at);

-- Tracks of other servers that somebody here keeps, as they were when they were kept:
-- what stays to be read when one is gone there, or its server is blocked.
create table remote_line (
  track text primary key,                    -- its id here
  iri   text not null,                       -- it is the same when it comes back from there
  actor text not null,                       -- whose it is
  card  text not null                        -- music.TrackRow, packed
);
create index remote_line_iri on remote_line (iri);
