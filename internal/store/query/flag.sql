-- name: FlagPut :exec
insert into flag (id, account, actor, host, activity, words, at) values (@id, @account, @actor, @host, @activity, @words, @at);

-- name: FlagSubjectPut :exec
insert into flag_subject (flag, place, kind, target, name, words, page, iri, actor, host) values (@flag, @place, @kind, @target, @name, @words, @page, @iri, @actor, @host);

-- name: FlagByID :one
select sqlc.embed(f), coalesce(a.handle, '') as here_handle, coalesce(a.name, '') as here_name, coalesce(r.handle, '') as there_handle, coalesce(r.name, '') as there_name, coalesce(r.url, '') as there_url, coalesce(c.handle, '') as closed_by
from flag f left join account a on a.id = f.account left join remote_actor r on r.id = f.actor left join account c on c.id = f.closer where f.id = @id;

-- name: FlagsOpen :many
select id from flag where closed = 0 and id < @before order by id desc limit @lim;

-- name: FlagsClosed :many
select id from flag where closed > 0 and id < @before order by id desc limit @lim;

-- name: FlagSubjects :many
select * from flag_subject where flag = @flag order by place;

-- name: FlagClose :exec
update flag set closed = @closed, closer = @closer, note = @note where id = @id;

-- name: FlagTold :exec
update flag set told = @told where id = @id;

-- name: FlagsBy :one
select count(*) from flag where account = @account and at > @since;

-- name: FlagsFrom :one
select count(*) from flag where host = @host and account = '' and at > @since;

-- name: FlagsWaiting :one
select count(*) from flag where closed = 0;

-- name: FlagsWaitingThere :one
select count(*) from flag where closed = 0 and host <> '';

-- name: FlagOpenOf :one
select count(*) from flag f join flag_subject s on s.flag = f.id where f.closed = 0 and f.account = @account and s.kind = @kind and s.target = @target;

-- name: FlagDropBy :exec
delete from flag where actor = @actor and activity = @activity and actor <> '' and closed = 0;

-- name: FlagDropActor :exec
delete from flag where actor = @actor and actor <> '' and closed = 0;

-- name: FlagDropHost :exec
delete from flag where host = @host and host <> '' and closed = 0;

-- name: FlagExpire :exec
delete from flag where closed > 0 and closed < @before;

-- name: FlagForgetAccount :exec
update flag set account = '' where account = @account;
