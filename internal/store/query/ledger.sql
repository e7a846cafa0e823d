-- name: LedgerFeed :one
select * from ledger_feed where id = 1;

-- name: LedgerFeedSet :exec
insert into ledger_feed (id, mode, checkpoint, tx, at) values (1, @mode, @checkpoint, @tx, @at)
on conflict (id) do update set mode = excluded.mode, checkpoint = excluded.checkpoint, tx = excluded.tx, at = excluded.at;

-- name: LedgerTold :one
select answer from ledger_told where fn = @fn and args = @args;

-- name: LedgerToldOf :many
select args, answer, at from ledger_told where fn = @fn order by args;

-- name: LedgerTell :exec
insert into ledger_told (fn, args, answer, at) values (@fn, @args, @answer, @at)
on conflict (fn, args) do update set answer = excluded.answer, at = excluded.at;

-- name: LedgerForget :exec
delete from ledger_told;

-- name: DaysLogged :one
select count(*) as n, cast(coalesce(min(day), 0) as bigint) as day, cast(coalesce(min(sealed), 0) as bigint) as since from day_batch where state = 2;
