-- name: TalkLikes :exec
insert into talk_elsewhere (release, track, likes) values (@release, @track, @n) on conflict (release, track) do update set likes = excluded.likes;

-- name: TalkShares :exec
insert into talk_elsewhere (release, track, shares) values (@release, @track, @n) on conflict (release, track) do update set shares = excluded.shares;

-- name: TalkAsk :execrows
insert into talk_elsewhere (release, track, asked) values (@release, '', @asked)
on conflict (release, track) do update set asked = excluded.asked where talk_elsewhere.asked < @before;

-- name: TalkCounts :many
select track, likes, shares from talk_elsewhere where release = @release;

-- name: TalkAsked :one
select cast(coalesce(max(asked), 0) as bigint) as asked from talk_elsewhere where release = @release;
