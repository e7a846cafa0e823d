-- +goose Up
-- Documents are folded before they are stored, so the plain configuration
-- takes them as they are.
alter table search_doc add column words tsvector generated always as (
  setweight(to_tsvector('simple', title), 'A') ||
  setweight(to_tsvector('simple', maker), 'B') ||
  setweight(to_tsvector('simple', more), 'C')) stored;
create index search_doc_words on search_doc using gin (words);
