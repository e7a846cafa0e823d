-- +goose Up
create table act (
  id        text primary key,
  handle    text not null unique,           -- lower case, part of addresses
  name      text not null,
  bio       text not null default '',
  place     text not null default '',
  aliases   text not null default '[]',     -- JSON list of names it also publishes under
  members   text not null default '[]',     -- JSON list of {name, role}
  links     text not null default '[]',     -- JSON list of {label, url}
  cover     text not null default '',       -- cover id, '' none
  accent_l  text not null default '',       -- #rrggbb for light pages
  accent_d  text not null default '',
  face      text not null default '',       -- cover of its newest public release that has one, shown where it has no picture
  face_l    text not null default '',
  face_d    text not null default '',
  orphaned  boolean not null default false, -- nobody owns it any more: the operator looks after it
  releases  bigint not null default 0,      -- how many are public
  followers bigint not null default 0,
  created   bigint not null,
  changed   bigint not null
);
create index act_public on act (releases, name);
create index act_orphaned on act (orphaned);

-- Who may act for an act. Whoever is listed here earns it nothing by listening.
create table act_role (
  act     text not null references act (id) on delete cascade,
  account text not null references account (id) on delete cascade,
  role    text not null,                    -- owner, editor
  since   bigint not null,
  primary key (act, account)
);
create index act_role_account on act_role (account);

-- How an act's money is divided inside it. Basis points of a sheet sum to 10000.
create table act_wallet (
  act     text not null references act (id) on delete cascade,
  line    bigint not null,
  name    text not null,
  address text not null,                    -- 0x and 40 hex digits
  bps     bigint not null,
  primary key (act, line)
);

create table release (
  id          text primary key,
  act         text not null references act (id),
  title       text not null,
  artist      text not null,                -- as printed on the sleeve
  kind        text not null,                -- album, ep, single
  date        text not null default '',     -- 2026, 2026-11 or 2026-11-24
  label       text not null default '',
  licence     text not null,
  language    text not null default '',     -- BCP 47
  explicit    boolean not null default false,
  description text not null default '',
  tags        text not null default '[]',   -- JSON list
  cover       text not null default '',
  accent_l    text not null default '',
  accent_d    text not null default '',
  edited      text not null default '[]',   -- JSON list of fields a person has written: tags of files leave them alone
  state       text not null,                -- draft, scheduled, published, taken_down
  state_before text not null default '',    -- what a take-down goes back to
  publish_at  bigint not null default 0,
  zone        text not null default '',     -- IANA time zone publish_at was chosen in
  published   bigint not null default 0,    -- first time it was public, 0 never
  reason      text not null default '',     -- of the take-down
  preview     text not null default '',     -- token of the private link, '' none
  plays       bigint not null default 0,
  created     bigint not null,
  changed     bigint not null
);
create index release_act on release (act, created);
create unique index release_preview on release (preview) where preview <> '';
create index release_due on release (state, publish_at);

create table track (
  id       text primary key,
  release  text not null references release (id) on delete cascade,
  act      text not null references act (id),
  title    text not null,
  artist   text not null,                   -- '' as the release
  disc     bigint not null,
  number   bigint not null,
  isrc     text not null default '',
  explicit boolean not null default false,
  lyrics   text not null default '',        -- plain text or LRC
  people   text not null default '[]',      -- JSON list of {name, role}
  edited   text not null default '[]',
  state    text not null,                   -- uploaded, preparing, ready, refused, removed
  refusal  text not null default '',        -- one sentence
  filename text not null,
  original text not null,                   -- blob key of the file that plays
  pending  text not null default '',        -- of the one that will replace it once it can be played
  sheet    bigint not null default 0,       -- version of the credit sheet in force
  plays    bigint not null default 0,
  created  bigint not null,
  changed  bigint not null
);
create index track_release on track (release, disc, number, id);
create index track_act on track (act);

-- What was measured of a track's file, or of the one that is to replace it.
create table asset (
  track       text not null references track (id) on delete cascade,
  original    text not null,                -- blob key original/<sha256>
  sha256      text not null,
  bytes       bigint not null,
  codec       text not null default '',     -- flac, wav, mp3, aac, alac, vorbis, opus
  rate        bigint not null default 0,    -- Hz
  bits        bigint not null default 0,    -- per sample, 0 when the codec has none
  channels    bigint not null default 0,
  samples     bigint not null default 0,    -- per channel
  delay       bigint not null default 0,    -- encoder delay in samples
  duration_ms bigint not null default 0,
  measured    boolean not null default false,
  loudness    bigint not null default 0,    -- integrated, thousandths of LUFS
  peak        bigint not null default 0,    -- true peak, thousandths of dBTP
  gain        bigint not null default 0,    -- thousandths of dB towards -18 LUFS
  album_gain  bigint not null default 0,
  peaks       bytea,                        -- up to 256 bytes for a small waveform
  waveform    text not null default '',     -- blob key of the full one
  tags        text not null default '{}',   -- JSON, what the file says of itself
  primary key (track, original)
);
create index asset_sha256 on asset (sha256);

create table rendition (
  id          text not null,                -- SHA-256 of its manifest in hex: the swarm's name
  track       text not null references track (id) on delete cascade,
  original    text not null,                -- blob key of the file it was made from
  codec       text not null,                -- flac, aac, opus, mp3, original
  frames      text not null,                -- blob key
  frame_index text not null,                -- blob key
  manifest    bytea,
  signature   bytea,
  rate        bigint not null,
  channels    bigint not null,
  bitrate     bigint not null,              -- bit/s on average
  samples     bigint not null,
  delay       bigint not null,
  bytes       bigint not null,
  primary key (id, track)
);
create index rendition_track on rendition (track, original, codec);

