-- name: BatchByDay :one
select * from day_batch where day = @day;

-- name: BatchInsert :exec
insert into day_batch (day, state, entries, sealed) values (@day, 1, @entries, @sealed);

-- name: BatchLogged :execrows
update day_batch set state = 2, first = @first, size = @size, root = @root, checkpoint = @checkpoint where day = @day and state = 1;

-- name: BatchAnchored :execrows
update day_batch set state = 3, anchored = @anchored where day = @day and state = 2;

-- name: BatchLast :one
select * from day_batch order by day desc limit 1;

-- name: BatchPending :many
select * from day_batch where state < 3 order by day;

-- name: BatchBySize :one
select * from day_batch where size = @size and state = 3;

-- name: BatchLastAnchored :one
select * from day_batch where state = 3 and day <= @day order by day desc limit 1;

-- name: BatchList :many
select * from day_batch where day >= @low and day <= @high order by day;

-- name: DayRowInsert :exec
insert into day_row (day, pseudonym, sequence, period, batch, position, entry, salt, data)
values (@day, @pseudonym, @sequence, @period, @batch, @position, @entry, @salt, @data);

-- name: DayRowEntries :many
select entry from day_row where batch = @batch order by position;

-- name: DayRowOf :many
select r.*, b.first, b.size, b.checkpoint, b.state from day_row r join day_batch b on b.day = r.batch
where r.period = @period and r.pseudonym = @pseudonym and r.data is not null order by r.day, r.sequence;

-- name: DayRowForget :exec
update day_row set salt = null, data = null where period = @period and pseudonym = @pseudonym;

-- name: DayRowExpire :execrows
update day_row set salt = null, data = null where (day, pseudonym, sequence) in (
  select e.day, e.pseudonym, e.sequence from day_row e where e.period = @period and e.data is not null limit @n);

-- name: PlayEarliest :one
select cast(coalesce(min(began), 0) as bigint) as began from play;

-- name: PlayDevices :many
select distinct device from play
where account = @account and began >= @low and began < @high and length(logged) > 0 order by device;

-- name: PeriodByID :one
select * from period_close where period = @period;

-- name: PeriodList :many
select * from period_close order by period desc;

-- name: PeriodCompiled :exec
insert into period_close (period, state, settlement, signature, rules, tree_a, compiled)
values (@period, 1, @settlement, @signature, @rules, @tree_a, @compiled);

-- name: PeriodAdvance :execrows
update period_close set state = @state, published = @published, final = @final, batch = @batch where period = @period;

-- name: MonthRowInsert :exec
insert into month_row (period, position, pseudonym, leaf, salt, data, carried, confirmed, closed, basis)
values (@period, @position, @pseudonym, @leaf, @salt, @data, @carried, @confirmed, @closed, @basis);

-- name: MonthRowOf :one
select * from month_row where period = @period and pseudonym = @pseudonym;

-- name: MonthRowLeaves :many
select leaf from month_row where period = @period order by position;

-- name: MonthRowForget :exec
update month_row set salt = null, data = null, basis = null where period = @period and pseudonym = @pseudonym;

-- name: MonthRowExpire :execrows
update month_row set salt = null, data = null, basis = null where (period, position) in (
  select e.period, e.position from month_row e where e.period = @period and e.data is not null limit @n);

-- name: ListenerMonthSome :many
select account from listener_month where period = @period limit @n;

-- name: ListenerMonthExpire :exec
delete from listener_month where account = @account and period = @period;

-- name: DayActExpire :exec
delete from day_act where account = @account and day >= @low and day <= @high;

-- name: MonthActExpire :exec
delete from month_act where account = @account and period = @period;

-- name: ListenerDayExpire :exec
delete from listener_day where account = @account and day >= @low and day <= @high;

-- name: NodeMonthExpire :exec
delete from node_month where period = @period;

-- name: PlayDropOrigins :execrows
update play set origin = @empty where id in (
  select e.id from play e where e.began >= @low and e.began < @high and length(e.origin) > 0 limit @n);

-- name: RetentionOf :one
select * from retention where period = @period;

-- name: RetentionSet :exec
insert into retention (period, origins, receipts) values (@period, @origins, @receipts)
on conflict (period) do update set origins = excluded.origins, receipts = excluded.receipts;

-- name: MonthShareInsert :exec
insert into month_share (period, act, position, blind, micro) values (@period, @act, @position, @blind, @micro);

-- name: MonthShareAll :many
select act, blind, micro from month_share where period = @period order by act, position;

-- name: MonthLineInsert :exec
insert into month_line (period, act, micro, plus, minus, count, subroot)
values (@period, @act, @micro, @plus, @minus, @count, @subroot);

-- name: MonthLineAll :many
select * from month_line where period = @period order by act;

-- name: MonthLineOf :many
select * from month_line where act = @act order by period desc;

-- name: MonthRowClear :exec
delete from month_row where period = @period;

-- name: MonthShareClear :exec
delete from month_share where period = @period;

-- name: MonthLineClear :exec
delete from month_line where period = @period;

-- name: PeriodClear :exec
delete from period_close where period = @period and state < 4;

-- name: CarryBooks :many
select book, micro from balance where book >= 'liabilities:carry:' and book < 'liabilities:carry;' and micro <> 0;

-- name: PaymentFirst :one
select cast(coalesce(min(day), 0) as bigint) as day from payment;

-- name: CarrySet :exec
insert into carried (subscription, period, micro, periods) values (@subscription, @period, @micro, @periods);

-- name: CarryClear :exec
delete from carried where period = @period;

-- name: CarryOutOf :many
select c.*, s.account from carried c join subscription s on s.id = c.subscription where c.period = @period order by c.subscription;

-- name: JournalHead :one
select n, hash from journal_entry where at < @before order by n desc limit 1;

-- name: JournalHas :one
select count(*) from journal_entry where hash = @hash;

-- name: ConfirmationSet :exec
insert into confirmation (account, period, at) values (@account, @period, @at)
on conflict (account, period) do nothing;

-- name: ConfirmationBy :one
select count(*) from confirmation where account = @account and period = @period;

-- name: ConfirmationOf :many
select account from confirmation where period = @period;

-- name: ChargeUnsettled :one
select count(*) from charge c
where c.account = @account and not c.refunded and not exists (select 1 from period_close p where p.period = c.period and p.state >= 2);

-- name: ListenerMonthKeys :many
select account, key from listener_month where period = @period;

-- name: ListenerMonths :many
select period, pseudonym from listener_month where account = @account;

-- name: TrackPlayable :many
select t.id, t.sheet, cast(a.samples / a.rate as bigint) as seconds, t.act
from track t join release r on r.id = t.release join asset a on a.track = t.id and a.original = t.original
where t.state = 'ready' and r.state = 'published' and a.rate > 0 and a.samples > 0
order by t.act, t.id;

-- name: Census :one
select (select count(*) from account) as accounts, (select count(*) from track where state = 'ready') as tracks,
  cast((select coalesce(sum(bytes), 0) from asset) as bigint) as bytes;
