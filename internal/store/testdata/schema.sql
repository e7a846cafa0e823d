CREATE TABLE account (
  id         text primary key,
  handle     text not null unique,
  email      text not null default '',
  name       text not null,
  role       text not null,                 -- listener, artist, moderator, admin
  password   text not null,                 -- argon2id, PHC string
  reset_hash bytea,                         -- SHA-256 of a one-time password link
  reset_until bigint not null default 0,
  history_paused boolean not null default false,
  created    bigint not null
, lang text not null default '', confirmed bigint not null default 0, pending text not null default '');

CREATE UNIQUE INDEX account_email on account (email) where email <> '';

CREATE INDEX account_reset on account (reset_hash) where reset_hash is not null;

CREATE TABLE act (
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
, label boolean not null default false);

CREATE INDEX act_orphaned on act (orphaned);

CREATE INDEX act_public on act (releases, name);

CREATE TABLE act_alias (
  act    text not null references act (id) on delete cascade,
  actor  text not null,
  handle text not null,                      -- act@host, as it was then
  primary key (act, actor)
);

CREATE TABLE act_block (
  act      text not null references act (id) on delete cascade,
  actor    text not null,
  activity text not null,                    -- the Block
  since    bigint not null,
  primary key (act, actor)
);

CREATE INDEX act_block_actor on act_block (actor);

CREATE TABLE act_label (
  label  text not null references act (id) on delete cascade,
  act    text not null references act (id) on delete cascade,
  agreed boolean not null,                   -- false: the act has not answered
  since  bigint not null,
  primary key (label, act)
);

CREATE INDEX act_label_act on act_label (act);

CREATE TABLE act_move (
  act    text primary key references act (id) on delete cascade,
  target text not null,
  handle text not null,                      -- act@host
  at     bigint not null
);

CREATE TABLE act_policy (
  act     text not null references act (id) on delete cascade,
  release text not null,                     -- '' all of the act's
  verb    text not null,                     -- comment, like, boost
  who     text not null,                     -- everybody, followers, nobody
  primary key (act, release, verb)
);

CREATE TABLE act_role (
  act     text not null references act (id) on delete cascade,
  account text not null references account (id) on delete cascade,
  role    text not null,                    -- owner, editor
  since   bigint not null,
  primary key (act, account)
);

CREATE INDEX act_role_account on act_role (account);

CREATE TABLE act_wallet (
  act     text not null references act (id) on delete cascade,
  line    bigint not null,
  name    text not null,
  address text not null,                    -- 0x and 40 hex digits
  bps     bigint not null,
  primary key (act, line)
);

CREATE TABLE actor_move (
  actor  text primary key,
  host   text not null,
  target text not null,
  asked  bigint not null,                    -- when they said so last
  moved  bigint not null default 0           -- when they were followed there
);

CREATE INDEX actor_move_host on actor_move (host, asked);

CREATE TABLE answered (
  account text not null references account (id) on delete cascade,
  key     bytea not null,                    -- SHA-256 of the key
  request bytea not null,                    -- keyed digest of what was asked
  at      bigint not null,
  status  bigint not null,                   -- of the answer; 0: it is not known
  type    text not null,
  body    bytea not null,
  primary key (account, key)
);

CREATE INDEX answered_account on answered (account, at);

CREATE INDEX answered_at on answered (at);

CREATE TABLE asset (
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
  tags        text not null default '{}', gates bytea,   -- JSON, what the file says of itself
  primary key (track, original)
);

CREATE INDEX asset_sha256 on asset (sha256);

CREATE TABLE audit (
  id     text primary key,
  at     bigint not null,
  actor  text not null,                     -- account id, or 'operator' from the command line
  action text not null,
  about  text not null,
  note   text not null
);

CREATE INDEX audit_at on audit (at);

CREATE TABLE balance (
  book  text not null,
  asset text not null,
  micro bigint not null,
  primary key (book, asset)
);

CREATE TABLE blocklist (
  id      text primary key,
  url     text not null unique,
  added   bigint not null,
  tag     text not null default '',          -- the entity tag of what was taken last
  asked   bigint not null default 0,         -- when it was asked for last
  taken   bigint not null default 0,         -- when it was taken last, or found to be the same
  skipped bigint not null default 0,         -- lines of it that ask for something else
  trouble text not null default ''           -- why it was not taken the last time
);

CREATE TABLE blocklist_rule (
  list    text not null references blocklist (id) on delete cascade,
  host    text not null,
  verdict text not null,                     -- that the list has: block, silence
  counts  text not null,                     -- that counts, '' none
  dropped boolean not null default false,    -- a moderator left it out
  reason  text not null,
  since   bigint not null,
  primary key (list, host)
);

CREATE INDEX blocklist_rule_host on blocklist_rule (host);

CREATE TABLE carried (
  subscription text not null references subscription (id),
  period       bigint not null,             -- the period it was carried out of
  micro        bigint not null,
  periods      bigint not null,             -- for how many it has now waited
  primary key (period, subscription)
);

CREATE TABLE charge (
  subscription text not null references subscription (id),
  period       bigint not null,
  account      text not null,               -- '' once the account is deleted
  pseudonym    bytea not null,
  charge       bigint not null,
  operator     bigint not null,
  pot          bigint not null,
  at           bigint not null,
  refunded     boolean not null default false,
  primary key (subscription, period)
);

CREATE INDEX charge_account on charge (account, period);

CREATE INDEX charge_period on charge (period);

