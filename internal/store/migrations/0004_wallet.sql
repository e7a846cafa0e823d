-- +goose Up
create table journal_entry (
  n    bigint primary key,                  -- 1, 2, 3 ... without a gap
  idem text not null unique,                -- what must not be booked twice
  at   bigint not null,
  memo text not null,
  prev bytea not null,
  hash bytea not null unique
);
create index journal_entry_at on journal_entry (at);

create table posting (
  entry bigint not null references journal_entry (n),
  line  bigint not null,
  book  text not null,                      -- liabilities:act:01J...
  asset text not null,
  micro bigint not null check (micro <> 0), -- debit positive, credit negative
  primary key (entry, line)
);
create index posting_book on posting (book, entry);

-- The running balance of each book, kept in the transaction of the posting.
create table balance (
  book  text not null,
  asset text not null,
  micro bigint not null,
  primary key (book, asset)
);

create table subscription (
  id         text primary key,
  account    text not null,                 -- '' once the account is deleted
  state      text not null,                 -- open, active, past_due, expired, cancelled
  started    bigint not null,
  changed    bigint not null,
  paid_until bigint not null default 0,     -- period YYYYMM that is paid, 0 none
  ends       bigint not null default 0      -- period after which a cancelled one ends
);
create index subscription_account on subscription (account);
create index subscription_state on subscription (state);

-- What a subscription was charged for a period: the pot of one month row.
create table charge (
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
create index charge_period on charge (period);
create index charge_account on charge (account, period);

-- Money as it came in or went back, by rail.
create table payment (
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
  recorded_by  text not null,
  primary key (rail, event)
);
create index payment_day on payment (day);
create index payment_subscription on payment (subscription, at);
