-- name: ActFollowersAt :many
select actor from remote_follower where act = @act and host = @host order by actor limit @lim;

-- name: PersonFollowersAt :many
select actor from person_follower where person = @person and host = @host and state = 'follows' order by actor limit @lim;
