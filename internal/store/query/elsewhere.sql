-- name: RemoteActorByHandle :one
select * from remote_actor where host = @host and lower(handle) = lower(@handle) order by fetched desc limit 1;

-- name: RemoteReleasePut :exec
insert into remote_release (id, iri, actor, title, artist, kind, date, licence, description, page, picture, published, updated, fetched, replies, likes, shares, label, language, tags, conversation, explicit, post)
values (@id, @iri, @actor, @title, @artist, @kind, @date, @licence, @description, @page, @picture, @published, @updated, @fetched, @replies, @likes, @shares, @label, @language, @tags, @conversation, @explicit, @post)
on conflict (iri) do update set title = excluded.title, artist = excluded.artist, kind = excluded.kind, date = excluded.date, licence = excluded.licence,
  description = excluded.description, page = excluded.page, picture = excluded.picture, published = excluded.published, updated = excluded.updated, fetched = excluded.fetched, replies = excluded.replies,
  likes = excluded.likes, shares = excluded.shares, label = excluded.label, language = excluded.language, tags = excluded.tags, conversation = excluded.conversation, explicit = excluded.explicit, post = excluded.post;

-- name: RemoteReleaseByIRI :one
select * from remote_release where iri = @iri;

-- name: RemoteReleaseByID :one
select sqlc.embed(r), a.handle, a.host, a.name as act, cast(coalesce(p.cover, '') as text) as cover, cast(coalesce(p.light, '') as text) as light, cast(coalesce(p.dark, '') as text) as dark
from remote_release r join remote_actor a on a.id = r.actor left join remote_picture p on p.url = r.picture where r.id = @id;

-- name: RemoteReleasesByActor :many
select sqlc.embed(r), a.handle, a.host, a.name as act, cast(coalesce(p.cover, '') as text) as cover, cast(coalesce(p.light, '') as text) as light, cast(coalesce(p.dark, '') as text) as dark
from remote_release r join remote_actor a on a.id = r.actor left join remote_picture p on p.url = r.picture
where r.actor = @actor order by r.published desc, r.id limit @lim;

-- name: RemoteReleasesFollowed :many
select sqlc.embed(r), a.handle, a.host, a.name as act, cast(coalesce(p.cover, '') as text) as cover, cast(coalesce(p.light, '') as text) as light, cast(coalesce(p.dark, '') as text) as dark
from remote_follow f join remote_release r on r.actor = f.actor join remote_actor a on a.id = r.actor left join remote_picture p on p.url = r.picture
where f.account = @account and r.published <= @key and (r.published < @key or r.id < @id) order by r.published desc, r.id desc limit @lim + 0;

-- name: RemoteReleaseDrop :execrows
delete from remote_release where iri = @iri and actor = @actor;

-- name: RemoteTrackPut :exec
insert into remote_track (id, iri, release, place, disc, number, title, artist, duration, isrc, explicit, lyrics, sound, media_type, loudness, peak, album_gain, segments, peaks, recording, song, digest, manifest, people, post)
values (@id, @iri, @release, @place, @disc, @number, @title, @artist, @duration, @isrc, @explicit, @lyrics, @sound, @media_type, @loudness, @peak, @album_gain, @segments, @peaks, @recording, @song, @digest, @manifest, @people, @post)
on conflict (iri) do update set place = excluded.place, disc = excluded.disc, number = excluded.number, title = excluded.title, artist = excluded.artist,
  duration = excluded.duration, isrc = excluded.isrc, explicit = excluded.explicit, lyrics = excluded.lyrics, sound = excluded.sound, media_type = excluded.media_type,
  loudness = excluded.loudness, peak = excluded.peak, album_gain = excluded.album_gain,
  segments = excluded.segments, peaks = excluded.peaks, recording = excluded.recording, song = excluded.song, digest = excluded.digest, manifest = excluded.manifest, people = excluded.people, post = excluded.post
where remote_track.release = excluded.release;

-- name: RemoteTrackByID :one
select * from remote_track where id = @id;

-- name: RemoteTracksByRelease :many
select * from remote_track where release = @release order by place, id;

