-- name: ActByID :one
select * from act where id = @id;

-- name: ActByHandle :one
select * from act where handle = @handle;

-- name: ActInsert :exec
insert into act (id, handle, name, bio, place, aliases, members, links, cover, accent_l, accent_d, orphaned, created, changed, label)
values (@id, @handle, @name, @bio, @place, @aliases, @members, @links, @cover, @accent_l, @accent_d, @orphaned, @created, @changed, @label);

-- name: ActUpdate :execrows
update act set handle = @handle, name = @name, bio = @bio, place = @place, aliases = @aliases, members = @members, links = @links,
  cover = @cover, accent_l = @accent_l, accent_d = @accent_d, orphaned = @orphaned, changed = @changed
where id = @id;

-- name: ActRecount :exec
update act set releases = (select count(*) from release r where r.act = act.id and r.state = 'published'), face = @face, face_l = @face_l, face_d = @face_d
where act.id = @id;

-- name: ActFace :one
select cover, accent_l, accent_d from release
where act = @act and state = 'published' and cover <> '' order by published desc, id desc limit 1;

-- name: ActRole :one
select role from act_role where act = @act and account = @account;

-- name: ActPlaces :many
select account, role, since from act_role where act = @act order by since, account;

-- name: ActRoleSet :exec
insert into act_role (act, account, role, since) values (@act, @account, @role, @since)
on conflict (act, account) do update set role = excluded.role;

-- name: ActRoleDrop :exec
delete from act_role where act = @act and account = @account;

-- name: ActsOfAccount :many
select a.*, r.role from act a join act_role r on r.act = a.id where r.account = @account order by a.name, a.id;

-- name: ActOrphans :many
select * from act where orphaned order by name, id;

-- name: ActWallets :many
select name, address, bps from act_wallet where act = @act order by line;

-- name: ActWalletsAll :many
select act, address, bps from act_wallet order by act, line;

-- name: ActWalletsClear :exec
delete from act_wallet where act = @act;

-- name: ActWalletInsert :exec
insert into act_wallet (act, line, name, address, bps) values (@act, @line, @name, @address, @bps);

-- name: ActList :many
select * from act where releases > 0 and releases <= @key and (releases < @key or id < @id) order by releases desc, id desc limit @lim + 0;

-- name: ReleaseByID :one
select * from release where id = @id;

-- name: ReleaseByPreview :one
select * from release where preview = @preview and preview <> '';

-- name: ReleasesOfAct :many
select * from release where act = @act order by created desc, id desc;

-- name: ReleasesInState :many
select * from release where state = @state order by changed desc, id desc limit @lim + 0;

-- name: ReleaseInsert :exec
insert into release (id, act, title, artist, kind, date, label, licence, language, explicit, description, tags, cover, accent_l, accent_d, edited,
  state, state_before, publish_at, zone, published, reason, preview, created, changed)
values (@id, @act, @title, @artist, @kind, @date, @label, @licence, @language, @explicit, @description, @tags, @cover, @accent_l, @accent_d, @edited,
  @state, @state_before, @publish_at, @zone, @published, @reason, @preview, @created, @changed);

-- name: ReleaseUpdate :execrows
update release set title = @title, artist = @artist, kind = @kind, date = @date, label = @label, licence = @licence, language = @language,
  explicit = @explicit, description = @description, tags = @tags, cover = @cover, accent_l = @accent_l, accent_d = @accent_d, edited = @edited,
  state = @state, state_before = @state_before, publish_at = @publish_at, zone = @zone, published = @published, reason = @reason,
  preview = @preview, changed = @changed
where id = @id;

-- name: ReleaseDelete :execrows
delete from release where id = @id;

-- name: TrackByID :one
select * from track where id = @id;

-- name: TracksOfRelease :many
select * from track where release = @release order by disc, number, id;

-- name: TrackInsert :exec
insert into track (id, release, act, title, artist, disc, number, isrc, recording, explicit, lyrics, people, edited, state, refusal, filename, original, pending, sheet, created, changed)
values (@id, @release, @act, @title, @artist, @disc, @number, @isrc, @recording, @explicit, @lyrics, @people, @edited, @state, @refusal, @filename, @original, @pending, @sheet, @created, @changed);

-- name: TrackUpdate :execrows
update track set title = @title, artist = @artist, disc = @disc, number = @number, isrc = @isrc, recording = @recording, explicit = @explicit, lyrics = @lyrics,
  people = @people, edited = @edited, state = @state, refusal = @refusal, filename = @filename, original = @original, pending = @pending,
  sheet = @sheet, changed = @changed