CREATE TABLE collaborator (
  playlist text not null,                    -- of this node, or one kept of another server
  away     text references remote_playlist (id) on delete cascade, -- the latter
  who      text not null,                    -- an account or an act of this node, or the address of somebody on another server
  kind     text not null,                    -- account, act, actor
  state    text not null,                    -- invited, works, ended
  invite   text not null default '',         -- the address of the Invite, '' nobody elsewhere has to do with it
  since    bigint not null,
  primary key (playlist, who)
);

CREATE INDEX collaborator_away on collaborator (away);

CREATE INDEX collaborator_invite on collaborator (invite) where invite <> '';

CREATE INDEX collaborator_who on collaborator (who, state);

CREATE TABLE "comment" (
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
, person text not null default '', passed boolean not null default false, act text not null default '');

CREATE INDEX comment_account on comment (account, at);

CREATE INDEX comment_actor on comment (actor, at);

CREATE UNIQUE INDEX comment_iri on comment (iri) where iri <> '';

CREATE INDEX comment_person on comment (person, id);

CREATE INDEX comment_release on comment (release, at);

CREATE TABLE comment_gone (
  id text primary key,
  at bigint not null
);

CREATE TABLE confirmation (
  account text not null references account (id) on delete cascade,
  period  bigint not null,
  at      bigint not null,
  primary key (account, period)
);

CREATE TABLE day_act (
  account text not null references account (id) on delete cascade,
  day     bigint not null,
  act     text not null,
  credit  bigint not null,                  -- seconds x basis points
  plays   bigint not null,
  primary key (account, day, act)
);

CREATE TABLE day_batch (
  day        bigint primary key,
  state      bigint not null,               -- 1 sealed, 2 in the log, 3 anchored
  entries    bigint not null,               -- without padding
  first      bigint not null default 0,     -- index of the first entry in the log
  size       bigint not null default 0,     -- of the log behind it
  root       bytea,
  checkpoint text not null default '',
  sealed     bigint not null,
  anchored   bigint not null default 0
);

CREATE TABLE day_row (
  day       bigint not null,                -- the day it is of
  pseudonym bytea not null,
  sequence  bigint not null,
  period    bigint not null,
  batch     bigint not null references day_batch (day),
  position  bigint not null,                -- within the batch
  entry     bytea not null,                 -- SHA-256(salt || data)
  salt      bytea,
  data      bytea,
  primary key (day, pseudonym, sequence)
);

CREATE INDEX day_row_batch on day_row (batch, position);

CREATE INDEX day_row_period on day_row (period, pseudonym, day, sequence);

CREATE TABLE delivery (
  outgoing text not null references outgoing (id) on delete cascade,
  inbox    text not null,
  host     text not null,
  made     bigint not null,
  due      bigint not null,
  tries    bigint not null default 0,
  error    text not null default '',
  primary key (outgoing, inbox)
);

CREATE INDEX delivery_due on delivery (due);

CREATE INDEX delivery_host on delivery (host, made);

CREATE TABLE device (
  id      bytea primary key,                -- first 16 bytes of SHA-256(SPKI)
  account text not null references account (id) on delete cascade,
  alg     text not null,                    -- ed25519, p256
  spki    bytea not null,
  name    text not null,
  created bigint not null,
  revoked bigint not null default 0
);

CREATE INDEX device_account on device (account);

CREATE TABLE flag (
  id       text primary key,
  account  text not null,                    -- who here says so, '' somebody elsewhere, or gone
  actor    text not null,                    -- who elsewhere says so: often a server itself
  host     text not null,                    -- their server, '' here
  activity text not null,                    -- with which they said it
  words    text not null,                    -- plain
  at       bigint not null,
  told     bigint not null default 0,        -- when the other server was told, 0: it was not
  closed   bigint not null default 0,        -- 0: it is open
  closer   text not null default '',         -- account
  note     text not null default ''          -- of the moderators, for moderators
);

CREATE INDEX flag_account on flag (account, at);

CREATE INDEX flag_host on flag (host, at);

CREATE INDEX flag_open on flag (closed, id);

CREATE TABLE flag_subject (
  flag   text not null references flag (id) on delete cascade,
  place  bigint not null,
  kind   text not null,                      -- act, release, comment, act-elsewhere, release-elsewhere
  target text not null,                      -- id here, or address of an actor
  name   text not null,                      -- title, or whose comment
  words  text not null,                      -- plain text of a comment
  page   text not null,                      -- path of it here
  iri    text not null,                      -- its address elsewhere, '' it is of here
  actor  text not null,                      -- whose it is elsewhere
  host   text not null,                      -- their server
  primary key (flag, place)
);

CREATE INDEX flag_subject_actor on flag_subject (actor);

CREATE INDEX flag_subject_target on flag_subject (kind, target);

CREATE TABLE follow (
  account text not null references account (id) on delete cascade,
  act     text not null references act (id) on delete cascade,
  at      bigint not null,
  primary key (account, act)
);

CREATE INDEX follow_act on follow (act);

CREATE INDEX follow_at on follow (account, at, act);

CREATE TABLE following (
  actor    text primary key references remote_actor (id) on delete cascade,
  activity text not null,                    -- the Follow
  state    text not null,                    -- asked, accepted, refused
  asked    bigint not null                   -- when, the last time
);

CREATE INDEX following_activity on following (activity);

CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);

