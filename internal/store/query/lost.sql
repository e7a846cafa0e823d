-- name: LostKeep :exec
insert into lost (host, inbox, what, created, made, at, why, expires)
select d.host, d.inbox, case when o.about = '' then o.id else o.about end as what,
  case when o.kind = 'Create' then 1 else 0 end as created, d.made, cast(@at as bigint) as at, cast(@why as text) as why, o.expires
from delivery d join outgoing o on o.id = d.outgoing
where d.outgoing = @outgoing and d.inbox = @inbox
on conflict (host, inbox, what) do update set created = case when excluded.created > lost.created then excluded.created else lost.created end,
  at = excluded.at, why = excluded.why, expires = excluded.expires;

-- What expired meanwhile is of no use to anybody, and is not lost.
-- name: LostKeepOld :exec
insert into lost (host, inbox, what, created, made, at, why, expires)
select d.host, d.inbox, case when o.about = '' then o.id else o.about end as what,
  max(case when o.kind = 'Create' then 1 else 0 end) as created, min(d.made) as made, cast(@now as bigint) as at,
  case when max(d.error) = '' then cast(@why as text) else max(d.error) end as why, max(o.expires) as expires
from delivery d join outgoing o on o.id = d.outgoing
where d.made < @before and (o.expires = 0 or o.expires > @now)
group by d.host, d.inbox, case when o.about = '' then o.id else o.about end
on conflict (host, inbox, what) do update set created = case when excluded.created > lost.created then excluded.created else lost.created end,
  at = excluded.at, why = excluded.why, expires = excluded.expires;

-- name: PeerLoseOld :exec
insert into peer (host, lost)
select d.host, count(*) as lost from delivery d join outgoing o on o.id = d.outgoing
where d.made < @before and (o.expires = 0 or o.expires > @now)
group by d.host
on conflict (host) do update set lost = peer.lost + excluded.lost;

-- Who heard that there is a thing, or that there is none any more, has lost nothing of it.
-- name: LostArrived :exec
delete from lost where host = @host and inbox = @inbox and what = @what and created <= @created;

-- name: LostRegain :exec
delete from lost where host = @host and what = @what;

-- name: LostOfHost :many
select * from lost where host = @host and (expires = 0 or expires > @now) order by made, what, inbox;

-- name: LostCounts :many
select l.host, count(*) as n, cast(min(l.made) as bigint) as oldest,
  cast((select w.why from lost w where w.host = l.host and (w.expires = 0 or w.expires > @now) order by w.at desc, w.what, w.inbox limit 1) as text) as why
from lost l where l.expires = 0 or l.expires > @now group by l.host order by l.host;

-- name: LostExpire :exec
delete from lost where expires > 0 and expires <= @now;

-- name: LostDropInbox :exec
delete from lost where inbox = @inbox;

-- name: LostDropHost :exec
delete from lost where host = @host;

-- name: DeliveryKeepHost :exec
delete from delivery where outgoing = @outgoing and host <> @host;

-- name: FollowingOnHost :many
select a.* from following f join remote_actor a on a.id = f.actor where a.host = @host order by a.id;

-- name: DeliveryCount :one
select count(*) from delivery where outgoing = @outgoing;
