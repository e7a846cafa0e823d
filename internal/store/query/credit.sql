-- name: RemoteProofPut :exec
insert into remote_proof (hash, body, fetched) values (@hash, @body, @fetched) on conflict (hash) do nothing;

-- name: RemoteProofByHash :one
select body from remote_proof where hash = @hash;

-- name: RemoteCreditsOf :one
select * from remote_credits where release = @release;

-- name: RemoteCreditsPut :exec
insert into remote_credits (release, state, trouble, proved, fetched, tried) values (@release, @state, @trouble, @proved, @fetched, @tried)
on conflict (release) do update set state = excluded.state, trouble = excluded.trouble, proved = excluded.proved, fetched = excluded.fetched, tried = excluded.tried;

-- Whose credits were not asked for lately, of what was played lately and then of
-- what none hold for; of each host so many.
-- name: RemoteCreditsDue :many
with asked as (
  select r.id, a.host, coalesce(c.tried, 0) as tried, coalesce(c.state, '') as state,
    case when exists (select 1 from remote_track t join play p on p.track = t.id where t.release = r.id and p.began >= @since) then 0 else 1 end as rest
  from remote_release r join remote_actor a on a.id = r.actor left join remote_credits c on c.release = r.id
  where c.release is null or c.tried < @before
), due as (
  select id, rest, tried, row_number() over (partition by host order by rest, tried, id) as place
  from asked where rest = 0 or state <> 'holds'
)
select id from due where place <= cast(@each as bigint) order by rest, tried, id limit @lim;

-- name: RemotePayeeOf :one
select * from remote_payee where act = @act;

-- Of acts that a month of this node ever gave something.
-- name: RemotePayeeHomes :many
select act, host from remote_payee y where exists (select 1 from month_line l where l.act = y.act);

-- name: RemotePayeePut :exec
insert into remote_payee (act, actor, host, handle, name, picture, proof, proved) values (@act, @actor, @host, @handle, @name, @picture, @proof, @proved)
on conflict (act) do update set actor = excluded.actor, host = excluded.host, handle = excluded.handle, name = excluded.name, picture = excluded.picture, proof = excluded.proof, proved = excluded.proved;

-- name: RemotePayeeConfirm :exec
update remote_payee set handle = @handle, name = @name, picture = @picture, proved = @proved where act = @act;

-- name: RemoteWalletsOf :many
select address, bps from remote_wallet where act = @act order by line;

-- Of acts that a month of this node ever gave something: what others say of acts
-- that nobody here heard costs nothing on the ledger.
-- name: RemoteWalletsAll :many
select act, address, bps from remote_wallet w where exists (select 1 from month_line l where l.act = w.act) order by act, line;

-- name: RemoteWalletsClear :exec
delete from remote_wallet where act = @act;

-- name: RemoteWalletInsert :exec
insert into remote_wallet (act, line, address, bps) values (@act, @line, @address, @bps);

-- name: RemoteSheetInsert :execrows
insert into remote_sheet (track, version, name, since, proof) values (@track, @version, @name, @since, @proof) on conflict (track, version) do nothing;

-- name: RemoteShareInsert :exec
insert into remote_share (track, version, act, bps) values (@track, @version, @act, @bps);

-- name: RemoteSheetOf :one
select * from remote_sheet where track = @track and version = @version;

-- name: RemoteSharesOf :many
select act, bps from remote_share where track = @track and version = @version order by act;

-- Versions that a sheet contradicts: later ones in force earlier, or the reverse.
-- name: RemoteSheetsAcross :one
select count(*) from remote_sheet where track = @track and (version < @version and since > @since or version > @version and since < @since);

-- The shares that count at a time of a release's tracks, as plays are counted (see
-- ListenSheetElsewhere).
-- name: RemoteSharesOfRelease :many
select t.id, h.act, h.bps, y.host, y.handle, y.name, cast((select count(*) from remote_wallet w where w.act = h.act) as bigint) as wallets
from remote_track t join remote_share h on h.track = t.id join remote_payee y on y.act = h.act
where t.release = @release and h.version = (
  select s.version from remote_sheet s where s.track = t.id order by case when s.since <= @at then s.since else -s.since end desc, s.version desc limit 1)