create table sheet (
  track   text not null references track (id) on delete cascade,
  version bigint not null,                  -- 1, 2, 3 ...
  state   text not null,                    -- waiting, in_force, replaced, withdrawn
  created bigint not null,
  since   bigint not null default 0,        -- in force from
  until   bigint not null default 0,        -- replaced at
  primary key (track, version)
);
create table sheet_share (
  track     text not null,
  version   bigint not null,
  act       text not null references act (id),
  bps       bigint not null,
  confirmed bigint not null default 0,      -- when, 0 not yet
  primary key (track, version, act),
  foreign key (track, version) references sheet (track, version) on delete cascade
);
create index sheet_share_act on sheet_share (act, confirmed);

create table upload (
  id       text primary key,
  account  text not null references account (id) on delete cascade,
  release  text not null references release (id) on delete cascade,
  track    text not null default '',        -- the track it replaces, then the one it became
  filename text not null,
  size     bigint not null,
  received bigint not null default 0,
  state    text not null,                   -- open, done, failed, cancelled
  reason   text not null default '',
  created  bigint not null,
  changed  bigint not null
);
create index upload_release on upload (release, created);
create index upload_account on upload (account, state);
create index upload_state on upload (state, changed);

-- What lists show, one packed text per row (music.TrackRow, music.ReleaseRow):
-- a list is one index walk and one column. Only what is public is here.
create table track_line (
  track     text primary key references track (id) on delete cascade,
  release   text not null,
  act       text not null,
  published bigint not null,
  plays     bigint not null default 0,
  disc      bigint not null,
  number    bigint not null,
  card      text not null
);
create index track_line_new on track_line (published, track);
create index track_line_popular on track_line (plays, track);
create index track_line_act on track_line (act, published, track);
create index track_line_act_popular on track_line (act, plays, track);
create index track_line_release on track_line (release, disc, number, track);

create table release_line (
  release   text primary key references release (id) on delete cascade,
  act       text not null,
  published bigint not null,
  plays     bigint not null default 0,
  card      text not null
);
create index release_line_new on release_line (published, release);
create index release_line_popular on release_line (plays, release);
create index release_line_act on release_line (act, published, release);

create table tag_line (
  tag       text not null,
  published bigint not null,
  release   text not null references release (id) on delete cascade,
  primary key (tag, published, release)
);
create index tag_line_release on tag_line (release);
create table tag_track_line (
  tag       text not null,
  published bigint not null,
  track     text not null references track (id) on delete cascade,
  release   text not null,
  primary key (tag, published, track)
);
create index tag_track_line_release on tag_track_line (release);

-- How many public releases carry a tag.
create table tag (
  name     text primary key,
  releases bigint not null
);
create index tag_releases on tag (releases, name);

-- What search looks through, already folded to plain letters; full text
-- indexes over it are in the folders of each database.
create table search_doc (
  n     bigint primary key,                 -- kind * 2^40 + a counter
  kind  bigint not null,                    -- music.Found: 1 track, 2 release, 3 act, 4 playlist
  ref   text not null,
  title text not null,
  maker text not null,
  more  text not null,
  card  text not null
);
create unique index search_doc_ref on search_doc (kind, ref);
create index search_doc_title on search_doc (kind, title);

create table playlist (
  id          text primary key,
  account     text not null references account (id) on delete cascade,
  title       text not null,
  description text not null default '',
  access      text not null,                -- private, unlisted, public
  items       bigint not null default 0,
  duration_ms bigint not null default 0,
  cover       text not null default '',     -- of its first track
  accent_l    text not null default '',
  accent_d    text not null default '',
  created     bigint not null,
  changed     bigint not null
);
create index playlist_account on playlist (account, changed);
create index playlist_access on playlist (access, changed);

create table playlist_item (
  id       text primary key,
  playlist text not null references playlist (id) on delete cascade,
  position bigint not null,                 -- 0, 1, 2 ... without a gap
  track    text not null references track (id) on delete cascade,
  added    bigint not null
);
create index playlist_item_order on playlist_item (playlist, position);
create index playlist_item_track on playlist_item (track);

create table track_like (
  account text not null references account (id) on delete cascade,
  track   text not null references track (id) on delete cascade,
  at      bigint not null,
  primary key (account, track)
);
create index track_like_at on track_like (account, at, track);
create index track_like_track on track_like (track);

create table release_like (
  account text not null references account (id) on delete cascade,
  release text not null references release (id) on delete cascade,
  at      bigint not null,
  primary key (account, release)
);
create index release_like_at on release_like (account, at, release);

create table follow (
  account text not null references account (id) on delete cascade,
  act     text not null references act (id) on delete cascade,
  at      bigint not null,
  primary key (account, act)
);
create index follow_act on follow (act);
create index follow_at on follow (account, at, act);

create table history (
  account text not null references account (id) on delete cascade,
  at      bigint not null,
  track   text not null references track (id) on delete cascade,
  primary key (account, at, track)
);
create index history_track on history (track);

-- Where a listener stopped: one row per account.
create table resume (
  account     text primary key references account (id) on delete cascade,
  track       text not null references track (id) on delete cascade,
  position_ms bigint not null,
  queue       text not null,                -- JSON list of track ids
  at          bigint not null
);
create index resume_track on resume (track);