CREATE TABLE goqite (
  id       text primary key default ('m_' || lower(hex(randomblob(16)))),
  created  text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  updated  text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  queue    text not null,
  body     blob not null,
  timeout  text not null default (strftime('%Y-%m-%dT%H:%M:%fZ')),
  received integer not null default 0,
  priority integer not null default 0
) strict;

CREATE INDEX goqite_queue_priority_created_idx on goqite (queue, priority desc, created);

CREATE TABLE held (
  id    text primary key,                    -- the activity's
  host  text not null,
  actor text not null,
  kind  text not null,
  about text not null default '',            -- address of what it is about
  words text not null default '',            -- plain, of what it says
  body  bytea not null,
  size  bigint not null,                     -- of the body
  at    bigint not null
);

CREATE INDEX held_actor on held (actor);

CREATE INDEX held_at on held (at, id);

CREATE INDEX held_host on held (host, at, id);

CREATE TABLE held_lost (
  host text primary key,
  n    bigint not null,
  at   bigint not null
);

CREATE TABLE "history" (
  account text not null references account (id) on delete cascade,
  at      bigint not null,
  track   text not null,
  primary key (account, at, track)
);

CREATE INDEX history_track on history (track);

CREATE TABLE inbox (
  id       text primary key,                 -- the activity's
  host     text not null,
  actor    text not null,
  body     bytea not null,                   -- empty once it is applied
  received bigint not null,
  applied  bigint not null default 0,        -- 0: not yet
  tries    bigint not null default 0,
  error    text not null default ''
, due bigint not null default 0);

CREATE INDEX inbox_asked on inbox (host, received, id, due) where applied = 0 and due > 0;

CREATE INDEX inbox_waiting on inbox (applied, due, received);

CREATE TABLE invitation (
  id      text primary key,
  hash    bytea unique,                     -- SHA-256 of its link's secret; null until the letter is written
  maker   text not null,                    -- account, or operator for the command line
  email   text not null,                    -- where its letter goes; empty: whoever has the link
  role    text not null,
  lang    text not null,
  made    bigint not null,
  until   bigint not null
);

CREATE INDEX invitation_maker on invitation (maker);

CREATE TABLE job (
  id      text primary key,                 -- the message's
  kind    text not null,
  key     text not null default '',         -- '' none; otherwise one waiting job per kind and key
  payload bytea not null,
  state   text not null,                    -- waiting, running, dead
  tries   bigint not null default 0,        -- runs begun
  made    bigint not null,
  due     bigint not null,
  ended   bigint not null default 0,        -- when it was given up
  error   text not null default ''          -- of the last run, for the operator
);

CREATE INDEX job_due on job (state, kind, due);

CREATE UNIQUE INDEX job_key on job (kind, key) where key <> '' and state = 'waiting';

CREATE TRIGGER entry_no_delete before delete on journal_entry begin select raise(abort, 'the journal is append-only'); end;

CREATE TRIGGER entry_no_update before update on journal_entry begin select raise(abort, 'the journal is append-only'); end;

CREATE TABLE journal_entry (
  n    bigint primary key,                  -- 1, 2, 3 ... without a gap
  idem text not null unique,                -- what must not be booked twice
  at   bigint not null,
  memo text not null,
  prev bytea not null,
  hash bytea not null unique
);

CREATE INDEX journal_entry_at on journal_entry (at);

CREATE TABLE ledger_feed (
  id         bigint primary key,            -- 1: there is one ledger
  mode       text   not null,
  checkpoint bigint not null,               -- of the last event, 0 before the first
  tx         text   not null,               -- that recorded it
  at         bigint not null
);

CREATE TABLE ledger_told (
  fn     text   not null,                   -- what the contract's function
  args   text   not null,                   -- answers with these arguments
  answer bytea  not null,                   -- JSON
  at     bigint not null,                   -- when it was told
  primary key (fn, args)
);

CREATE TABLE link (
  hash    bytea primary key,                -- SHA-256 of the secret in a letter
  account text not null references account (id) on delete cascade,
  kind    text not null,                    -- reset, confirm
  email   text not null,                    -- where the letter went
  until   bigint not null
);

CREATE INDEX link_account on link (account, kind);

CREATE TABLE listener_day (
  account  text not null references account (id) on delete cascade,
  day      bigint not null,
  sequence bigint not null,
  hash     bytea not null,
  primary key (account, day)
);

CREATE TABLE listener_month (
  account   text not null references account (id) on delete cascade,
  period    bigint not null,
  pseudonym bytea not null,
  key       bytea not null,
  primary key (account, period)
);

CREATE UNIQUE INDEX listener_month_pseudonym on listener_month (period, pseudonym);

CREATE TABLE listens (
  id      text primary key,                  -- the activity
  host    text not null,
  act     text not null references act (id) on delete cascade,
  track   text not null,
  first   bigint not null,                   -- the days, from and before
  until   bigint not null,
  plays   bigint not null,
  counted bigint not null,
  seconds bigint not null,
  root    text not null,                     -- of that node's log, hex
  proof   bytea not null,                    -- hash of the activity as it came
  at      bigint not null
);

CREATE INDEX listens_act on listens (act, until);

CREATE INDEX listens_host on listens (host, at);

CREATE INDEX listens_track on listens (host, track, until);

CREATE TABLE listens_told (
  track text primary key,                    -- this node's id
  until bigint not null                      -- the first moment that was not told of
);

