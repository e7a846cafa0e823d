-- name: BoostPut :execrows
insert into person_boost (person, release, track, at) values (@person, @release, @track, @at) on conflict (person, release, track) do nothing;

-- name: BoostDrop :execrows
delete from person_boost where person = @person and track = @track and (release = @release or @track <> '');

-- name: BoostsDrop :exec
delete from person_boost where person = @person;

-- name: BoostOf :one
select count(*) from person_boost where person = @person and release = @release and track = @track;

-- name: BoostsSince :one
select count(*) from person_boost where person = @person and at > @since;

-- name: Boosts :many
select release, track, at from person_boost where person = @person order by at desc, release desc, track desc limit @lim;

-- name: BoostsOn :many
select track from person_boost where person = @person and release = @release;

-- name: BoostTold :one
select cast(coalesce(max(made), 0) as bigint) as made from outgoing where about = @about and kind = 'Announce';
