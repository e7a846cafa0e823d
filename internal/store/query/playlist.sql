-- name: PlaylistsOfAct :many
select * from playlist where act = @act and act <> '' and access = 'public' order by changed desc, id limit @lim;

-- name: RemotePlaylistPut :execrows
insert into remote_playlist (id, iri, actor, title, description, page, published, updated, listed, collaborators)
values (@id, @iri, @actor, @title, @description, @page, @published, @updated, @listed, @collaborators)
on conflict (iri) do update set title = excluded.title, description = excluded.description, page = excluded.page, published = excluded.published, updated = excluded.updated, listed = excluded.listed, collaborators = excluded.collaborators
where remote_playlist.actor = excluded.actor;

-- name: RemotePlaylistByIRI :one
select * from remote_playlist where iri = @iri;

-- name: RemotePlaylistByID :one
select sqlc.embed(p), a.handle, a.host, a.name as act from remote_playlist p join remote_actor a on a.id = p.actor where p.id = @id;

-- name: RemotePlaylistsOf :many
select sqlc.embed(p), a.handle, a.host, a.name as act, (select count(*) from remote_item i where i.playlist = p.id) as items
from remote_playlist p join remote_actor a on a.id = p.actor where p.actor = @actor and p.listed = true order by p.updated desc, p.id limit @lim;

-- name: RemotePlaylistDrop :execrows
delete from remote_playlist where iri = @iri and actor = @actor;

-- name: RemoteItems :many
select * from remote_item where playlist = @playlist order by place;

-- name: RemoteItemPut :exec
insert into remote_item (playlist, place, iri, track, asked) values (@playlist, @place, @iri, @track, @asked);

-- name: RemoteItemsClear :exec
delete from remote_item where playlist = @playlist;

-- What is to be asked for: what was asked for least, the first of the list first.
-- name: RemoteItemsLost :many
select iri, cast(min(asked) as bigint) as often, cast(min(place) as bigint) as at from remote_item where playlist = @playlist and track = '' and asked < @tries group by iri order by often, at limit @lim;

-- name: RemoteItemFound :exec
update remote_item set track = @track, asked = asked + 1 where iri = @iri and track = '';

-- name: RemoteTrackByIRI :one
select t.id, r.actor from remote_track t join remote_release r on r.id = t.release where t.iri = @iri
union all select s.id, r.actor from remote_track s join remote_release r on r.id = s.release where s.song = @iri and s.song <> '' order by 1 limit 1;
