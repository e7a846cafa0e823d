-- The ledger's own file. Rows of creator, tx and history are only ever added.
create table if not exists creator (
	hash     blob primary key, -- SHA-256 of identity
	identity blob not null     -- msp.SerializedIdentity
) without rowid;

create table if not exists tx (
	n       integer primary key, -- from 1, without gaps
	id      text    not null unique,
	at      integer not null,    -- Unix milliseconds UTC
	creator blob    not null references creator (hash),
	args    blob    not null,    -- the function and its arguments: list<u32 length, bytes>
	event   text    not null,    -- "" for none
	payload blob    not null,    -- of the event
	prev    blob    not null,    -- hash of transaction n-1, zeros for the first
	hash    blob    not null
);

create table if not exists history (
	key blob    not null,
	n   integer not null references tx (n),
	val blob,                    -- null: deleted
	primary key (key, n)
) without rowid;
create index if not exists history_n on history (n);

create table if not exists state (
	key blob primary key,
	val blob not null
) without rowid;
