-- name: CommentPassed :exec
update comment set passed = true where id = @id;

-- name: DeliveryNotTo :exec
delete from delivery where outgoing = @outgoing and host = @host;
