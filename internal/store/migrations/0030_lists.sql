-- +goose Up
-- What anybody or any page may ask for is found, not searched for.
create index account_reset on account (reset_hash) where reset_hash is not null;
create index payment_recent on payment (at, event);
