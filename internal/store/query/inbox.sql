-- name: InboxLater :exec
update inbox set due = @due, tries = tries + @tried, error = @error where id = @id;

-- name: InboxHosts :many
select host, cast(min(due) as bigint) as soonest from inbox where applied = 0 and due > 0 and due <= @until group by host order by soonest, host limit @lim;

-- name: InboxHostDue :one
select cast(coalesce(min(due), 0) as bigint) from inbox where host = @host and applied = 0 and due > 0;

-- name: InboxOfHost :many
select * from inbox where host = @host and applied = 0 and due > 0 and due <= @now order by received, id limit @lim;

-- name: InboxHostLater :exec
update inbox set due = @due, tries = tries + 1, error = @error where host = @host and applied = 0 and due > 0 and due <= @now;

-- name: InboxHostGivenUp :execrows
update inbox set applied = @now, body = @body, tries = tries + 1, error = @error where host = @host and applied = 0 and due > 0 and due <= @now and tries + 1 >= @most;
