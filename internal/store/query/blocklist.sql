-- name: BlocklistPut :exec
insert into blocklist (id, url, added, tag, asked, taken, skipped, trouble) values (@id, @url, @added, @tag, @asked, @taken, @skipped, @trouble)
on conflict (id) do update set tag = excluded.tag, asked = excluded.asked, taken = excluded.taken, skipped = excluded.skipped, trouble = excluded.trouble;

-- name: BlocklistByID :one
select * from blocklist where id = @id;

-- name: BlocklistList :many
select l.*,
  cast((select count(*) from blocklist_rule r where r.list = l.id and r.counts = 'block') as bigint) as blocked,
  cast((select count(*) from blocklist_rule r where r.list = l.id and r.counts = 'silence') as bigint) as silenced,
  cast((select count(*) from blocklist_rule r where r.list = l.id and r.counts <> r.verdict and not r.dropped) as bigint) as waiting
from blocklist l order by l.url;

-- name: BlocklistDrop :execrows
delete from blocklist where id = @id;

-- name: BlocklistRulePut :exec
insert into blocklist_rule (list, host, verdict, counts, dropped, reason, since) values (@list, @host, @verdict, @counts, @dropped, @reason, @since)
on conflict (list, host) do update set verdict = excluded.verdict, counts = excluded.counts, dropped = excluded.dropped, reason = excluded.reason, since = excluded.since;

-- name: BlocklistRuleDrop :exec
delete from blocklist_rule where list = @list and host = @host;

-- name: BlocklistRule :one
select * from blocklist_rule where list = @list and host = @host;

-- name: BlocklistRules :many
select * from blocklist_rule where list = @list and host > @after order by host limit @lim;

-- name: BlocklistWaiting :many
select * from blocklist_rule where list = @list and host > @after and counts <> verdict and not dropped order by host limit @lim;

-- name: HostsRelated :many
select a.host, cast(sum(x.followers) as bigint) as followers, cast(sum(x.followed) as bigint) as followed
from (
  select actor, 1 as followers, 0 as followed from remote_follower
  union all
  select actor, 1 as followers, 0 as followed from person_follower where state = 'follows'
  union all
  select actor, 0 as followers, 1 as followed from remote_follow
) x join remote_actor a on a.id = x.actor
group by a.host order by a.host;
