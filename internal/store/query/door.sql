-- name: ActFollowers :many
select f.actor, f.activity, f.since, a.handle, a.host, a.name, a.url from remote_follower f join remote_actor a on a.id = f.actor
where f.act = @act and f.actor > @after order by f.actor limit @lim;

-- name: ActFollower :one
select activity, since from remote_follower where act = @act and actor = @actor;

-- name: ActBlockPut :exec
insert into act_block (act, actor, activity, since) values (@act, @actor, @activity, @since) on conflict (act, actor) do nothing;

-- name: ActBlockDrop :exec
delete from act_block where act = @act and actor = @actor;

-- name: ActBlockOf :one
select activity, since from act_block where act = @act and actor = @actor;

-- name: ActBlocks :many
select b.actor, b.activity, b.since, coalesce(a.handle, '') as handle, coalesce(a.host, '') as host, coalesce(a.name, '') as name, coalesce(a.url, '') as url
from act_block b left join remote_actor a on a.id = b.actor
where b.act = @act and b.actor > @after order by b.actor limit @lim;

-- Whether whose music a release is blocks somebody.
-- name: ActBlockOfRelease :one
select count(*) from act_block b join release r on r.act = b.act where r.id = @release and b.actor = @actor;

-- Whether the act whose release it is blocks anybody.
-- name: ActBlocksAny :one
select exists (select 1 from act_block b join release r on r.act = b.act where r.id = @release);

-- The playlists on which an act or an account and somebody elsewhere work together, or
-- are invited to: of either.
-- name: CollaborationsBetween :many
select c.* from collaborator c where c.state <> 'ended'
and (c.who = @actor and c.playlist in (select p.id from playlist p where p.act = @who or p.act = '' and p.account = @who)
  or c.who = @who and c.away in (select x.id from remote_playlist x where x.actor = @actor)) order by c.playlist, c.who;
