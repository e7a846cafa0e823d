-- name: NoticeCausePut :execrows
insert into notice_cause (who, what, name, at) values (@who, @what, @name, @at)
on conflict (who, what) do nothing;

-- name: NoticeCauseMark :many
update notice_cause set gone = @gone where who = @who and what = @what and gone <> @gone returning name;

-- name: NoticeCauseDropBy :many
delete from notice_cause where who = @who and who <> '' returning name, gone;

-- name: NoticeCount :exec
update notice set n = n + @by where name = @name and account <> @who;

-- name: NoticeMany :exec
insert into notice (account, name, kind, act, release, track, n, at)
select r.account, @name, @kind, @act, @release, @track, @n, @at from act_role r
where r.act = @act and r.account <> @person and not exists (select 1 from notice_choice c where c.account = r.account and c.kind = @kind and c.way = 'none')
on conflict (account, name) do update set n = notice.n + excluded.n, at = excluded.at, seen = false, letter = '';

-- name: NoticePeople :exec
insert into notice (account, name, kind, act, actor, person, release, track, comment, at)
select r.account, @name, @kind, @act, @actor, @person, @release, @track, @comment, @at from act_role r
where r.act = @act and r.account <> @person and r.account <> @knows
and not exists (select 1 from personal_block b where b.account = r.account and b.actor = @actor and b.actor <> '')
and not exists (select 1 from personal_block b join remote_actor o on o.id = @actor where b.account = r.account and b.actor = '' and (o.host || ':' like b.name || ':%' or o.host || ':' like '%.' || b.name || ':%'))
and not exists (select 1 from notice_choice c where c.account = r.account and c.kind = @kind and c.way = 'none')
on conflict (account, name) do nothing;

-- name: NoticeOne :exec
insert into notice (account, name, kind, act, actor, person, release, track, comment, playlist, period, at)
select a.id, @name, @kind, @act, @actor, @person, @release, @track, @comment, @playlist, @period, @at from account a
where a.id = @account and not exists (select 1 from notice_choice c where c.account = a.id and c.kind = @kind and c.way = 'none')
on conflict (account, name) do nothing;

-- name: NoticeOwners :exec
insert into notice (account, name, kind, act, label, step, at)
select r.account, @name, @kind, @act, @label, @step, @at from act_role r
where r.act in (@act, @other) and r.role = 'owner' and r.account <> @person and not exists (select 1 from notice_choice c where c.account = r.account and c.kind = @kind and c.way = 'none')
on conflict (account, name) do nothing;

-- name: NoticeFollowers :exec
insert into notice (account, name, kind, act, release, at)
select f.account, @name, @kind, @act, @release, @at from follow f
where f.act = @act and f.account <> @person and not exists (select 1 from notice_choice c where c.account = f.account and c.kind = @kind and c.way = 'none')
on conflict (account, name) do nothing;

-- name: NoticeFollowersElsewhere :exec
insert into notice (account, name, kind, actor, release, at)
select f.account, @name, @kind, @actor, @release, @at from remote_follow f
where f.actor = @actor and f.since < @since and not exists (select 1 from notice_choice c where c.account = f.account and c.kind = @kind and c.way = 'none')
on conflict (account, name) do nothing;

-- name: NoticeReceipts :exec
insert into notice (account, name, kind, period, at)
select a.id, @name, @kind, @period, @at from account a
where a.id in (select g.account from charge g where g.period = @period and g.refunded = false) and not exists (select 1 from notice_choice c where c.account = a.id and c.kind = @kind and c.way = 'none')
on conflict (account, name) do nothing;

-- name: NoticeEarned :exec
insert into notice (account, name, kind, act, period, at)
select r.account, @prefix || l.act, @kind, l.act, @period, @at from month_line l join act_role r on r.act = l.act
where l.period = @period and l.micro + l.plus - l.minus > 0 and not exists (select 1 from notice_choice c where c.account = r.account and c.kind = @kind and c.way = 'none')
on conflict (account, name) do nothing;

