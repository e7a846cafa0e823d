-- +goose Up
-- The conversation in which a release of another server says that it is (FEP-7888), '' none:
-- what is said of it here by who is seen there is part of that.
alter table remote_release add column conversation text not null default '';
