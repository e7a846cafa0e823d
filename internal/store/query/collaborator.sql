-- name: CollaboratorPut :exec
insert into collaborator (playlist, away, who, kind, state, invite, since) values (@playlist, @away, @who, @kind, @state, @invite, @since)
on conflict (playlist, who) do update set state = excluded.state, invite = excluded.invite;

-- name: CollaboratorOf :one
select * from collaborator where playlist = @playlist and who = @who;

-- name: CollaboratorByInvite :one
select * from collaborator where invite = @invite and who = @who and invite <> '';

-- Of a playlist of another server whoever is invited by it.
-- name: CollaboratorsByInvite :many
select * from collaborator where invite = @invite and invite <> '' and away is not null;

-- name: Collaborators :many
select sqlc.embed(c), coalesce(a.handle, t.handle, r.handle, '') as handle, coalesce(r.host, '') as host, coalesce(a.name, t.name, r.name, '') as name, coalesce(p.id, '') as person
from collaborator c left join account a on c.kind = 'account' and a.id = c.who left join act t on c.kind = 'act' and t.id = c.who
  left join remote_actor r on c.kind = 'actor' and r.id = c.who left join person p on c.kind = 'account' and p.account = c.who
where c.playlist = @playlist and c.state <> 'ended' order by c.since, c.who;

-- What somebody is to a playlist: by themselves, or as one of the people of an act.
-- name: CollaborationsIn :many
select c.* from collaborator c where c.playlist = @playlist and c.state <> 'ended'
and (c.kind = 'account' and c.who = @account or c.kind = 'act' and exists (select 1 from act_role r where r.act = c.who and r.account = @account)) order by c.kind, c.who;

-- name: CollaborationsOf :many
select sqlc.embed(c), coalesce(p.title, x.title, '') as title, cast(coalesce(p.items, (select count(*) from remote_item i where i.playlist = x.id)) as bigint) as items, coalesce(p.duration_ms, 0) as millis,
  coalesce(p.access, '') as access, coalesce(p.cover, '') as cover, coalesce(p.accent_l, '') as accent_l, coalesce(p.accent_d, '') as accent_d, cast(coalesce(p.changed, x.updated, 0) as bigint) as latest,
  coalesce(t.name, a.name, r.name, '') as owner, coalesce(r.host, '') as host
from collaborator c left join playlist p on p.id = c.playlist left join remote_playlist x on x.id = c.away
  left join act t on t.id = p.act left join account a on a.id = p.account left join remote_actor r on r.id = x.actor
where c.kind <> 'actor' and c.state <> 'ended' and (c.who = @account or c.who in (select s.act from act_role s where s.account = @account)) and (p.id is not null or x.id is not null)
order by latest desc, c.playlist, c.who limit @lim;

-- name: CollaboratorsInvited :one
select count(*) from collaborator where who = @who and state = 'invited';

-- Those of other servers that work on a playlist of this node, or are invited to.
-- name: CollaboratorsElsewhere :one
select count(*) from collaborator where playlist = @playlist and kind = 'actor' and state <> 'ended';

-- name: CollaboratorDrop :execrows
delete from collaborator where playlist = @playlist and who = @who;

-- name: CollaboratorsDropHere :exec
delete from collaborator where playlist = @playlist and kind <> 'actor';

-- name: CollaboratorsDropElsewhere :exec
delete from collaborator where playlist = @playlist and kind = 'actor';

-- name: CollaboratorsEnd :exec
update collaborator set state = 'ended' where playlist = @playlist and kind = 'actor';

-- name: CollaboratorForget :exec
delete from collaborator where who = @who;

-- name: CollaboratorsForget :exec
delete from collaborator where kind <> 'actor' and playlist in (select p.id from playlist p where p.account = @account);

-- Who is not seen elsewhere any more works with nobody there: neither on theirs nor on their own.
-- name: CollaboratorsLeave :exec
delete from collaborator where who = @account and away is not null or kind = 'actor' and playlist in (select p.id from playlist p where p.account = @account and p.act = '');

-- name: DeliveryToCollaborators :execrows
insert into delivery (outgoing, inbox, host, made, due)
select @outgoing, case when a.shared_inbox <> '' then a.shared_inbox else a.inbox end, a.host, @made, @made
from collaborator c join remote_actor a on a.id = c.who
where c.playlist = @playlist and c.kind = 'actor'
group by case when a.shared_inbox <> '' then a.shared_inbox else a.inbox end, a.host
on conflict (outgoing, inbox) do nothing;

-- name: RemotePlaylistCount :one
select count(*) from remote_playlist where actor = @actor;