CREATE TABLE live (
  id        text primary key,                -- this node's
  iri       text not null default '',        -- of its document elsewhere, '' of one here
  act       text references act (id) on delete cascade,            -- whose it is here
  actor     text references remote_actor (id) on delete cascade,   -- or elsewhere
  title     text not null,
  link      text not null,                   -- where it is to be heard
  page      text not null default '',        -- where people look at it over there
  starts    bigint not null,
  ends      bigint not null,                 -- planned, or when it did
  published bigint not null,
  updated   bigint not null
);

CREATE INDEX live_act on live (act, ends);

CREATE INDEX live_actor on live (actor, ends);

CREATE INDEX live_ends on live (ends);

CREATE UNIQUE INDEX live_iri on live (iri) where iri <> '';

CREATE TABLE live_audience (
  live  text not null references live (id) on delete cascade,
  host  text not null,
  n     bigint not null,
  until bigint not null,
  primary key (live, host)
);

CREATE INDEX live_audience_until on live_audience (until);

CREATE TABLE lost (
  host    text not null,
  inbox   text not null,
  what    text not null,                     -- the thing, or the activity where that tells of none
  created bigint not null,                   -- 1: it did not hear that there is such a thing
  made    bigint not null,                   -- when the first of it was made
  at      bigint not null,                   -- when the last was given up
  why     text not null,
  expires bigint not null,                   -- it is of no more use after, 0: never
  primary key (host, inbox, what)
);

CREATE TABLE month_act (
  account text not null references account (id) on delete cascade,
  period  bigint not null,
  act     text not null,
  credit  bigint not null,
  plays   bigint not null,
  days    bigint not null,
  primary key (account, period, act)
);

CREATE TABLE month_line (
  period  bigint not null,
  act     text not null,
  micro   bigint not null,
  plus    bigint not null,
  minus   bigint not null,
  count   bigint not null,
  subroot bytea not null,
  primary key (period, act)
);

CREATE INDEX month_line_act on month_line (act, period);

CREATE TABLE month_row (
  period    bigint not null,
  position  bigint not null,
  pseudonym bytea not null,
  leaf      bytea not null,
  salt      bytea,
  data      bytea,
  carried   bigint not null,                -- what the row was made from besides day rows
  confirmed boolean not null,
  closed    boolean not null, basis bytea,
  primary key (period, position)
);

CREATE UNIQUE INDEX month_row_pseudonym on month_row (period, pseudonym);

CREATE TABLE month_share (
  period   bigint not null,
  act      text not null,
  position bigint not null,                 -- in the act's subtree
  blind    bytea not null,
  micro    bigint not null,
  primary key (period, act, position)
);

CREATE TABLE node_month (
  period bigint primary key,
  key    bytea not null
);

CREATE TABLE notice (
  account text not null references account (id) on delete cascade,
  name    text not null,                     -- what it is about, the same for everybody who is told
  kind    text not null,                     -- notice.Kind
  act     text not null default '',          -- whose music, '' that of an act elsewhere
  actor   text not null default '',          -- somebody on another server: who said it, or whose release it is
  person  text not null default '',          -- somebody here who said it
  release text not null default '',
  track   text not null default '',
  comment text not null default '',
  period  bigint not null default 0,         -- of money
  n       bigint not null default 1,         -- how many did it and did not take it back
  at      bigint not null,                   -- when the last of them did
  seen    boolean not null default false,
  letter  text not null default '', playlist text not null default '', label text not null default '', step  text not null default '',          -- that tells of it, '' none
  primary key (account, name)
);

CREATE INDEX notice_actor on notice (actor) where actor <> '';

CREATE INDEX notice_at on notice (account, at, name);

CREATE INDEX notice_comment on notice (comment) where comment <> '';

CREATE INDEX notice_name on notice (name);

CREATE INDEX notice_old on notice (at);

CREATE INDEX notice_person on notice (person) where person <> '';

CREATE INDEX notice_unseen on notice (account) where seen = false;

CREATE INDEX notice_waiting on notice (kind, account) where seen = false and letter = '';

CREATE TABLE "notice_cause" (
  who  text not null,                        -- an account, or somebody on another server
  what text not null,                        -- the notice's name without its day
  name text not null,                        -- of the notice
  gone boolean not null default false,       -- they took it back
  at   bigint not null,
  primary key (who, what)
);

CREATE INDEX notice_cause_name on notice_cause (name, at);

CREATE INDEX notice_cause_old on notice_cause (at);

CREATE TABLE notice_choice (
  account text not null references account (id) on delete cascade,
  kind    text not null,
  way     text not null,                     -- none, here, day, week
  primary key (account, kind)
);

CREATE TABLE occasion (
  name text primary key,
  last bigint not null
);

CREATE TABLE outgoing (
  id      text primary key,                  -- the activity's
  actor   text not null,                     -- who signs
  about   text not null default '',          -- the thing it tells of, '' none
  kind    text not null,
  body    bytea not null,
  made    bigint not null,
  expires bigint not null default 0
, own bytea not null default '', songs bytea not null default '');

CREATE INDEX outgoing_about on outgoing (about, made);

CREATE INDEX outgoing_listen on outgoing (actor) where kind = 'Listen';

CREATE TABLE paid_elsewhere (
  id        text primary key,                -- the activity
  host      text not null,
  act       text not null references act (id) on delete cascade,
  period    bigint not null,
  listeners bigint not null,                 -- 0: fewer than are told
  micro     bigint not null,
  statement text not null,                   -- hash of that node's settlement, hex
  tx        text not null,                   -- with which it was recorded
  proof     bytea not null,                  -- hash of the activity as it came
  at        bigint not null
);

