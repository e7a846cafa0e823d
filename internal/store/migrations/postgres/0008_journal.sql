-- +goose Up
-- The journal is append-only: what is booked stays booked.
-- +goose StatementBegin
create function journal_refuse() returns trigger language plpgsql as $$
begin raise exception 'the journal is append-only'; end $$;
-- +goose StatementEnd
create trigger entry_fixed before update or delete on journal_entry for each row execute function journal_refuse();
create trigger posting_fixed before update or delete on posting for each row execute function journal_refuse();
-- A posting may only join the newest entry.
-- +goose StatementBegin
create function posting_refuse() returns trigger language plpgsql as $$
begin
  if new.entry <> (select max(n) from journal_entry) then raise exception 'the entry is sealed'; end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger posting_sealed before insert on posting for each row execute function posting_refuse();