order by t.place, h.bps desc, h.act;

-- What was heard of tracks of other nodes and not told yet, of those that at least
-- so many people heard. It is told of the days after those that were told.
-- name: ListensUntold :many
select t.id, t.iri, r.actor, a.inbox, a.host,
  cast(min(p.began) as bigint) as earliest, cast(coalesce(max(l.until), 0) as bigint) as until, cast(count(*) as bigint) as plays, cast(sum(case when p.decision = 0 then 1 else 0 end) as bigint) as counted, cast(sum(p.counted) as bigint) as ms
from play p join remote_track t on t.id = p.track join remote_release r on r.id = t.release join remote_actor a on a.id = r.actor left join listens_told l on l.track = p.track
where p.accepted > 0 and p.told = false and p.began < @before
group by t.id, t.iri, r.actor, a.inbox, a.host
having count(distinct case when p.decision = 0 then p.account end) >= cast(@people as bigint)
order by t.id;

-- name: ListensTold :exec
insert into listens_told (track, until) values (@track, @until) on conflict (track) do update set until = excluded.until;

-- name: PlaysTold :exec
update play set told = true where track = @track and told = false and accepted > 0 and began < @before;

-- name: ListensInsert :exec
insert into listens (id, host, act, track, first, until, plays, counted, seconds, root, proof, at) values (@id, @host, @act, @track, @first, @until, @plays, @counted, @seconds, @root, @proof, @at);

-- name: ListensOverlap :one
select count(*) from listens where host = @host and track = @track and first < @until and until > @first;

-- name: ListensOfAct :many
select host, cast(sum(plays) as bigint) as plays, cast(sum(counted) as bigint) as counted, cast(sum(seconds) as bigint) as seconds, cast(min(first) as bigint) as earliest, cast(max(until) as bigint) as until
from listens where act = @act and until > @since group by host order by host;

-- name: ListensByHost :many
select host, cast(sum(counted) as bigint) as counted from listens where until > @since group by host;

-- name: ListensDropHost :exec
delete from listens where host = @host;

-- name: SoundAskedAdd :exec
insert into sound_asked (host, track, day, n) values (@host, @track, @day, 1) on conflict (host, track, day) do update set n = sound_asked.n + 1;

-- name: SoundAskedByHost :many
select host, cast(sum(n) as bigint) as n from sound_asked where day >= @day group by host;

-- Whether a server asked for sound of an act in some days.
-- name: SoundAskedOfAct :one
select exists (select 1 from sound_asked s join track t on t.id = s.track join release r on r.id = t.release
  where s.host = @host and r.act = @act and s.day >= @first and s.day <= @last);

-- name: SoundAskedForget :exec
delete from sound_asked where day < @day;

-- name: ListensForget :exec
delete from listens where until < @before;

-- Documents that nothing rests on any more.
-- name: RemoteProofForget :exec
delete from remote_proof where fetched < @before
  and hash not in (select proof from remote_payee) and hash not in (select proof from remote_sheet) and hash not in (select proof from listens)
  and hash not in (select proof from paid_elsewhere);

-- What a month gave acts of other nodes, of one act or of all.
-- name: PaidOut :many
select l.act, l.micro, l.plus, l.minus, l.count, y.actor, y.host
from month_line l join remote_payee y on y.act = l.act
where l.period = @period and (l.act = @act or @act = '') and l.micro + l.plus - l.minus > 0 order by l.act;

-- name: PaidElsewhereInsert :execrows
insert into paid_elsewhere (id, host, act, period, listeners, micro, statement, tx, proof, at)
values (@id, @host, @act, @period, @listeners, @micro, @statement, @tx, @proof, @at) on conflict do nothing;

-- name: PaidElsewhereByHost :one
select count(*) from paid_elsewhere where host = @host;

-- The newest months first; of one that was listed, those of servers behind a name.
-- name: PaidElsewhereOfAct :many
select * from paid_elsewhere where act = @act and (period < @period or period = @period and host > @host) order by period desc, host limit @lim;

-- name: PaidElsewhereDropHost :exec
delete from paid_elsewhere where host = @host;

-- name: PaidElsewhereForget :exec
delete from paid_elsewhere where period < @period;
