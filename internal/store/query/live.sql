-- name: LivePut :exec
insert into live (id, iri, act, actor, title, link, page, starts, ends, published, updated)
values (@id, @iri, nullif(cast(@act as text), ''), nullif(cast(@actor as text), ''), @title, @link, @page, @starts, @ends, @published, @updated)
on conflict (id) do update set title = excluded.title, link = excluded.link, page = excluded.page, starts = excluded.starts, ends = excluded.ends, updated = excluded.updated;

-- name: LiveByID :one
select l.id, l.iri, coalesce(l.act, '') as act, coalesce(l.actor, '') as actor, l.title, l.link, l.page, l.starts, l.ends, l.published, l.updated,
  coalesce(a.name, r.name, '') as name, coalesce(a.handle, r.handle, '') as handle, coalesce(r.host, '') as host
from live l left join act a on a.id = l.act left join remote_actor r on r.id = l.actor where l.id = @id;

-- name: LiveByIRI :one
select id from live where iri = @iri and iri <> '';

-- What is not over, the soonest first: of an act here or elsewhere.
-- name: LiveOf :many
select l.id, l.iri, coalesce(l.act, '') as act, coalesce(l.actor, '') as actor, l.title, l.link, l.page, l.starts, l.ends, l.published, l.updated,
  coalesce(a.name, r.name, '') as name, coalesce(a.handle, r.handle, '') as handle, coalesce(r.host, '') as host
from live l left join act a on a.id = l.act left join remote_actor r on r.id = l.actor
where l.ends > @now and (l.act = @act or l.actor = @actor) order by l.starts, l.id limit @lim;

-- The same of the acts somebody follows.
-- name: LiveFollowed :many
select l.id, l.iri, coalesce(l.act, '') as act, coalesce(l.actor, '') as actor, l.title, l.link, l.page, l.starts, l.ends, l.published, l.updated,
  coalesce(a.name, r.name, '') as name, coalesce(a.handle, r.handle, '') as handle, coalesce(r.host, '') as host
from live l left join act a on a.id = l.act left join remote_actor r on r.id = l.actor
where l.ends > @now and (l.act in (select f.act from follow f where f.account = @account) or l.actor in (select f.actor from remote_follow f where f.account = @account))
order by l.starts, l.id limit @lim;

-- What is on now elsewhere.
-- name: LiveAway :many
select id from live where actor is not null and starts <= @now and ends > @now order by id;

-- name: LiveCount :one
select count(*) from live where ends > @now and (act = @act or actor = @actor);

-- name: LiveDrop :exec
delete from live where id = @id;

-- What is forgotten of an act here is returned by id, '' what is of another server.
-- name: LiveForget :many
delete from live where ends < @before returning cast(case when act is null then '' else id end as text) as id;

-- name: LiveAudiencePut :exec
insert into live_audience (live, host, n, until) values (@live, @host, @n, @until) on conflict (live, host) do update set n = excluded.n, until = excluded.until;

-- name: LiveAudience :one
select cast(coalesce(sum(n), 0) as bigint) as n from live_audience where live = @live and until > @now;

-- name: LiveAudienceForget :exec
delete from live_audience where until <= @now;

-- Deliveries of what has expired.
-- name: DeliveryDropExpired :exec
delete from delivery where outgoing in (select id from outgoing where expires > 0 and expires < @now);
