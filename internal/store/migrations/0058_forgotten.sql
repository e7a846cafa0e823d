-- +goose Up
-- What the nightly forgetting asks for each row that may go.
create index flag_subject_actor on flag_subject (actor);
create index following_activity on following (activity);