-- name: NoticeOwed :exec
insert into notice (account, name, kind, act, period, at)
select r.account, @prefix || l.act, @kind, l.act, @period, @at from month_line l join act_role r on r.act = l.act
where l.period = @period and l.micro + l.plus - l.minus > 0 and not exists (select 1 from act_wallet w where w.act = l.act)
  and not exists (select 1 from notice_choice c where c.account = r.account and c.kind = @kind and c.way = 'none')
on conflict (account, name) do nothing;

-- name: NoticeDrop :exec
delete from notice where name = @name and (cast(@account as text) = '' or account = @account);

-- name: NoticeDropComment :exec
delete from notice where comment = @comment and comment <> '';

-- name: NoticeDropBy :exec
delete from notice where actor = @who and actor <> '' or person = @who and person <> '';

-- name: NoticeList :many
select n.name, n.kind, n.act, n.actor, n.person, n.release, n.track, n.comment, n.playlist, n.label, n.step, n.period, n.n, n.at, n.seen,
  coalesce(a.name, '') as act_name, coalesce(a.handle, '') as act_handle, coalesce(la.name, '') as label_name, coalesce(la.handle, '') as label_handle, coalesce(r.title, rr.title, pl.title, rp.title, '') as title, coalesce(t.title, '') as track_title,
  coalesce(ca.name, s.name, p.name, '') as here_name, coalesce(ca.handle, s.handle, p.handle, '') as here_handle,
  coalesce(x.name, '') as there_name, coalesce(x.handle, '') as there_handle, coalesce(x.host, '') as there_host,
  cast(coalesce(l.micro + l.plus - l.minus, 0) as bigint) as earned
from notice n left join act a on a.id = n.act left join act la on la.id = n.label left join release r on r.id = n.release left join remote_release rr on rr.id = n.release left join track t on t.id = n.track left join playlist pl on pl.id = n.playlist left join remote_playlist rp on rp.id = n.playlist
  left join account p on p.id = n.person left join comment c on c.id = n.comment left join act ca on ca.id = c.act left join person s on s.id = c.person left join remote_actor x on x.id = n.actor left join month_line l on l.act = n.act and l.period = n.period
where n.account = @account and n.n > 0 and (n.at < @at or n.at = @at and n.name < @name) and (cast(@letter as text) = '' or n.letter = @letter and n.seen = false)
order by n.at desc, n.name desc limit @lim + 0;

-- name: NoticeWho :many
select x.handle, x.host from notice_cause c join remote_actor x on x.id = c.who
where c.name = @name and c.gone = false
and not exists (select 1 from personal_block b where b.account = @account and (b.actor = x.id or b.actor = '' and (x.host || ':' like b.name || ':%' or x.host || ':' like '%.' || b.name || ':%')))
order by c.at desc, c.who limit @lim + 0;

-- name: NoticesUnseen :one
select count(*) from notice where account = @account and seen = false and n > 0;

-- name: NoticesSee :exec
update notice set seen = true where account = @account and seen = false and at <= @at;

-- name: NoticeSee :exec
update notice set seen = true where account = @account and name = @name;

-- name: NoticeExpire :exec
delete from notice where at < @before;

-- name: NoticeCauseExpire :exec
delete from notice_cause where at < @before;

-- name: NoticeChoices :many
select kind, way from notice_choice where account = @account;

-- name: NoticeChoose :exec
insert into notice_choice (account, kind, way) select a.id, @kind, @way from account a where a.id = @account
on conflict (account, kind) do update set way = excluded.way;

-- name: NoticeDue :many
select distinct n.account from notice n join account a on a.id = n.account left join notice_choice c on c.account = n.account and c.kind = n.kind
where n.kind = @kind and n.seen = false and n.letter = '' and n.n > 0 and coalesce(c.way, @standard) = @way and a.email <> '' and a.confirmed >= @confirmed
  and not exists (select 1 from notice x where x.account = n.account and x.letter = @letter)
order by n.account limit @lim + 0;

-- name: NoticeIntoLetter :exec
update notice set letter = @letter where account = @account and kind = @kind and seen = false and letter = '';
