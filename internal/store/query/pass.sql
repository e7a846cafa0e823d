-- name: CommentPassed :exec
update comment set passed = true where id = @id;

-- name: DeliveryNotTo :exec
delete from delivery where outgoing = @outgoing and host = @host;

-- name: PassedPut :exec
insert into passed (activity, comment, kind, actor, host, at) values (@activity, @comment, @kind, @actor, @host, @at)
on conflict (activity) do nothing;

-- name: PassedOfComment :one
select count(*) from passed where comment = @comment and at > @since and kind <> 'Delete';

-- name: PassedOfActor :one
select count(*) from passed where actor = @actor and at > @since and kind <> 'Delete';

-- name: PassedOfHost :one
select count(*) from passed where host = @host and at > @since and kind <> 'Delete';

-- name: PassedOlder :exec
delete from outgoing where id in (select p.activity from passed p where p.comment = @comment and p.kind = 'Update' and p.activity <> @activity);

-- name: PassedExpire :exec
delete from passed where at < @before;
