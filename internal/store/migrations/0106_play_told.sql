-- +goose Up
-- A play of another node's track of which that node was told: what came after its days were
-- told, since a device was away, is told with the next.
alter table play add column told boolean not null default false;
update play set told = true where accepted > 0 and exists (select 1 from listens_told l where l.track = play.track and play.began < l.until);