CREATE UNIQUE INDEX paid_elsewhere_act on paid_elsewhere (act, period, host);

CREATE INDEX paid_elsewhere_host on paid_elsewhere (host);

CREATE INDEX paid_elsewhere_period on paid_elsewhere (period);

CREATE TABLE passed (
  activity text primary key,
  comment  text not null,
  kind     text not null,
  actor    text not null,
  host     text not null,
  at       bigint not null
);

CREATE INDEX passed_actor on passed (actor, at);

CREATE INDEX passed_at on passed (at);

CREATE INDEX passed_comment on passed (comment, at);

CREATE INDEX passed_host on passed (host, at);

CREATE TABLE payment (
  rail         text not null,               -- declared
  event        text not null,               -- unique within the rail
  kind         bigint not null,             -- 0 paid, 1 refunded (formats.md, declared payment)
  subscription text not null references subscription (id),
  micro        bigint not null,
  method       text not null,               -- cash, bank
  reference    text not null,
  day          bigint not null,
  at           bigint not null,
  salt         bytea not null,
  recorded_by  text not null, received bigint not null default 0, note text not null default '',
  primary key (rail, event)
);

CREATE INDEX payment_day on payment (day);

CREATE INDEX payment_recent on payment (at, event);

CREATE INDEX payment_subscription on payment (subscription, at);

CREATE TABLE peer (
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
, arrived bigint not null default 0, lost bigint not null default 0);

CREATE TABLE period_close (
  period     bigint primary key,
  state      bigint not null,               -- 1 compiled, 2 published, 3 booked, 4 final, 5 batch fixed
  settlement bytea,
  signature  bytea,
  rules      text not null,                 -- of the arithmetic, JSON
  tree_a     text not null default '',      -- signed checkpoint of tree A
  published  bigint not null default 0,
  final      bigint not null default 0,
  batch      text not null default '',
  compiled   bigint not null
);

CREATE TABLE person (
  id       text primary key,
  account  text references account (id) on delete set null,   -- null: gone
  handle   text not null,                    -- '' gone
  hash     bytea not null unique,            -- SHA-256 of the handle
  name     text not null,
  about    text not null,
  approves boolean not null,                 -- whoever wants to follow is asked about first
  created  bigint not null,
  changed  bigint not null,
  gone     bigint not null default 0
, listens boolean not null default false);

CREATE UNIQUE INDEX person_account on person (account);

CREATE INDEX person_handle on person (handle);

CREATE TABLE person_boost (
  person  text not null references person (id) on delete cascade,
  release text not null,
  track   text not null,                     -- '' the release as a whole
  at      bigint not null,
  primary key (person, release, track)
);

CREATE INDEX person_boost_at on person_boost (person, at);

CREATE TABLE person_follower (
  person   text not null references person (id) on delete cascade,
  actor    text not null references remote_actor (id) on delete cascade,
  state    text not null,                    -- asked, follows, blocked
  activity text not null,                    -- the Follow
  since    bigint not null, host text not null default '',
  primary key (person, actor)
);

CREATE INDEX person_follower_actor on person_follower (actor);

CREATE INDEX person_follower_host on person_follower (person, host, actor) where state = 'follows';

CREATE INDEX person_follower_state on person_follower (person, state, since);

CREATE TABLE person_reach (
  person text not null references person (id) on delete cascade,
  inbox  text not null,
  host   text not null,
  primary key (person, inbox)
);

CREATE TABLE personal_block (
  account text not null references account (id) on delete cascade,
  name    text not null,                     -- of a server, or handle@host
  actor   text not null default '',          -- address of somebody, '' a server
  since   bigint not null,
  primary key (account, name)
);

CREATE TABLE "play" (
  id        bytea primary key,
  account   text not null references account (id) on delete cascade,
  track     text not null,                  -- of this node, or its own id of one of another
  device    bytea not null,                 -- key id, empty: unsigned class
  sheet     bigint not null,                -- version of the credit sheet at the start
  own       text not null default '',       -- acts of the listener's own on that sheet, separated by spaces
  seconds   bigint not null,                -- of the track
  began     bigint not null,
  ended     bigint not null,                -- as far as claimed
  heard     bigint not null,                -- ms of media time, as far as claimed
  flags     bigint not null,                -- formats.md, play claim
  origin    bytea not null,                 -- keyed hash of where it came from, empty: unknown
  counter   bigint not null,                -- of the claim that stands, 0: none yet
  accepted  bigint not null,                -- how many claims were taken
  seen      bigint not null,                -- when the last was
  hash      bytea not null,                 -- SHA-256 of the claim that stands
  claim     bytea not null,                 -- empty 90 days after the close of the month
  signature bytea not null,
  decision  bigint not null,                -- listen.Decision, 0: it counts
  counted   bigint not null,                -- ms
  answer    bigint not null,                -- decision the receipt named
  answered  bigint not null,                -- ms the receipt named
  sealed    boolean not null,               -- the claim that stands is in a day row
  logged    bytea not null default ''       -- hash of the claim as the last row holds it
, told boolean not null default false);

CREATE INDEX play_account on play (account, began);

CREATE INDEX play_began on play (began);

CREATE INDEX play_track on play (track);

CREATE INDEX play_unsealed on play (account, began) where not sealed;

