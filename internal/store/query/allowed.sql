-- name: ActPolicies :many
select release, verb, who from act_policy where act = @act and release in ('', @release);

-- name: ActPolicySet :exec
insert into act_policy (act, release, verb, who) values (@act, @release, @verb, @who)
on conflict (act, release, verb) do update set who = excluded.who;

-- name: ActPolicyDrop :exec
delete from act_policy where act = @act and release = @release and verb = @verb;

-- name: RemoteReleasePolicies :one
select replies, likes, shares, actor from remote_release where id = @id;

-- What a listener of another node follows, their node follows for them.
-- name: NodeFollows :one
select count(*) from remote_actor who cross join remote_actor a cross join remote_follower f
where who.id = @actor and a.host = who.host and a.kind = 'Application' and f.act = @act and f.actor = a.id
  and exists (select 1 from peer p where p.host = a.host and p.software = '9ten');
