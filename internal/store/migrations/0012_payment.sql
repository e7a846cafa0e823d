-- +goose Up
-- What the operator says of a payment by hand, beside what is booked.
alter table payment add column received bigint not null default 0; -- day YYYYMMDD the money came or went, 0 the day it was recorded
alter table payment add column note text not null default '';      -- for the operator's eyes
