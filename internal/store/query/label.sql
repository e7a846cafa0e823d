-- name: LabelRoster :many
select act as other, agreed, since from act_label where label = @label order by since, act;

-- name: LabelsOfAct :many
select label as other, agreed, since from act_label where act = @act order by since, label;

-- name: LabelPut :exec
insert into act_label (label, act, agreed, since) values (@label, @act, @agreed, @since)
on conflict (label, act) do update set agreed = excluded.agreed, since = excluded.since;

-- name: LabelDrop :execrows
delete from act_label where label = @label and act = @act;

-- name: LabelReleases :many
select r.label, x.release, x.card from release_line x join act_label l on l.act = x.act join release r on r.id = x.release
where l.label = @label and l.agreed order by x.published desc, x.release desc limit @lim + 0;