CREATE TABLE playlist (
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
, act text not null default '');

CREATE INDEX playlist_access on playlist (access, changed);

CREATE INDEX playlist_account on playlist (account, changed);

CREATE INDEX playlist_act on playlist (act) where act <> '';

CREATE TABLE "playlist_item" (
  id       text primary key,
  playlist text not null references playlist (id) on delete cascade,
  position bigint not null,                 -- 0, 1, 2 ... without a gap
  track    text not null,                   -- of this node, or remote_line
  added    bigint not null
);

CREATE INDEX playlist_item_order on playlist_item (playlist, position);

CREATE INDEX playlist_item_track on playlist_item (track);

CREATE TRIGGER posting_no_delete before delete on posting begin select raise(abort, 'the journal is append-only'); end;

CREATE TRIGGER posting_no_update before update on posting begin select raise(abort, 'the journal is append-only'); end;

CREATE TRIGGER posting_sealed before insert on posting
when new.entry <> (select max(n) from journal_entry)
begin select raise(abort, 'the entry is sealed'); end;

CREATE TABLE posting (
  entry bigint not null references journal_entry (n),
  line  bigint not null,
  book  text not null,                      -- liabilities:act:01J...
  asset text not null,
  micro bigint not null check (micro <> 0), -- debit positive, credit negative
  primary key (entry, line)
);

CREATE INDEX posting_book on posting (book, entry);

CREATE TABLE reaction (
  actor    text not null references remote_actor (id) on delete cascade,
  kind     text not null,                    -- like, boost
  release  text not null references release (id) on delete cascade,
  track    text not null,                    -- '' the release as a whole
  activity text not null,                    -- with which it was said
  at       bigint not null,
  primary key (actor, kind, release, track)
);

CREATE INDEX reaction_activity on reaction (actor, activity);

CREATE INDEX reaction_release on reaction (release, track, kind);

