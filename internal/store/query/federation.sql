-- name: PeerByHost :one
select * from peer where host = @host;

-- name: PeerList :many
select * from peer where host > @after order by host limit @lim;

-- name: PeerPut :exec
insert into peer (host, software, version, informed, form, formed, failures, closed, delivered, failed, error, received, arrived, lost)
values (@host, @software, @version, @informed, @form, @formed, @failures, @closed, @delivered, @failed, @error, @received, @arrived, @lost)
on conflict (host) do update set software = excluded.software, version = excluded.version, informed = excluded.informed, form = excluded.form, formed = excluded.formed,
  failures = excluded.failures, closed = excluded.closed, delivered = excluded.delivered, failed = excluded.failed, error = excluded.error, received = excluded.received, arrived = excluded.arrived, lost = excluded.lost;

-- name: RemoteActorByID :one
select * from remote_actor where id = @id;

-- name: RemoteActorPut :exec
insert into remote_actor (id, host, kind, handle, name, summary, url, icon, inbox, shared_inbox, outbox, followers, moved_to, releases, playlists, lines, fetched)
values (@id, @host, @kind, @handle, @name, @summary, @url, @icon, @inbox, @shared_inbox, @outbox, @followers, @moved_to, @releases, @playlists, @lines, @fetched)
on conflict (id) do update set host = excluded.host, kind = excluded.kind, handle = excluded.handle, name = excluded.name, summary = excluded.summary, url = excluded.url,
  icon = excluded.icon, inbox = excluded.inbox, shared_inbox = excluded.shared_inbox, outbox = excluded.outbox, followers = excluded.followers,
  moved_to = excluded.moved_to, releases = excluded.releases, playlists = excluded.playlists, lines = excluded.lines, fetched = excluded.fetched;

-- name: RemoteActorDrop :execrows
delete from remote_actor where id = @id;

-- name: RemoteKeyByID :one
select * from remote_key where id = @id;

-- name: RemoteKeyPut :exec
insert into remote_key (id, owner, public, fetched, ended) values (@id, @owner, @public, @fetched, @ended)
on conflict (id) do update set owner = excluded.owner, public = excluded.public, fetched = excluded.fetched, ended = excluded.ended;

-- name: RemoteKeysDrop :exec
delete from remote_key where owner = @owner;

-- name: RemoteFollowerPut :execrows
insert into remote_follower (act, actor, activity, since, host)
select cast(@act as text), a.id, cast(@activity as text), cast(@since as bigint), a.host from remote_actor a where a.id = @actor
on conflict (act, actor) do nothing;

-- name: RemoteFollowerAgain :execrows
update remote_follower set activity = @activity where act = @act and actor = @actor;

-- name: RemoteFollowerDrop :execrows
delete from remote_follower where act = @act and actor = @actor;

-- name: RemoteFollowerByActivity :one
select act from remote_follower where actor = @actor and activity = @activity;

-- name: RemoteFollowedActs :many
select act from remote_follower where actor = @actor order by act;

-- name: RemoteFollowerCount :one
select count(*) from remote_follower where act = @act;

-- name: ActFollowersAdd :exec
update act set followers = followers + @n where id = @id;

-- name: InboxPut :execrows
insert into inbox (id, host, actor, body, received) values (@id, @host, @actor, @body, @received)
on conflict (id) do nothing;

-- name: InboxApplied :exec
update inbox set applied = @applied, body = @body, tries = tries + 1, error = @error where id = @id;

-- name: InboxExpire :execrows
delete from inbox where applied > 0 and applied < @before;

-- name: OutgoingPut :exec
insert into outgoing (id, actor, about, kind, body, own, songs, made, expires) values (@id, @actor, @about, @kind, @body, @own, @songs, @made, @expires)
on conflict (id) do update set body = excluded.body, own = excluded.own, songs = excluded.songs, made = excluded.made, expires = excluded.expires;

-- name: OutgoingByID :one
select * from outgoing where id = @id;

-- name: OutgoingLast :one
select * from outgoing where about = @about order by made desc, id desc limit 1;