where id = @id;

-- name: TrackDelete :execrows
delete from track where id = @id;

-- name: AssetByKey :one
select * from asset where track = @track and original = @original;

-- name: AssetsOfRelease :many
select a.* from asset a join track t on t.id = a.track and t.original = a.original
where t.release = @release and t.state <> 'removed' order by t.disc, t.number, t.id;

-- name: AssetSet :exec
insert into asset (track, original, sha256, bytes, codec, rate, bits, channels, samples, delay, duration_ms, measured, loudness, peak, gain, album_gain, gates, peaks, waveform, tags)
values (@track, @original, @sha256, @bytes, @codec, @rate, @bits, @channels, @samples, @delay, @duration_ms, @measured, @loudness, @peak, @gain, @album_gain, @gates, @peaks, @waveform, @tags)
on conflict (track, original) do update set sha256 = excluded.sha256, bytes = excluded.bytes, codec = excluded.codec, rate = excluded.rate,
  bits = excluded.bits, channels = excluded.channels, samples = excluded.samples, delay = excluded.delay, duration_ms = excluded.duration_ms,
  measured = excluded.measured, loudness = excluded.loudness, peak = excluded.peak, gain = excluded.gain, album_gain = excluded.album_gain,
  gates = excluded.gates, peaks = excluded.peaks, waveform = excluded.waveform, tags = excluded.tags;

-- name: AssetSame :one
select t.id from asset a join track t on t.id = a.track and (t.original = a.original or t.pending = a.original)
where t.release = @release and a.sha256 = @sha256 and t.state not in ('removed', 'refused') limit 1;

-- name: AssetDrop :exec
delete from asset where track = @track and original = @original;

-- name: RenditionsOf :many
select * from rendition where track = @track and original = @original order by codec, id;

-- name: RenditionByID :one
select * from rendition where id = @id limit 1;

-- name: RenditionClear :exec
delete from rendition where track = @track and original = @original and codec = @codec and id <> @id;

-- name: RenditionSet :exec
insert into rendition (id, track, original, codec, frames, frame_index, manifest, signature, rate, channels, bitrate, samples, delay, bytes, peak)
values (@id, @track, @original, @codec, @frames, @frame_index, @manifest, @signature, @rate, @channels, @bitrate, @samples, @delay, @bytes, @peak)
on conflict (id, track) do update set frames = excluded.frames, frame_index = excluded.frame_index, signature = excluded.signature, peak = excluded.peak;

-- name: OriginalsNeeded :many
select id, original, pending from track where state not in ('refused', 'removed');

-- name: WaveformsNeeded :many
select a.track, a.waveform from asset a join track t on t.id = a.track and (t.original = a.original or t.pending = a.original)
where a.waveform <> '' and t.state not in ('refused', 'removed');

-- name: RenditionsNeeded :many
select r.track, r.id, r.frames, r.frame_index from rendition r join track t on t.id = r.track and (t.original = r.original or t.pending = r.original)
where t.state not in ('refused', 'removed');

-- name: CoversShown :many
select cover from release where cover <> '' union select cover from act where cover <> ''
union select face from act where face <> '' union select cover from playlist where cover <> '' union select cover from remote_picture where cover <> '';

-- name: RenditionDrop :exec
delete from rendition where track = @track and original = @original;

-- name: SheetByVersion :one
select * from sheet where track = @track and version = @version;

-- name: SheetsOf :many
select * from sheet where track = @track order by version desc;

-- name: SheetShares :many
select act, bps, confirmed from sheet_share where track = @track and version = @version order by act;

-- name: SheetInsert :exec
insert into sheet (track, version, state, created, since, until) values (@track, @version, @state, @created, @since, @until);

-- name: SheetShareInsert :exec
insert into sheet_share (track, version, act, bps, confirmed) values (@track, @version, @act, @bps, @confirmed);

-- name: SheetUpdate :execrows
update sheet set state = @state, since = @since, until = @until where track = @track and version = @version;

-- name: SheetShareConfirm :exec
update sheet_share set confirmed = @confirmed where track = @track and version = @version and act = @act;

-- name: SheetsWaiting :many
select s.* from sheet s join sheet_share h on h.track = s.track and h.version = s.version
where h.act = @act and h.confirmed = 0 and s.state = 'waiting' order by s.created, s.track;

-- name: UploadByID :one
select * from upload where id = @id;

-- name: UploadsOfRelease :many
select * from upload where release = @release order by created, id;

