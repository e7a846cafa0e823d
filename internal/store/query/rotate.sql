-- name: ActsFollowedElsewhere :many
select distinct act from remote_follower order by act;

-- name: PersonsFollowedElsewhere :many
select distinct person from person_follower where state = 'follows' order by person;
