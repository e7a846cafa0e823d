-- name: JournalLast :one
select n, hash, at from journal_entry order by n desc limit 1;

-- name: JournalByIdem :one
select * from journal_entry where idem = @idem;

-- name: JournalInsert :exec
insert into journal_entry (n, idem, at, memo, prev, hash) values (@n, @idem, @at, @memo, @prev, @hash);

-- name: JournalRange :many
select * from journal_entry where n > @after order by n limit @lim;

-- name: PostingInsert :exec
insert into posting (entry, line, book, asset, micro) values (@entry, @line, @book, @asset, @micro);

-- name: PostingOf :many
select * from posting where entry = @entry order by line;

-- name: PostingSumBefore :one
select cast(coalesce(sum(p.micro), 0) as bigint) as micro
from posting p join journal_entry e on e.n = p.entry
where p.book >= @low and p.book < @high and e.at < @before;

-- name: BalanceAdd :one
insert into balance (book, asset, micro) values (@book, @asset, @micro)
on conflict (book, asset) do update set micro = balance.micro + excluded.micro
returning micro;

-- name: BalanceOf :one
select cast(coalesce(sum(micro), 0) as bigint) as micro from balance where book = @book;

-- name: BalanceRange :many
select * from balance where book >= @low and book < @high and micro <> 0 order by book;

-- name: SubscriptionInsert :exec
insert into subscription (id, account, state, started, changed) values (@id, @account, @state, @started, @changed);

-- name: SubscriptionByID :one
select * from subscription where id = @id;

-- name: SubscriptionOf :one
select * from subscription where account = @account and account <> '' order by id desc limit 1;

-- name: SubscriptionUpdate :execrows
update subscription set state = @state, changed = @changed, paid_until = @paid_until, ends = @ends where id = @id;

-- name: SubscriptionByState :many
select * from subscription where state = @state and id > @after order by id limit @lim;

-- name: SubscriptionList :many
select s.*, coalesce(a.handle, '') as handle, coalesce(a.name, '') as name
from subscription s left join account a on a.id = s.account
where (cast(@after as text) = '' or s.id < @after)
order by s.id desc limit @lim;

-- name: SubscriptionCounts :many
select state, count(*) as n from subscription group by state order by state;

-- name: SubscriptionForget :exec
update subscription set account = '', changed = @changed where account = @account;

-- name: ChargeInsert :exec
insert into charge (subscription, period, account, pseudonym, charge, operator, pot, at)
values (@subscription, @period, @account, @pseudonym, @charge, @operator, @pot, @at)
on conflict (subscription, period) do update set account = excluded.account, pseudonym = excluded.pseudonym, charge = excluded.charge,
  operator = excluded.operator, pot = excluded.pot, at = excluded.at, refunded = false
where charge.refunded;

-- name: ChargePeriods :many
select period from charge where account = @account and not refunded order by period;

-- name: ChargeUnname :exec
update charge set pseudonym = @empty where period = @period;

-- name: ChargeByPeriod :many
select * from charge where period = @period and not refunded order by pseudonym;

-- name: ChargeOf :one
select * from charge where subscription = @subscription and period = @period;

-- name: ChargeSums :one
select count(*) as payers, cast(coalesce(sum(charge), 0) as bigint) as charge,
  cast(coalesce(sum(operator), 0) as bigint) as operator, cast(coalesce(sum(pot), 0) as bigint) as pot
from charge where period = @period and not refunded;

-- name: ChargeRefund :execrows
update charge set refunded = true where subscription = @subscription and period = @period and not refunded;

-- name: ChargeForget :exec
update charge set account = '' where account = @account;

-- name: PaymentInsert :exec
insert into payment (rail, event, kind, subscription, micro, method, reference, day, at, salt, recorded_by, received, note)
values (@rail, @event, @kind, @subscription, @micro, @method, @reference, @day, @at, @salt, @recorded_by, @received, @note);

-- name: PaymentByEvent :one
select * from payment where rail = @rail and event = @event;

-- name: PaymentOfDay :many
select * from payment where day = @day order by rail, event;

-- name: PaymentDays :many
select distinct day from payment where day > @after order by day;

-- name: PaymentList :many
select sqlc.embed(payment), coalesce(a.handle, '') as handle, coalesce(o.handle, '') as operator, coalesce(u.at, 0) as undone
from payment
join subscription s on s.id = payment.subscription
left join account a on a.id = s.account
left join account o on o.id = payment.recorded_by
left join payment u on u.rail = payment.rail and u.event = 'undo/' || payment.event
where payment.at < @before or (payment.at = @before and payment.event < @event)
order by payment.at desc, payment.event desc limit @lim;

-- name: PaymentOf :many
select * from payment where subscription = @subscription order by at;

-- name: PaymentSums :one
select cast(coalesce(sum(case when kind = 0 then micro else 0 end), 0) as bigint) as received,
  cast(coalesce(sum(case when kind = 1 then micro else 0 end), 0) as bigint) as refunded
from payment where day >= @low and day <= @high;
