-- name: ActFollowersAt :many
select f.actor from remote_follower f join remote_actor a on a.id = f.actor
where f.act = @act and a.host = @host order by f.actor limit @lim;

-- name: PersonFollowersAt :many
select f.actor from person_follower f join remote_actor a on a.id = f.actor
where f.person = @person and f.state = 'follows' and a.host = @host order by f.actor limit @lim;
