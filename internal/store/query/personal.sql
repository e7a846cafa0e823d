-- name: PersonalBlockPut :exec
insert into personal_block (account, name, actor, since) values (@account, @name, @actor, @since)
on conflict (account, name) do nothing;

-- name: PersonalBlockDrop :execrows
delete from personal_block where account = @account and name = @name;

-- name: PersonalBlockList :many
select * from personal_block where account = @account order by since desc, name;

-- name: PersonalBlockOf :many
select name from personal_block where account = @account and actor = @actor and actor <> '';

-- name: PersonalBlockHosts :many
select name from personal_block where account = @account and actor = '';

-- name: NoticeDropOf :exec
delete from notice where account = @account and actor = @actor and actor <> '';

-- name: NoticeActors :many
select distinct r.id, r.host from notice n join remote_actor r on r.id = n.actor where n.account = @account;