-- name: OutgoingExpire :execrows
delete from outgoing where (outgoing.made < @before or outgoing.expires > 0 and outgoing.expires < @now)
and not exists (select 1 from delivery d where d.outgoing = outgoing.id)
and not exists (select 1 from following f where f.activity = outgoing.id)
and (outgoing.about = '' or exists (select 1 from outgoing n where n.about = outgoing.about and (n.made > outgoing.made or (n.made = outgoing.made and n.id > outgoing.id))));

-- name: RemoteActorExpire :execrows
delete from remote_actor where remote_actor.id in (select a.id from remote_actor a where a.fetched < @before
and not exists (select 1 from remote_follower x where x.actor = a.id)
and not exists (select 1 from remote_follow x where x.actor = a.id)
and not exists (select 1 from person_follower x where x.actor = a.id)
and not exists (select 1 from act_block x where x.actor = a.id)
and not exists (select 1 from following x where x.actor = a.id)
and not exists (select 1 from remote_release x where x.actor = a.id)
and not exists (select 1 from remote_playlist x where x.actor = a.id)
and not exists (select 1 from collaborator x where x.who = a.id)
and not exists (select 1 from reaction x where x.actor = a.id)
and not exists (select 1 from comment x where x.actor = a.id)
and not exists (select 1 from notice x where x.actor = a.id and x.actor <> '')
and not exists (select 1 from flag_subject x where x.actor = a.id)
and not exists (select 1 from inbox x where x.actor = a.id and x.applied = 0)
limit @lim);

-- name: DeliveryPut :exec
insert into delivery (outgoing, inbox, host, made, due) values (@outgoing, @inbox, @host, @made, @due)
on conflict (outgoing, inbox) do nothing;

-- name: DeliveryWaits :one
select count(*) from (select 1 from delivery where host = @host limit @lim) as waiting;

-- name: DeliveryToFollowers :execrows
insert into delivery (outgoing, inbox, host, made, due)
select @outgoing, case when a.shared_inbox <> '' then a.shared_inbox else a.inbox end, a.host, @made, @made
from remote_follower f join remote_actor a on a.id = f.actor
where f.act = @act
group by case when a.shared_inbox <> '' then a.shared_inbox else a.inbox end, a.host
on conflict (outgoing, inbox) do nothing;

-- name: DeliveryHosts :many
select d.host, cast(min(d.made) as bigint) as oldest from delivery d left join peer p on p.host = d.host
where d.due <= @now and coalesce(p.closed, 0) <= @now
group by d.host order by oldest limit @lim;

-- name: DeliveryNext :many
select d.outgoing, d.inbox, d.host, d.made, d.tries, o.actor, o.about, o.kind, o.body, o.own, o.songs, o.expires
from delivery d join outgoing o on o.id = d.outgoing
where d.host = @host and d.due <= @now order by d.made, o.made, d.outgoing limit @lim;

-- name: DeliveryDone :exec
delete from delivery where outgoing = @outgoing and inbox = @inbox;

-- name: DeliveryAgain :exec
update delivery set due = @due, tries = @tries, error = @error where outgoing = @outgoing and inbox = @inbox;

-- name: DeliveryHurry :execrows
update delivery set due = @due where host = @host;

-- name: DeliverySoonest :one
select cast(coalesce(min(due), 0) as bigint) as due from delivery;

-- name: DeliveryCounts :many
select host, count(*) as n, cast(min(made) as bigint) as oldest, cast(max(tries) as bigint) as tries from delivery group by host order by host;

-- name: DeliveryExpire :execrows
delete from delivery where made < @before;

-- name: DeliveryDropInbox :exec
delete from delivery where inbox = @inbox;

-- name: RemoteActorsByInbox :many
select id from remote_actor where inbox = @inbox order by id;

-- name: UsagePeople :one
select count(*) from account;

-- name: UsageSeen :one
select count(distinct account) from session where seen >= @since;

-- name: UsageWorks :one
select count(*) from track_line;
