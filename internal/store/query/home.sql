-- name: ActAliases :many
select * from act_alias where act = @act order by handle, actor;

-- name: ActAliasPut :exec
insert into act_alias (act, actor, handle) values (@act, @actor, @handle) on conflict (act, actor) do update set handle = excluded.handle;

-- name: ActAliasesDrop :exec
delete from act_alias where act = @act;

-- name: ActMove :one
select * from act_move where act = @act;

-- name: ActMovePut :exec
insert into act_move (act, target, handle, at) values (@act, @target, @handle, @at)
on conflict (act) do update set target = excluded.target, handle = excluded.handle, at = excluded.at;

-- name: ActMoveEnd :exec
update act_move set target = '', handle = '' where act = @act;

-- name: ActorMove :one
select * from actor_move where actor = @actor;

-- name: ActorMoveAsk :exec
insert into actor_move (actor, host, target, asked) values (@actor, @host, @target, @asked)
on conflict (actor) do update set target = excluded.target, asked = excluded.asked;

-- name: ActorMoveDone :exec
update actor_move set moved = @moved where actor = @actor;

-- name: ActorMovesSince :one
select count(*) from actor_move where host = @host and asked >= @since;

-- How many were followed to somebody, from elsewhere or from here.
-- name: MovesTo :one
select count(*) from (
  select a.target from actor_move a where a.target = @target and a.moved >= @since
  union all
  select h.target from act_move h where h.target = @target and h.at >= @since
) as came;

-- name: ActorMovesExpire :exec
delete from actor_move where asked < @before;

-- name: RemoteFollowersOf :many
select account from remote_follow where actor = @actor order by account limit @lim;

-- name: FollowersOf :many
select account from follow where act = @act order by account limit @lim;
