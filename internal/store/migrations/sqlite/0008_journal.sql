-- +goose Up
-- The journal is append-only: what is booked stays booked.
-- +goose StatementBegin
create trigger entry_no_update before update on journal_entry begin select raise(abort, 'the journal is append-only'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger entry_no_delete before delete on journal_entry begin select raise(abort, 'the journal is append-only'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger posting_no_update before update on posting begin select raise(abort, 'the journal is append-only'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger posting_no_delete before delete on posting begin select raise(abort, 'the journal is append-only'); end;
-- +goose StatementEnd
-- A posting may only join the newest entry.
-- +goose StatementBegin
create trigger posting_sealed before insert on posting
when new.entry <> (select max(n) from journal_entry)
begin select raise(abort, 'the entry is sealed'); end;
-- +goose StatementEnd
