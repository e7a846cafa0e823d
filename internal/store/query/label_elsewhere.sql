-- name: AnnouncedReleases :many
select s.id, s.at, s.release, s.track, cast(coalesce(l.card, '') as text) as card, cast(coalesce(r.actor, '') as text) as owner, cast(coalesce(o.host, '') as text) as owner_host
from remote_boost s left join release_line l on l.release = s.release left join remote_release r on r.id = s.release left join remote_actor o on o.id = r.actor
where (l.release is not null or r.id is not null) and s.actor = @actor and s.at <= @key and (s.at < @key or s.id < @id) order by s.at desc, s.id desc limit @lim + 0;

-- name: AnnouncedActs :many
select sqlc.embed(a), cast(coalesce(p.cover, '') as text) as cover, cast(coalesce(p.light, '') as text) as light, cast(coalesce(p.dark, '') as text) as dark,
  (select count(*) from remote_release r where r.actor = a.id) as releases
from remote_actor a left join remote_picture p on p.url = a.icon
where a.id in (select r.actor from remote_boost s join remote_release r on r.id = s.release where s.actor = @actor)
order by a.name, a.id limit @lim + 0;

-- name: AnnouncedActsHere :many
select distinct r.act from remote_boost s join release_line l on l.release = s.release join release r on r.id = s.release
where s.actor = @actor order by r.act limit @lim + 0;

-- name: AnnouncedUnseen :exec
delete from remote_boost where actor = @actor and seen < @before;
