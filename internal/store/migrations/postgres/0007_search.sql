-- +goose Up
-- Documents are folded before they are stored, so the plain configuration
-- takes them as they are.
-- Beginnings of titles and tags are found by the order of bytes.
alter table search_doc alter column title type text collate "C";
alter table tag alter column name type text collate "C";
alter table search_doc add column words tsvector generated always as (
  setweight(to_tsvector('simple', title), 'A') ||
  setweight(to_tsvector('simple', maker), 'B') ||
  setweight(to_tsvector('simple', more), 'C')) stored;
create index search_doc_words on search_doc using gin (words);
