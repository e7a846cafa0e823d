-- name: ActPolicies :many
select verb, who from act_policy where act = @act and release = @release;

-- name: ActPolicySet :exec
insert into act_policy (act, release, verb, who) values (@act, @release, @verb, @who)
on conflict (act, release, verb) do update set who = excluded.who;

-- name: ActPolicyDrop :exec
delete from act_policy where act = @act and release = @release and verb = @verb;

-- name: RemoteReleasePolicies :one
select replies, likes, shares, actor from remote_release where id = @id;