-- name: UploadsOpen :one
select cast(coalesce(sum(size), 0) as bigint) as bytes, count(*) as files from upload where account = @account and state = 'open';

-- name: AssetsOwned :one
select cast(coalesce(sum(a.bytes), 0) as bigint) as bytes
from release r join track t on t.release = r.id join asset a on a.track = t.id
where r.act in (select o.act from act_role o join act_role p on p.account = o.account where p.act = @act and p.role = 'owner' and o.role = 'owner');

-- name: UploadsStale :many
select * from upload where state = 'open' and changed < @since order by changed limit @lim + 0;

-- name: UploadInsert :exec
insert into upload (id, account, release, track, filename, size, received, state, reason, created, changed)
values (@id, @account, @release, @track, @filename, @size, @received, @state, @reason, @created, @changed);

-- name: UploadUpdate :execrows
update upload set track = @track, received = @received, state = @state, reason = @reason, changed = @changed where id = @id;

-- name: LineTrackClear :exec
delete from track_line where release = @release;

-- name: LineTrackInsert :exec
insert into track_line (track, release, act, published, plays, disc, number, card) values (@track, @release, @act, @published, @plays, @disc, @number, @card);

-- name: LineReleaseClear :exec
delete from release_line where release = @release;

-- name: LineReleaseInsert :exec
insert into release_line (release, act, published, plays, card) values (@release, @act, @published, @plays, @card);

-- name: LineTagsOf :many
select distinct tag from tag_line where release = @release;

-- name: LineTagClear :exec
delete from tag_line where release = @release;

-- name: LineTagTrackClear :exec
delete from tag_track_line where release = @release;

-- name: LineTagInsert :exec
insert into tag_line (tag, published, release) values (@tag, @published, @release) on conflict do nothing;

-- name: LineTagTrackInsert :exec
insert into tag_track_line (tag, published, track, release) values (@tag, @published, @track, @release) on conflict do nothing;

-- name: TagRecount :exec
insert into tag (name, releases) values (@name, (select count(*) from tag_line l where l.tag = @name))
on conflict (name) do update set releases = excluded.releases;

-- name: TagList :many
select name, releases from tag where releases > 0 and name >= @low and name < @high order by releases desc, name limit @lim + 0;

-- name: DocLast :one
select cast(coalesce(max(n), 0) as bigint) as n from search_doc where n >= @low and n < @high;

-- name: DocUpdate :execrows
update search_doc set title = @title, maker = @maker, more = @more, card = @card where kind = @kind and ref = @ref;

-- name: DocInsert :exec
insert into search_doc (n, kind, ref, title, maker, more, card) values (@n, @kind, @ref, @title, @maker, @more, @card);

-- name: DocDrop :exec
delete from search_doc where kind = @kind and ref = @ref;

-- name: PlaylistByID :one
select * from playlist where id = @id;

-- name: PlaylistsOfAccount :many
select * from playlist where account = @account order by changed desc, id;

-- name: PlaylistInsert :exec
insert into playlist (id, account, title, description, access, items, duration_ms, cover, accent_l, accent_d, created, changed, act)
values (@id, @account, @title, @description, @access, @items, @duration_ms, @cover, @accent_l, @accent_d, @created, @changed, @act);

-- name: PlaylistUpdate :execrows
update playlist set title = @title, description = @description, access = @access, items = @items, duration_ms = @duration_ms,
  cover = @cover, accent_l = @accent_l, accent_d = @accent_d, changed = @changed, act = @act
where id = @id;

-- name: PlaylistDelete :execrows
delete from playlist where id = @id;

-- name: PlaylistItems :many
select id, track, added from playlist_item where playlist = @playlist order by position;

-- name: PlaylistItemInsert :exec
insert into playlist_item (id, playlist, position, track, added) values (@id, @playlist, @position, @track, @added);

-- name: PlaylistItemMove :exec
update playlist_item set position = @position where id = @id;

-- name: PlaylistItemDrop :exec
delete from playlist_item where id = @id;

-- name: PlaylistClearOf :exec
delete from playlist where account = @account;

-- name: LikeSet :execrows
insert into track_like (account, track, at) values (@account, @track, @at) on conflict do nothing;

-- name: LikeDrop :execrows
delete from track_like where account = @account and track = @track;

-- name: ReleaseLikeSet :execrows
insert into release_like (account, release, at) values (@account, @release, @at) on conflict do nothing;

-- name: ReleaseLikeDrop :execrows
delete from release_like where account = @account and release = @release;

