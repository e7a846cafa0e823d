-- +goose Up
-- What was answered to changes that carried an Idempotency-Key, so that the same
-- request again changes nothing. The row is written with the change itself; its
-- answer follows, and is missing where the node died between the two.
create table answered (
  account text not null references account (id) on delete cascade,
  key     bytea not null,                    -- SHA-256 of the key
  request bytea not null,                    -- keyed digest of what was asked
  at      bigint not null,
  status  bigint not null,                   -- of the answer; 0: it is not known
  type    text not null,
  body    bytea not null,
  primary key (account, key)
);
create index answered_at on answered (at);
create index answered_account on answered (account, at);
