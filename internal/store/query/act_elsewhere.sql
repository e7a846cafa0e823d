-- name: RemoteActKept :one
select sqlc.embed(a), cast(coalesce(p.cover, '') as text) as cover, cast(coalesce(p.light, '') as text) as light, cast(coalesce(p.dark, '') as text) as dark,
  (select count(*) from remote_release r where r.actor = a.id) as releases
from remote_actor a left join remote_picture p on p.url = a.icon
where a.id = @id and exists (select 1 from remote_release r where r.actor = a.id);
