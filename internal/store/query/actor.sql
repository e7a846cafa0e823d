-- name: RemoteReleasesAfter :many
select * from remote_release where actor = @actor and id > @after order by id limit @lim;
