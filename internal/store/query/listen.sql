-- name: ListenTrack :one
select t.id, t.state, r.state as release_state, r.published, a.samples, a.rate, a.duration_ms
from track t join release r on r.id = t.release left join asset a on a.track = t.id and a.original = t.original
where t.id = @id;

-- The version in force at a time; before the first one, the first.
-- name: ListenSheet :one
select version from sheet
where track = @track and since > 0 and state in ('in_force', 'replaced')
order by case when since <= @at then since else -since end desc limit 1;

-- name: ListenShares :many
select act, bps from sheet_share where track = @track and version = @version order by act;

-- Of tracks of other nodes that somebody is paid for.
-- name: ListenTrackElsewhere :one
select t.duration, s.name from remote_track t join remote_sheet s on s.track = t.id where t.id = @id order by s.version desc limit 1;

-- name: ListenForeign :one
select track from remote_sheet where name = @name order by track desc limit 1;

-- name: ListenSheetElsewhere :one
select version from remote_sheet where track = @track
order by case when since <= @at then since else -since end desc, version desc limit 1;

-- name: ListenSharesElsewhere :many
select act, bps from remote_share where track = @track and version = @version order by act;

-- name: ListenActsOf :many
select act from act_role where account = @account order by act;

-- name: PlayByID :one
select * from play where id = @id;

-- name: PlayInsert :exec
insert into play (id, account, track, device, sheet, own, seconds, began, ended, heard, flags, origin, counter, accepted, seen, hash, claim, signature, decision, counted, answer, answered, sealed)
values (@id, @account, @track, @device, @sheet, @own, @seconds, @began, @ended, @heard, @flags, @origin, @counter, @accepted, @seen, @hash, @claim, @signature, @decision, @counted, @answer, @answered, @sealed);

-- name: PlayUpdate :execrows
update play set device = @device, ended = @ended, heard = @heard, flags = @flags, counter = @counter, accepted = @accepted, seen = @seen,
  hash = @hash, claim = @claim, signature = @signature, decision = @decision, counted = @counted, answer = @answer, answered = @answered, sealed = @sealed
where id = @id;

-- name: PlayRecount :execrows
update play set decision = @decision, counted = @counted, sealed = false where id = @id;

-- name: PlayBetween :many
select id, track, device, sheet, own, seconds, began, ended, heard, decision, counted, sealed
from play where account = @account and began >= @low and began < @high and accepted > 0;

-- name: PlayCount :one
select count(*) from play where account = @account and began >= @low and began < @high;

-- name: PlayHashes :many
select hash from play where account = @account and began >= @low and began < @high and accepted > 0;

-- name: PlayLoggedHashes :many
select logged from play where account = @account and began >= @low and began < @high and length(logged) > 0;

-- name: PlayUnsealedCount :one
select count(*) from play where not sealed and accepted > 0 and began < @before;

-- name: PlayUnsealed :many
select account, began from play where not sealed and accepted > 0 and began < @before;

-- name: PlayMarkSealed :exec
update play set sealed = true, logged = hash where account = @account and began >= @low and began < @high and accepted > 0 and not sealed;

-- name: PlayLast :one
select * from play where account = @account order by began desc limit 1;

-- name: PlayReceipts :many
select * from play where account = @account and (began < @before or began = @before and id > @after) and accepted > 0 order by began desc, id limit @n;

-- name: PlayTotals :one
select cast(count(*) as bigint) as plays, cast(coalesce(sum(counted), 0) as bigint) as ms
from play where account = @account and began >= @low and began < @high and decision = 0;

-- name: PlayDropClaims :execrows
update play set claim = @empty, signature = @empty where began < @before and length(claim) > 0;

-- name: PlayForget :exec
delete from play where account = @account;

-- name: TrackPlayed :exec
update track set plays = plays + @n where id = @track;

-- name: TrackLinePlayed :exec
update track_line set plays = plays + @n where track = @track;

-- name: ReleasePlayed :exec
update release set plays = release.plays + @n where release.id = (select release from track where track.id = @track);

-- name: ReleaseLinePlayed :exec
update release_line set plays = release_line.plays + @n where release_line.release = (select release from track where track.id = @track);

-- name: ListenHistoryPaused :one
select history_paused from account where id = @id;

-- name: ListenJoined :one
select created from account where id = @id;

-- name: ListenHistoryElsewhere :exec
insert into history (account, at, track) values (@account, @at, @track) on conflict (account, at, track) do nothing;

-- name: ListenHistory :execrows
insert into history (account, at, track) select @account, @at, t.id from track t where t.id = @track on conflict (account, at, track) do nothing;

-- name: DayActOf :many
select act, credit, plays from day_act where account = @account and day = @day order by act;

-- name: DayActSet :exec
insert into day_act (account, day, act, credit, plays) values (@account, @day, @act, @credit, @plays)
on conflict (account, day, act) do update set credit = excluded.credit, plays = excluded.plays;

-- name: DayActDelete :exec
delete from day_act where account = @account and day = @day and act = @act;

-- name: DayActForget :exec
delete from day_act where account = @account;

-- name: MonthActAdd :exec
insert into month_act (account, period, act, credit, plays, days) values (@account, @period, @act, @credit, @plays, @days)
on conflict (account, period, act) do update set
  credit = month_act.credit + excluded.credit, plays = month_act.plays + excluded.plays, days = month_act.days + excluded.days;

-- name: MonthActOf :many
select act, credit, plays, days from month_act where account = @account and period = @period and credit > 0 order by act;

-- name: MonthActForget :exec
delete from month_act where account = @account;

-- name: ListenerDay :one
select sequence, hash from listener_day where account = @account and day = @day;

-- name: ListenerDaySet :exec
insert into listener_day (account, day, sequence, hash) values (@account, @day, @sequence, @hash)
on conflict (account, day) do update set sequence = excluded.sequence, hash = excluded.hash;

-- name: ListenerDayForget :exec
delete from listener_day where account = @account;

-- name: NodeMonth :one
select key from node_month where period = @period;

-- name: NodeMonthInsert :exec
insert into node_month (period, key) values (@period, @key);

-- name: ListenerMonth :one
select pseudonym, key from listener_month where account = @account and period = @period;

-- name: ListenerMonthInsert :exec
insert into listener_month (account, period, pseudonym, key) values (@account, @period, @pseudonym, @key);

-- name: ListenerMonthForget :exec
delete from listener_month where account = @account;
