-- name: ReleaseIndexCount :one
select count(*) from release_line;

-- name: ReleaseIndexAt :one
select release from release_line order by release limit 1 offset @at;