CREATE TABLE release (
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

CREATE INDEX release_act on release (act, created);

CREATE INDEX release_due on release (state, publish_at);

CREATE UNIQUE INDEX release_preview on release (preview) where preview <> '';

CREATE TABLE "release_like" (
  account text not null references account (id) on delete cascade,
  release text not null,
  at      bigint not null,
  primary key (account, release)
);

CREATE INDEX release_like_at on release_like (account, at, release);

CREATE INDEX release_like_release on release_like (release);

CREATE TABLE release_line (
  release   text primary key references release (id) on delete cascade,
  act       text not null,
  published bigint not null,
  plays     bigint not null default 0,
  card      text not null
);

CREATE INDEX release_line_act on release_line (act, published, release);

CREATE INDEX release_line_new on release_line (published, release);

CREATE INDEX release_line_popular on release_line (plays, release);

CREATE TABLE remote_actor (
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
, releases text not null default '', playlists text not null default '', looked bigint not null default 0, lines text not null default '');

CREATE INDEX remote_actor_handle on remote_actor (host, handle);

CREATE INDEX remote_actor_host on remote_actor (host);

CREATE INDEX remote_actor_inbox on remote_actor (inbox);

CREATE TABLE remote_boost (
  id       text primary key,
  actor    text not null references remote_actor (id) on delete cascade,
  activity text not null,                    -- the Announce
  about    text not null,                    -- the address of what is shared
  release  text not null default '',         -- of this node or another, '' not found yet
  track    text not null default '',         -- '' the release as a whole
  at       bigint not null, seen bigint not null default 0,
  unique (actor, about)
);

CREATE INDEX remote_boost_at on remote_boost (actor, at);

CREATE INDEX remote_boost_release on remote_boost (release, track);

CREATE TABLE remote_credits (
  release text primary key references remote_release (id) on delete cascade,
  state   text not null,                     -- holds, unpaid (its server is no node), refused
  trouble text not null default '',          -- why, in words
  proved  bigint not null default 0,         -- when the document that holds was made
  fetched bigint not null default 0,         -- when it was fetched last
  tried   bigint not null                    -- when it was asked for last
);

CREATE TABLE remote_follow (
  account text not null references account (id) on delete cascade,
  actor   text not null references remote_actor (id) on delete cascade,
  since   bigint not null,
  primary key (account, actor)
);

CREATE INDEX remote_follow_actor on remote_follow (actor);

CREATE TABLE remote_follower (
  act      text not null references act (id) on delete cascade,
  actor    text not null references remote_actor (id) on delete cascade,
  activity text not null,                    -- the Follow
  since    bigint not null, host text not null default '',
  primary key (act, actor)
);

CREATE INDEX remote_follower_actor on remote_follower (actor);

CREATE INDEX remote_follower_host on remote_follower (act, host, actor);

CREATE TABLE remote_item (
  playlist text not null references remote_playlist (id) on delete cascade,
  place    bigint not null,                  -- from 0
  iri      text not null,                    -- of the track's document, on whatever server
  track    text not null default '',         -- its id here, '' it is not known yet
  asked    bigint not null default 0,        -- how often its server was asked for it
  primary key (playlist, place)
);

CREATE INDEX remote_item_iri on remote_item (iri);

CREATE TABLE remote_key (
  id      text primary key,
  owner   text not null references remote_actor (id) on delete cascade,
  public  bytea not null,                    -- PKIX
  fetched bigint not null
, ended bigint not null default 0);

CREATE INDEX remote_key_owner on remote_key (owner);

CREATE TABLE remote_line (
  track text primary key,                    -- its id here
  iri   text not null,                       -- it is the same when it comes back from there
  actor text not null,                       -- whose it is
  card  text not null                        -- music.TrackRow, packed
);

CREATE INDEX remote_line_iri on remote_line (iri);

CREATE TABLE remote_payee (
  act     text primary key,
  actor   text not null unique,              -- its document
  host    text not null,
  handle  text not null,
  name    text not null,
  picture text not null default '',          -- address
  proof   bytea not null,                    -- of the document with its wallets
  proved  bigint not null                    -- when that was made
);

CREATE TABLE remote_picture (
  url     text primary key,
  cover   text not null default '',          -- '' it cannot be had
  light   text not null default '',
  dark    text not null default '',
  fetched bigint not null
, etag text not null default '', modified text not null default '');

CREATE TABLE remote_playlist (
  id          text primary key,
  iri         text not null unique,          -- of its document
  actor       text not null references remote_actor (id) on delete cascade,
  title       text not null,
  description text not null default '',      -- plain text
  page        text not null default '',      -- where people look at it
  published   bigint not null,
  updated     bigint not null
, listed boolean not null default true, collaborators text not null default '');

CREATE INDEX remote_playlist_actor on remote_playlist (actor, updated);

CREATE TABLE remote_proof (
  hash    bytea primary key,                 -- SHA-256 of the body
  body    bytea not null,
  fetched bigint not null
);

CREATE TABLE remote_release (
  id          text primary key,
  iri         text not null unique,          -- of its document
  actor       text not null references remote_actor (id) on delete cascade,
  title       text not null,
  artist      text not null default '',
  kind        text not null default '',      -- album, ep, single; '' unknown
  date        text not null default '',
  licence     text not null default '',      -- address
  description text not null default '',      -- plain text
  page        text not null default '',      -- where people look at it
  picture     text not null default '',      -- address of its cover
  published   bigint not null,
  updated     bigint not null default 0,
  fetched     bigint not null
, replies text not null default '', label text not null default '', language text not null default '', tags text not null default '', likes text not null default '', shares text not null default '', conversation text not null default '', explicit boolean not null default false, post text not null default '');

CREATE INDEX remote_release_actor on remote_release (actor, published);

CREATE TABLE remote_share (
  track   text not null,
  version bigint not null,
  act     text not null references remote_payee (act),
  bps     bigint not null,
  primary key (track, version, act),
  foreign key (track, version) references remote_sheet (track, version) on delete cascade
);

CREATE TABLE remote_sheet (
  track   text not null,                     -- this node's id
  version bigint not null,                   -- its home's
  name    text not null,                     -- its id at home, "@", its home
  since   bigint not null,                   -- in force from
  proof   bytea not null,
  primary key (track, version)
);

CREATE INDEX remote_sheet_name on remote_sheet (name, track);

CREATE TABLE remote_track (
  id         text primary key,
  iri        text not null unique,
  release    text not null references remote_release (id) on delete cascade,
  place      bigint not null,                -- in the release, from 0
  disc       bigint not null default 1,
  number     bigint not null,
  title      text not null,
  artist     text not null default '',
  duration   bigint not null default 0,      -- milliseconds
  isrc       text not null default '',
  explicit   boolean not null default false,
  lyrics     text not null default '',
  sound      text not null,                  -- address of the file
  media_type text not null,
  loudness   bigint,                         -- thousandths of a LUFS; null: not measured
  peak       bigint not null default 0,      -- thousandths of a dBTP
  album_gain bigint not null default 0       -- thousandths of a dB
, segments text not null default '', peaks bytea, recording text not null default '', song text not null default '', digest text not null default '', manifest text not null default '', people text not null default '', post text not null default '');

CREATE INDEX remote_track_release on remote_track (release, place);

CREATE INDEX remote_track_song on remote_track (song) where song <> '';

CREATE TABLE remote_wallet (
  act     text not null references remote_payee (act) on delete cascade,
  line    bigint not null,
  address text not null,                     -- 0x and 40 hex digits
  bps     bigint not null,
  primary key (act, line)
);

CREATE TABLE rendition (
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
  bytes       bigint not null, peak bigint not null default 0,
  primary key (id, track)
);

CREATE INDEX rendition_track on rendition (track, original, codec);

CREATE TABLE "resume" (
  account     text primary key references account (id) on delete cascade,
  track       text not null,
  position_ms bigint not null,
  queue       text not null,                -- JSON list of track ids
  at          bigint not null
);

CREATE INDEX resume_track on resume (track);

CREATE TABLE retention (
  period   bigint primary key,
  origins  bigint not null default 0,        -- where plays came from: once the month is final
  receipts bigint not null default 0         -- day rows, month rows and their keys: thirteen months after
);

CREATE TABLE retired (
  hash bytea primary key,                   -- SHA-256 of the handle
  at   bigint not null
);

CREATE TRIGGER search_doc_delete after delete on search_doc begin
  insert into search_index (search_index, rowid, title, maker, more) values ('delete', old.n, old.title, old.maker, old.more);
end;

CREATE TRIGGER search_doc_insert after insert on search_doc begin
  insert into search_index (rowid, title, maker, more) values (new.n, new.title, new.maker, new.more);
end;

CREATE TRIGGER search_doc_update after update of title, maker, more on search_doc
when old.title <> new.title or old.maker <> new.maker or old.more <> new.more begin
  insert into search_index (search_index, rowid, title, maker, more) values ('delete', old.n, old.title, old.maker, old.more);
  insert into search_index (rowid, title, maker, more) values (new.n, new.title, new.maker, new.more);
end;

CREATE TABLE search_doc (
  n     bigint primary key,                 -- kind * 2^40 + a counter
  kind  bigint not null,                    -- music.Found: 1 track, 2 release, 3 act, 4 playlist
  ref   text not null,
  title text not null,
  maker text not null,
  more  text not null,
  card  text not null
);

CREATE UNIQUE INDEX search_doc_ref on search_doc (kind, ref);

CREATE INDEX search_doc_title on search_doc (kind, title);

CREATE VIRTUAL TABLE search_index using fts5 (
  title, maker, more,
  content = 'search_doc', content_rowid = 'n',
  tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3'
);

CREATE TABLE 'search_index_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'search_index_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'search_index_docsize'(id INTEGER PRIMARY KEY, sz BLOB);

CREATE TABLE 'search_index_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TABLE server_rule (
  host    text primary key,
  verdict text not null,                     -- allow, block
  reason  text not null default '',
  since   bigint not null
, actor text not null default '');

