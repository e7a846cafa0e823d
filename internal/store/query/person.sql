-- name: PersonPut :exec
insert into person (id, account, handle, hash, name, about, approves, listens, created, changed) values (@id, cast(@account as text), @handle, @hash, @name, @about, @approves, @listens, @created, @changed)
on conflict (id) do update set name = excluded.name, about = excluded.about, approves = excluded.approves, listens = excluded.listens, changed = excluded.changed;

-- name: PersonByID :one
select * from person where id = @id;

-- name: PersonOf :one
select * from person where account = @account;

-- name: PersonByHandle :one
select * from person where handle = @handle and handle <> '';

-- name: PersonByHash :one
select * from person where hash = @hash;

-- name: PersonEnd :exec
update person set account = null, handle = '', name = '', about = '', listens = false, changed = @gone, gone = @gone where id = @id;

-- How many acts, or accounts but one, are called like this; acts with and without hyphens.
-- name: HandlesTaken :one
select (select count(*) from act a where replace(a.handle, '-', '') = replace(cast(@handle as text), '-', '')) + (select count(*) from account c where c.handle = @handle and c.id <> @account) as n;

-- name: PersonFollowerPut :exec
insert into person_follower (person, actor, state, activity, since, host)
select cast(@person as text), a.id, cast(@state as text), cast(@activity as text), cast(@since as bigint), a.host from remote_actor a where a.id = @actor
on conflict (person, actor) do update set state = excluded.state, activity = excluded.activity;

-- name: PersonFollowerDrop :execrows
delete from person_follower where person = @person and actor = @actor;

-- name: PersonFollowersDrop :exec
delete from person_follower where person = @person;

-- name: PersonFollowerOf :one
select * from person_follower where person = @person and actor = @actor;

-- name: PersonFollowerByActivity :one
select person from person_follower where actor = @actor and activity = @activity and state <> 'blocked';

-- name: PersonFollowers :many
select f.actor, f.state, f.activity, f.since, a.handle, a.host, a.name, a.url from person_follower f join remote_actor a on a.id = f.actor
where f.person = @person and f.state = @state and f.actor > @after order by f.actor limit @lim;

-- name: PersonFollowersCount :one
select count(*) from person_follower where person = @person and state = @state;

-- name: DeliveryToPerson :execrows
insert into delivery (outgoing, inbox, host, made, due)
select @outgoing, case when a.shared_inbox <> '' then a.shared_inbox else a.inbox end, a.host, @made, @made
from person_follower f join remote_actor a on a.id = f.actor
where f.person = @person and f.state = 'follows'
group by case when a.shared_inbox <> '' then a.shared_inbox else a.inbox end, a.host
on conflict (outgoing, inbox) do nothing;

-- name: DeliveryToReach :execrows
insert into delivery (outgoing, inbox, host, made, due)
select @outgoing, r.inbox, r.host, @made, @made from person_reach r where r.person = @person
on conflict (outgoing, inbox) do nothing;

-- name: PersonListensDrop :exec
delete from outgoing where actor = @actor and kind = 'Listen';

-- name: PersonReachPut :exec
insert into person_reach (person, inbox, host) values (@person, @inbox, @host) on conflict (person, inbox) do nothing;

-- name: PersonReachDrop :exec
delete from person_reach where person = @person;
