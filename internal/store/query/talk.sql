-- name: ThingOfTrack :one
select t.state, t.release, r.state as release_state, r.act from track t join release r on r.id = t.release where t.id = @id;

-- name: ReactionPut :execrows
insert into reaction (actor, kind, release, track, activity, at) values (@actor, @kind, @release, @track, @activity, @at)
on conflict (actor, kind, release, track) do nothing;

-- name: ReactionAgain :execrows
update reaction set activity = @activity where actor = @actor and kind = @kind and release = @release and track = @track;

-- name: ReactionDrop :execrows
delete from reaction where actor = @actor and kind = @kind and release = @release and track = @track;

-- name: ReactionDropBy :many
delete from reaction where actor = @actor and activity = @activity returning kind, release, track;

-- name: ReactionCounts :many
select track, kind, count(*) as n from reaction where release = @release group by track, kind;

-- name: CommentPut :execrows
insert into comment (id, release, track, parent, account, person, act, actor, host, iri, url, html, position, at, changed)
values (@id, @release, @track, @parent, @account, @person, @act, @actor, @host, @iri, @url, @html, @position, @at, @at)
on conflict do nothing;

-- name: CommentEdit :exec
update comment set html = @html, position = @position, changed = @changed where id = @id;

-- name: CommentHide :exec
update comment set hidden = @hidden where id = @id;

-- What is dropped of others' knowledge is returned by id, '' what was known here alone.
-- name: CommentDrop :many
delete from comment where id = @id returning cast(case when person = '' and act = '' then '' else id end as text) as id;

-- name: CommentDropActor :exec
delete from comment where actor = @actor and actor <> '';

-- name: CommentDropAccount :many
delete from comment where account = @account and account <> '' returning cast(case when person = '' and act = '' then '' else id end as text) as id;

-- name: CommentDropPerson :many
delete from comment where person = @person and person <> '' returning cast(case when person = '' and act = '' then '' else id end as text) as id;

-- name: CommentGonePut :exec
insert into comment_gone (id, at) values (@id, @at) on conflict (id) do nothing;

-- name: CommentGoneAt :one
select at from comment_gone where id = @id;

-- name: CommentsOfPerson :many
select id from comment where person = @person and person <> '' and hidden = false order by id desc limit @lim;

-- name: CommentsOfPersonCount :one
select count(*) from comment where person = @person and person <> '' and hidden = false;

-- name: CommentByID :one
select c.*, coalesce(b.handle, p.handle, a.handle, '') as here_handle, coalesce(b.name, p.name, a.name, '') as here_name, coalesce(r.handle, '') as there_handle, coalesce(r.name, '') as there_name, coalesce(r.url, '') as there_url
from comment c left join act b on b.id = c.act left join account a on a.id = c.account left join person p on p.id = c.person left join remote_actor r on r.id = c.actor where c.id = @id;

-- name: CommentByIRI :one
select id from comment where iri = @iri and iri <> '';

-- name: CommentList :many
select c.*, coalesce(b.handle, p.handle, a.handle, '') as here_handle, coalesce(b.name, p.name, a.name, '') as here_name, coalesce(r.handle, '') as there_handle, coalesce(r.name, '') as there_name, coalesce(r.url, '') as there_url
from comment c left join act b on b.id = c.act left join account a on a.id = c.account left join person p on p.id = c.person left join remote_actor r on r.id = c.actor
where c.release = @release and (cast(@before as text) = '' or c.id < cast(@before as text)) order by c.id desc limit @lim + 0;

-- name: CommentsByAuthor :one
select count(*) from comment where account = @account and actor = @actor and at > @since;

-- name: CommentsFromHost :one
select count(*) from comment where release = @release and host = @host and host <> '' and at > @since;

-- name: CommentsOf :one
select count(*) from comment where release = @release;

-- name: RemoteFollowing :one
select count(*) from remote_follower where act = @act and actor = @actor;

-- name: TrackLength :one
select cast(coalesce(max(a.duration_ms), 0) as bigint) as ms from track t left join asset a on a.track = t.id and a.original = t.original where t.id = @id;

-- name: TracksReady :many
select id from track where release = @release and state = 'ready' order by disc, number, id limit 2;
