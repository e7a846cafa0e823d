-- name: RemoteBoostPut :one
insert into remote_boost (id, actor, activity, about, release, track, at, seen) values (@id, @actor, @activity, @about, @release, @track, @at, @seen)
on conflict (actor, about) do update set activity = excluded.activity, at = excluded.at, seen = excluded.seen,
  release = case when excluded.release = '' then remote_boost.release else excluded.release end, track = case when excluded.release = '' then remote_boost.track else excluded.track end
returning id;

-- name: RemoteBoostFind :exec
update remote_boost set release = @release, track = @track where actor = @actor and about = @about;

-- name: RemoteBoostDrop :execrows
delete from remote_boost where actor = @actor and (activity = @activity or about = @about);

-- name: RemoteBoostsSince :one
select count(*) from remote_boost where actor = @actor and id >= @since;

-- name: RemoteBoostExpire :exec
delete from remote_boost where (remote_boost.release = '' and remote_boost.id < @unfound)
or (not exists (select 1 from remote_follow f where f.actor = remote_boost.actor) and not exists (select 1 from remote_actor a where a.id = remote_boost.actor and a.kind = 'Organization'))
or (remote_boost.release <> '' and not exists (select 1 from release r where r.id = remote_boost.release) and not exists (select 1 from remote_release r where r.id = remote_boost.release));

-- name: RemoteBoostsFollowed :many
select s.id, s.at, s.release, s.track, cast(coalesce(l.card, '') as text) as card, cast(coalesce(r.actor, '') as text) as owner, cast(coalesce(o.host, '') as text) as owner_host
from remote_follow f join remote_boost s on s.actor = f.actor
left join release_line l on l.release = s.release left join remote_release r on r.id = s.release left join remote_actor o on o.id = r.actor
where (l.release is not null or r.id is not null) and f.account = @account and s.at <= @key and (s.at < @key or s.id < @id)
and (s.track <> '' or not exists (select 1 from follow k where k.account = f.account and k.act = l.act) and not exists (select 1 from remote_follow k where k.account = f.account and k.actor = r.actor))
and not exists (select 1 from remote_boost x join remote_follow k on k.actor = x.actor where k.account = f.account and x.release = s.release and x.track = s.track and (x.at > s.at or x.at = s.at and x.id > s.id))
order by s.at desc, s.id desc limit @lim + 0;

-- name: RemoteBoostSharers :many
select s.actor, a.handle, a.host, a.name from remote_boost s join remote_follow f on f.actor = s.actor join remote_actor a on a.id = s.actor
where f.account = @account and s.release = @release and s.track = @track and s.release <> '' order by s.at desc, s.id desc limit @lim + 0;

-- name: PersonBoosts :many
select b.release, b.track, b.at, cast(coalesce(l.card, '') as text) as card, cast(coalesce(r.actor, '') as text) as owner, cast(coalesce(o.host, '') as text) as owner_host
from person_boost b left join release_line l on l.release = b.release left join remote_release r on r.id = b.release left join remote_actor o on o.id = r.actor
where (l.release is not null or r.id is not null) and b.person = @person and b.at <= @key and (b.at < @key or b.release || b.track < cast(@id as text)) order by b.at desc, b.release || b.track desc limit @lim + 0;
