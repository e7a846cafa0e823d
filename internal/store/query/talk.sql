-- name: ReactionPut :execrows
insert into reaction (actor, kind, release, track, activity, at) values (@actor, @kind, @release, @track, @activity, @at)
on conflict (actor, kind, release, track) do nothing;

-- name: ReactionDrop :execrows
delete from reaction where actor = @actor and kind = @kind and release = @release and track = @track;

-- name: ReactionDropBy :execrows
delete from reaction where actor = @actor and activity = @activity;

-- name: ReactionCounts :many
select track, kind, count(*) as n from reaction where release = @release group by track, kind;