CREATE INDEX server_rule_actor on server_rule (actor);

CREATE TABLE session (
  hash    bytea primary key,                -- SHA-256 of the cookie's token
  account text not null references account (id) on delete cascade,
  agent   text not null,
  created bigint not null,
  seen    bigint not null,
  expires bigint not null
);

CREATE INDEX session_account on session (account);

CREATE TABLE setting (
  key   text primary key,
  value text not null
);

CREATE TABLE sheet (
  track   text not null references track (id) on delete cascade,
  version bigint not null,                  -- 1, 2, 3 ...
  state   text not null,                    -- waiting, in_force, replaced, withdrawn
  created bigint not null,
  since   bigint not null default 0,        -- in force from
  until   bigint not null default 0,        -- replaced at
  primary key (track, version)
);

CREATE TABLE sheet_share (
  track     text not null,
  version   bigint not null,
  act       text not null references act (id),
  bps       bigint not null,
  confirmed bigint not null default 0,      -- when, 0 not yet
  primary key (track, version, act),
  foreign key (track, version) references sheet (track, version) on delete cascade
);

CREATE INDEX sheet_share_act on sheet_share (act, confirmed);

CREATE TABLE sound_asked (
  host  text not null,
  track text not null,
  day   bigint not null,
  n     bigint not null,
  primary key (host, track, day)
);

CREATE TABLE subscription (
  id         text primary key,
  account    text not null,                 -- '' once the account is deleted
  state      text not null,                 -- open, active, past_due, expired, cancelled
  started    bigint not null,
  changed    bigint not null,
  paid_until bigint not null default 0,     -- period YYYYMM that is paid, 0 none
  ends       bigint not null default 0      -- period after which a cancelled one ends
);

CREATE INDEX subscription_account on subscription (account);

CREATE INDEX subscription_state on subscription (state);

CREATE TABLE tag (
  name     text primary key,
  releases bigint not null
);

CREATE INDEX tag_releases on tag (releases, name);

CREATE TABLE tag_line (
  tag       text not null,
  published bigint not null,
  release   text not null references release (id) on delete cascade,
  primary key (tag, published, release)
);

CREATE INDEX tag_line_release on tag_line (release);

CREATE TABLE tag_track_line (
  tag       text not null,
  published bigint not null,
  track     text not null references track (id) on delete cascade,
  release   text not null,
  primary key (tag, published, track)
);

CREATE INDEX tag_track_line_release on tag_track_line (release);

CREATE TABLE talk_elsewhere (
  release text not null references remote_release (id) on delete cascade,
  track   text not null,                     -- '' the release as a whole
  likes   bigint not null default 0,
  shares  bigint not null default 0,
  asked   bigint not null default 0,         -- of the release as a whole; 0 never
  primary key (release, track)
);

CREATE TABLE token (
  id      text primary key,
  account text not null references account (id) on delete cascade,
  hash    bytea not null unique,
  name    text not null,
  scopes  text not null,                    -- separated by spaces
  created bigint not null,
  seen    bigint not null default 0,
  expires bigint not null default 0         -- 0: never
);

CREATE INDEX token_account on token (account);

CREATE TABLE track (
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
, recording text not null default '');

CREATE INDEX track_act on track (act);

CREATE INDEX track_release on track (release, disc, number, id);

CREATE TABLE "track_like" (
  account text not null references account (id) on delete cascade,
  track   text not null,
  at      bigint not null,
  primary key (account, track)
);

CREATE INDEX track_like_at on track_like (account, at, track);

CREATE INDEX track_like_track on track_like (track);

CREATE TABLE track_line (
  track     text primary key references track (id) on delete cascade,
  release   text not null,
  act       text not null,
  published bigint not null,
  plays     bigint not null default 0,
  disc      bigint not null,
  number    bigint not null,
  card      text not null
);

CREATE INDEX track_line_act on track_line (act, published, track);

CREATE INDEX track_line_act_popular on track_line (act, plays, track);

CREATE INDEX track_line_new on track_line (published, track);

CREATE INDEX track_line_popular on track_line (plays, track);

CREATE INDEX track_line_release on track_line (release, disc, number, track);

CREATE TABLE upload (
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

CREATE INDEX upload_account on upload (account, state);

CREATE INDEX upload_release on upload (release, created);

CREATE INDEX upload_state on upload (state, changed);

