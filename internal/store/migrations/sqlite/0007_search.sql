-- +goose Up
-- Documents are folded before they are stored, so the index takes them as
-- they are. Two and three letter prefixes have indexes of their own.
create virtual table search_index using fts5 (
  title, maker, more,
  content = 'search_doc', content_rowid = 'n',
  tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3'
);
-- +goose StatementBegin
create trigger search_doc_insert after insert on search_doc begin
  insert into search_index (rowid, title, maker, more) values (new.n, new.title, new.maker, new.more);
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger search_doc_delete after delete on search_doc begin
  insert into search_index (search_index, rowid, title, maker, more) values ('delete', old.n, old.title, old.maker, old.more);
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger search_doc_update after update of title, maker, more on search_doc
when old.title <> new.title or old.maker <> new.maker or old.more <> new.more begin
  insert into search_index (search_index, rowid, title, maker, more) values ('delete', old.n, old.title, old.maker, old.more);
  insert into search_index (rowid, title, maker, more) values (new.n, new.title, new.maker, new.more);
end;
-- +goose StatementEnd
