-- +goose Up
-- The day rows of an earlier month by which this one was paid: its receipt needs
-- them for as long as the row is kept.
alter table month_row add column basis bytea;
