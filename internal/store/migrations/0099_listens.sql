-- +goose Up
-- How much a node told of plays in a day is counted.
create index listens_host on listens (host, at);
