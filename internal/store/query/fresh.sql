-- name: RemoteActorLooked :exec
update remote_actor set looked = @looked where id = @id;

-- name: RemoteActorsStale :many
select a.* from following f join remote_actor a on a.id = f.actor where a.looked < @before order by a.looked, a.id limit @lim;

-- name: RemoteReleasesPage :many
select sqlc.embed(r), a.handle, a.host, a.name as act, cast(coalesce(p.cover, '') as text) as cover, cast(coalesce(p.light, '') as text) as light, cast(coalesce(p.dark, '') as text) as dark
from remote_release r join remote_actor a on a.id = r.actor left join remote_picture p on p.url = r.picture
where r.actor = @actor and r.published <= @key and (r.published < @key or r.id < @id) order by r.published desc, r.id desc limit @lim + 0;

-- name: RemoteReleasesCount :one
select count(*) from remote_release where actor = @actor;

-- name: RemoteReleasesUnseen :many
select * from remote_release where actor = @actor and fetched < @before and id > @past order by id limit @lim;
