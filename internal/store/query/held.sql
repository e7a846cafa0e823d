-- name: HeldPut :execrows
insert into held (id, host, actor, kind, about, words, body, size, at) values (@id, @host, @actor, @kind, @about, @words, @body, @size, @at)
on conflict (id) do nothing;

-- name: HeldOne :one
select * from held where id = @id;

-- name: HeldList :many
select id, host, actor, kind, about, words, size, at from held
where (cast(@host as text) = '' or host = @host) and (at > @at or at = @at and id > @after) order by at, id limit @lim;

-- name: HeldOldest :many
select * from held where host = @host order by at, id limit @lim;

-- name: HeldHosts :many
select host, count(*) as n, cast(sum(size) as bigint) as size from held group by host order by host limit @lim;

-- name: HeldSum :one
select count(*) as n, cast(coalesce(sum(size), 0) as bigint) as size from held where cast(@host as text) = '' or host = @host;

-- name: HeldFirst :one
select id, host, size from held where cast(@host as text) = '' or host = @host order by at, id limit 1;

-- name: HeldDrop :execrows
delete from held where id = @id;

-- name: HeldDropHost :execrows
delete from held where host = @host;

-- name: HeldDropBy :exec
delete from held where actor = @actor;

-- name: HeldDropAbout :exec
delete from held where actor = @actor and (id = @what or about = @what);

-- name: HeldExpire :exec
delete from held where at < @before;

-- name: HeldLostAdd :exec
insert into held_lost (host, n, at) values (@host, 1, @at) on conflict (host) do update set n = held_lost.n + 1, at = excluded.at;

-- name: HeldLost :many
select * from held_lost order by host;

-- name: HeldLostDrop :exec
delete from held_lost where host = @host;

-- name: HeldLostExpire :exec
delete from held_lost where at < @before;

-- name: InboxKnows :one
select count(*) from inbox where id = @id;