-- name: RemoteTrackDrop :exec
delete from remote_track where id = @id;

-- name: RemotePictureByURL :one
select * from remote_picture where url = @url;

-- name: RemotePicturePut :exec
insert into remote_picture (url, cover, light, dark, fetched, etag, modified) values (@url, @cover, @light, @dark, @fetched, @etag, @modified)
on conflict (url) do update set cover = excluded.cover, light = excluded.light, dark = excluded.dark, fetched = excluded.fetched, etag = excluded.etag, modified = excluded.modified;

-- name: RemotePicturesUnused :execrows
delete from remote_picture where url not in (select picture from remote_release) and url not in (select icon from remote_actor);

-- name: RemoteFollowPut :execrows
insert into remote_follow (account, actor, since) values (@account, @actor, @since) on conflict (account, actor) do nothing;

-- name: RemoteFollowDrop :execrows
delete from remote_follow where account = @account and actor = @actor;

-- name: RemoteFollowed :one
select count(*) from remote_follow where account = @account and actor = @actor;

-- name: RemoteFollowersHere :one
select count(*) from remote_follow where actor = @actor;

-- name: RemoteFollows :many
select sqlc.embed(a), cast(coalesce(p.cover, '') as text) as cover, cast(coalesce(p.light, '') as text) as light, cast(coalesce(p.dark, '') as text) as dark,
  (select count(*) from remote_release r where r.actor = a.id) as releases
from remote_follow f join remote_actor a on a.id = f.actor left join remote_picture p on p.url = a.icon
where f.account = @account order by f.since desc, a.id;

-- name: FollowingByActor :one
select * from following where actor = @actor;

-- name: FollowingPut :exec
insert into following (actor, activity, state, asked) values (@actor, @activity, @state, @asked)
on conflict (actor) do update set activity = excluded.activity, state = excluded.state, asked = excluded.asked;

-- name: FollowingDrop :exec
delete from following where actor = @actor;

-- name: FollowingUnanswered :many
select * from following where state = 'asked' and asked < @before order by asked limit @lim;

-- name: FollowingLeft :many
select f.* from following f where not exists (select 1 from remote_follow r where r.actor = f.actor) order by f.actor limit @lim;

-- name: RemoteLinePut :exec
insert into remote_line (track, iri, actor, card) values (@track, @iri, @actor, @card)
on conflict (track) do update set card = excluded.card;

-- name: RemoteLineByIRI :one
select track from remote_line where iri = @iri and actor = @actor order by track limit 1;

-- name: RemoteLineExpire :exec
delete from remote_line where not exists (select 1 from playlist_item x where x.track = remote_line.track)
and not exists (select 1 from track_like x where x.track = remote_line.track)
and not exists (select 1 from history x where x.track = remote_line.track)
and not exists (select 1 from resume x where x.track = remote_line.track);

-- name: ReleaseLikesExpire :exec
delete from release_like where not exists (select 1 from release r where r.id = release_like.release) and not exists (select 1 from remote_release r where r.id = release_like.release);

-- name: CommentsExpire :many
delete from comment where not exists (select 1 from release r where r.id = comment.release) and not exists (select 1 from remote_release r where r.id = comment.release) returning cast(case when person = '' and act = '' then '' else id end as text) as id;

-- name: RemoteReleaseKnown :one
select count(*) from remote_release where id = @id;

-- name: RemoteTracksNamed :many
select id from remote_track where release = @release order by place, id limit 2;

-- name: RemoteDocsExpire :exec
delete from search_doc where (kind = 5 and not exists (select 1 from remote_track t where t.id = search_doc.ref)) or (kind = 6 and not exists (select 1 from remote_release r where r.id = search_doc.ref))
  or (kind = 7 and not exists (select 1 from remote_playlist p where p.id = search_doc.ref)) or (kind = 8 and not exists (select 1 from remote_release r where r.actor = search_doc.ref));

-- name: RemoteReleasesOfHost :many
select r.iri, r.actor, r.fetched from remote_release r join remote_actor a on a.id = r.actor where a.host = @host;
