-- name: ServerRule :one
select * from server_rule where host = @host;

-- name: ServerVerdicts :many
select r.host, r.verdict, cast(1 as integer) as own from server_rule r where r.host in (@one, @two, @three, @four)
union all
select l.host, l.counts as verdict, cast(0 as integer) as own from blocklist_rule l where l.host in (@one, @two, @three, @four) and l.counts <> '';

-- All of them, at most so many.
-- name: ServerVerdictsAll :many
select r.host, r.verdict, cast(1 as integer) as own from server_rule r
union all
select l.host, l.counts as verdict, cast(0 as integer) as own from blocklist_rule l where l.counts <> '' limit @lim;

-- name: ServerRulePut :exec
insert into server_rule (host, actor, verdict, reason, since) values (@host, @actor, @verdict, @reason, @since)
on conflict (host) do update set actor = excluded.actor, verdict = excluded.verdict, reason = excluded.reason, since = excluded.since;

-- name: ActorRule :one
select * from server_rule where actor = @actor and actor <> '' order by since desc limit 1;

-- name: ActorsRuled :one
select cast(exists (select 1 from server_rule where actor <> '') as boolean) as some;

-- name: ServerRuleDrop :exec
delete from server_rule where host = @host;

-- name: ServerRules :many
select * from server_rule where host > @after order by host limit @lim;

-- name: RemoteActorsOfHost :many
select id from remote_actor where host = @host order by id limit @lim;

-- name: DeliveryDropHost :exec
delete from delivery where host = @host;

-- name: PeerDrop :exec
delete from peer where host = @host;
