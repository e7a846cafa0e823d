-- name: SettingAll :many
select key, value from setting;

-- name: SettingSet :exec
insert into setting (key, value) values (@key, @value)
on conflict (key) do update set value = excluded.value;

-- name: AccountInsert :exec
insert into account (id, handle, email, name, role, password, created, lang, confirmed, pending)
values (@id, @handle, @email, @name, @role, @password, @created, @lang, @confirmed, @pending);

-- name: AccountByID :one
select * from account where id = @id;

-- name: AccountByHandle :one
select * from account where handle = @handle;

-- name: AccountByLogin :one
select * from account where handle = @handle or (email = @email and email <> '')
order by case when handle = @handle2 then 0 else 1 end limit 1;

-- name: AccountPassword :one
select password from account where id = @id;

-- name: AccountCountRole :one
select count(*) from account where role = @role;

-- name: RetiredInsert :exec
insert into retired (hash, at) values (@hash, @at) on conflict (hash) do nothing;

-- name: RetiredByHash :one
select at from retired where hash = @hash;

-- name: AccountList :many
select * from account where id > @after order by id limit @n;

-- name: AccountFind :many
select * from account
where id > @after and (handle like @pattern or lower(name) like @pattern or email like @pattern)
order by id limit @n;

-- name: AccountSetRole :execrows
update account set role = @role where id = @id;

-- name: AccountSetPassword :execrows
update account set password = @password, reset_hash = null, reset_until = 0 where id = @id;

-- name: AccountSetReset :execrows
update account set reset_hash = @reset_hash, reset_until = @reset_until where id = @id;

-- name: AccountByReset :one
select * from account where reset_hash = @reset_hash and reset_until > @now;

-- name: AccountSetProfile :execrows
update account set name = @name, email = @email, confirmed = case when email = @same then confirmed else 0 end where id = @id;

-- name: AccountSetHistoryPaused :execrows
update account set history_paused = @paused where id = @id;

-- name: AccountDelete :execrows
delete from account where id = @id;

-- name: SessionInsert :exec
insert into session (hash, account, agent, created, seen, expires)
values (@hash, @account, @agent, @created, @seen, @expires);

-- name: SessionByHash :one
select sqlc.embed(session), sqlc.embed(account)
from session join account on account.id = session.account
where session.hash = @hash;

-- name: SessionOf :many
select * from session where account = @account and expires > @now order by created desc;

-- name: SessionSeen :exec
update session set seen = @seen, expires = @expires where hash = @hash;

-- name: SessionDelete :exec
delete from session where hash = @hash;

-- name: SessionDeleteOf :exec
delete from session where account = @account and hash <> @keep;

-- name: SessionExpire :exec
delete from session where expires <= @now;

-- name: DeviceInsert :exec
insert into device (id, account, alg, spki, name, created)
values (@id, @account, @alg, @spki, @name, @created);

-- name: DeviceByID :one
select * from device where id = @id;

-- name: DeviceOf :many
select * from device where account = @account order by created;

-- name: DeviceRevoke :execrows
update device set revoked = @at where id = @id and account = @account and revoked = 0;

-- name: TokenInsert :exec
insert into token (id, account, hash, name, scopes, created, expires)
values (@id, @account, @hash, @name, @scopes, @created, @expires);

-- name: TokenByHash :one
select sqlc.embed(token), sqlc.embed(account)
from token join account on account.id = token.account
where token.hash = @hash;

-- name: TokenSeen :exec
update token set seen = @seen where id = @id;

-- name: TokenOf :many
select * from token where account = @account order by id;

-- name: TokenDelete :execrows
delete from token where id = @id and account = @account;

-- name: TokenDeleteOf :exec
delete from token where account = @account;

-- name: AuditInsert :exec
insert into audit (id, at, actor, action, about, note) values (@id, @at, @actor, @action, @about, @note);

-- name: AuditList :many
select * from audit where (cast(@after as text) = '' or id < @after) order by id desc limit @n;

-- name: AccountSetLang :exec
update account set lang = @lang where id = @id;

-- name: AccountSetPending :execrows
update account set pending = @pending where id = @id;

-- name: AccountConfirm :execrows
update account set email = @email, confirmed = @confirmed, pending = '' where id = @id;

-- name: LinkInsert :exec
insert into link (hash, account, kind, email, until) values (@hash, @account, @kind, @email, @until)
on conflict (hash) do nothing;

-- name: LinkByHash :one
select sqlc.embed(account), link.email as sent_to
from link join account on account.id = link.account
where link.hash = @hash and link.kind = @kind and link.until > @now and link.email <> '';

-- name: LinkVoid :exec
update link set email = '' where account = @account and kind = @kind;

-- name: AccountYield :exec
update account set email = '' where email = @email and email <> '' and confirmed = 0 and id <> @owner;

-- name: LinkExpire :exec
delete from link where until <= @now;

-- name: InvitationInsert :exec
insert into invitation (id, hash, maker, email, role, lang, made, until)
values (@id, @hash, @maker, @email, @role, @lang, @made, @until);

-- name: InvitationByID :one
select * from invitation where id = @id and until > @now;

-- name: InvitationByHash :one
select * from invitation where hash = @hash and until > @now;

-- name: InvitationSetHash :execrows
update invitation set hash = @hash where id = @id;

-- name: InvitationList :many
select * from invitation where (cast(@maker as text) = '' or maker = @maker) and until > @now order by id desc limit 201;

-- name: InvitationDelete :execrows
delete from invitation where id = @id and (cast(@maker as text) = '' or maker = @maker);

-- name: InvitationDeleteOf :exec
delete from invitation where maker = @maker;

-- name: InvitationExpire :exec
delete from invitation where until <= @now;
