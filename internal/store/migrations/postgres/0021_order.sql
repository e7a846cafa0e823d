-- +goose Up
-- Books and acts are compared byte by byte, whatever the database's language.
alter table balance alter column book type text collate "C";
alter table posting alter column book type text collate "C";
alter table month_line alter column act type text collate "C";
alter table month_share alter column act type text collate "C";
alter table day_act alter column act type text collate "C";
alter table month_act alter column act type text collate "C";
alter table sheet_share alter column act type text collate "C";
