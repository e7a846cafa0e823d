-- name: JobInsert :exec
insert into job (id, kind, key, payload, state, made, due)
values (@id, @kind, @key, @payload, 'waiting', @made, @due);

-- name: JobWaiting :one
select id, due from job where kind = @kind and key = @key and key <> '' and state = 'waiting';

-- name: JobDue :many
select kind, cast(min(due) as bigint) as due from job where state = 'waiting' group by kind order by kind;

-- name: JobByID :one
select * from job where id = @id;

-- name: JobStart :one
update job set state = 'running', tries = tries + 1 where id = @id returning *;

-- name: JobWait :exec
update job set state = 'waiting', tries = @tries, due = @due, error = @error where id = @id;

-- name: JobAdvance :exec
update job set due = @due where id = @id;

-- name: JobBury :exec
update job set state = 'dead', ended = @ended, error = @error where id = @id;

-- name: JobDelete :execrows
delete from job where id = @id;

-- name: JobRunning :many
select * from job where state = 'running' order by id;

-- name: JobPending :many
select * from job where kind = @kind and state <> 'dead' order by made, id;

-- name: JobDead :many
select * from job where state = 'dead' order by ended desc, id limit @n;

-- name: JobExpireDead :exec
delete from job where state = 'dead' and kind = @kind and ended < @before;

-- name: JobCounts :many
select kind, state, count(*) as n from job group by kind, state order by kind, state;

-- name: OccasionLast :one
select last from occasion where name = @name;

-- name: OccasionSet :exec
insert into occasion (name, last) values (@name, @last)
on conflict (name) do update set last = excluded.last;
