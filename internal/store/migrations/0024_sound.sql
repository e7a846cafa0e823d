-- +goose Up
alter table asset add column gates bytea;                           -- histogram of loudness that album gain is made of
alter table rendition add column peak bigint not null default 0;    -- true peak, thousandths of dBTP; 0 not measured