-- name: FollowSet :execrows
insert into follow (account, act, at) values (@account, @act, @at) on conflict do nothing;

-- name: FollowDrop :execrows
delete from follow where account = @account and act = @act;

-- name: FollowCount :exec
update act set followers = followers + @n where id = @id;

-- name: LikesOf :many
select k.track, k.at, coalesce(l.card, '') as card from track_like k left join track_line l on l.track = k.track
where k.account = @account and k.at <= @key and (k.at < @key or k.track < @id) order by k.at desc, k.track desc limit @lim + 0;

-- name: ReleaseLikesOf :many
select k.release, k.at, coalesce(l.card, '') as card from release_like k left join release_line l on l.release = k.release
where (l.release is not null or exists (select 1 from remote_release r where r.id = k.release)) and k.account = @account and k.at <= @key and (k.at < @key or k.release < @id) order by k.at desc, k.release desc limit @lim + 0;

-- name: FollowsOf :many
select a.*, k.at from follow k join act a on a.id = k.act
where k.account = @account and k.at <= @key and (k.at < @key or k.act < @id) order by k.at desc, k.act desc limit @lim + 0;

-- name: FollowedReleases :many
select l.card, l.published from follow k join release_line l on l.act = k.act
where k.account = @account and l.published <= @key and (l.published < @key or l.release < @id) order by l.published desc, l.release desc limit @lim + 0;

-- name: ReleaseLiked :one
select count(*) from release_like where account = @account and release = @release;

-- name: FollowingOne :one
select count(*) from follow where account = @account and act = @act;

-- name: HistoryOf :many
select h.track, h.at, coalesce(l.card, '') as card from history h left join track_line l on l.track = h.track
where h.account = @account and h.at <= @key and (h.at < @key or h.track < @id) order by h.at desc, h.track desc limit @lim + 0;

-- name: HistoryDrop :exec
delete from history where account = @account and at = @at;

-- name: HistoryClear :exec
delete from history where account = @account;

-- name: ResumeOf :one
select * from resume where account = @account;

-- name: ResumeSet :exec
insert into resume (account, track, position_ms, queue, at) values (@account, @track, @position_ms, @queue, @at)
on conflict (account) do update set track = excluded.track, position_ms = excluded.position_ms, queue = excluded.queue, at = excluded.at;

-- name: ResumeDrop :exec
delete from resume where account = @account;

-- name: PlacedTracks :many
select i.id, i.track, i.added, coalesce(l.card, '') as card from playlist_item i left join track_line l on l.track = i.track
where i.playlist = @playlist order by i.position;

-- name: TracksSegmented :many
select t.id, r.id as rendition from track t join rendition r on r.track = t.id and r.original = t.original
where t.release = @release and r.codec in ('flac', 'aac', 'opus') order by t.id, r.codec, r.id;

-- name: SheetsInForceOf :many
select s.* from sheet s join track t on t.id = s.track and t.sheet = s.version where t.release = @release;

-- name: FollowersForget :exec
update act set followers = followers - 1 where act.id in (select f.act from follow f where f.account = @account);

-- name: FollowsForget :exec
delete from follow where account = @account;

-- name: LikesForget :exec
delete from track_like where account = @account;

-- name: ReleaseLikesForget :exec
delete from release_like where account = @account;

-- name: ActRolesForget :exec
delete from act_role where account = @account;

-- What refers to a track, or to all of a release: the other is ''.
-- name: ItemsForgetMusic :exec
delete from playlist_item where track in (select t.id from track t where t.id = @track or t.release = @release);

-- name: LikesForgetMusic :exec
delete from track_like where track in (select t.id from track t where t.id = @track or t.release = @release);

-- name: HistoryForgetMusic :exec
delete from history where track in (select t.id from track t where t.id = @track or t.release = @release);

-- name: ResumeForgetMusic :exec
delete from resume where track in (select t.id from track t where t.id = @track or t.release = @release);

-- name: ReleaseLikesForgetMusic :exec
delete from release_like where release = @release;

-- name: CommentsForgetMusic :many
delete from comment where release = @release returning cast(case when person = '' and act = '' then '' else id end as text) as id;

-- name: UploadsForget :exec
delete from upload where account = @account;

-- name: ReleaseIndex :many
select r.id, r.act, cast(coalesce((select max(t.changed) from track t where t.release = r.id and t.changed > r.changed), r.changed) as bigint) as changed
from release_line l join release r on r.id = l.release where r.id > @after order by r.id limit @lim;
