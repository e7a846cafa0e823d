-- name: ListensKept :one
select count(*) from listens where host = @host and at > @since;

-- name: SoundAskedEver :one
select exists (select 1 from sound_asked where host = @host);
