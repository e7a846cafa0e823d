-- +goose Up
-- Acts of other servers whose music is kept are found by their names, which stand folded
-- with their releases: the names alone where these name no other artist.
insert into search_doc (n, kind, ref, title, maker, more, card)
select 8 * 1099511627776 + row_number() over (order by a.id), 8, a.id, coalesce(min(case when r.artist in ('', a.name) then d.maker end), lower(a.name)), lower(a.handle), '', ''
from remote_actor a join remote_release r on r.actor = a.id join search_doc d on d.kind = 6 and d.ref = r.id
group by a.id, a.name, a.handle;
