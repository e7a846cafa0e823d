-- name: AnsweredGet :one
select * from answered where account = @account and key = @key and at > @since;

-- name: AnsweredCount :one
select count(*) as n, cast(coalesce(min(at), 0) as bigint) as oldest from answered where account = @account and at > @since;

-- name: AnsweredPut :exec
insert into answered (account, key, request, at, status, type, body)
select id, @key, @request, @at, @status, @type, @body from account where id = @account
on conflict (account, key) do update set request = excluded.request, at = excluded.at, status = excluded.status, type = excluded.type, body = excluded.body;

-- name: AnsweredExpire :exec
delete from answered where at <= @before;
