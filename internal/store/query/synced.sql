-- The server's actors come first, by their index: SQLite does not reorder a cross join, and
-- would look all followers through for the few of one server.
-- name: ActFollowersAt :many
select a.id from remote_actor a cross join remote_follower f
where a.host = @host and f.act = @act and f.actor = a.id order by a.id limit @lim;

-- name: PersonFollowersAt :many
select a.id from remote_actor a cross join person_follower f
where a.host = @host and f.person = @person and f.actor = a.id and f.state = 'follows' order by a.id limit @lim;
