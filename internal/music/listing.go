package music

import (
	"cmp"
	"context"

	"github.com/michaelperna/9ten/internal/id"
)

// relist brings lists and search in step with a release: its rows when it is
// public, nothing otherwise. Every operation that changes what a row shows
// ends with it.
func relist(ctx context.Context, tx Tx, r *Release) error {
	act, err := tx.Act(ctx, r.Act)
	if err != nil {
		return err
	}
	tracks, err := tx.TracksOf(ctx, r.ID)
	if err != nil {
		return err
	}
	if r.State != Published {
		return unlist(ctx, tx, r, tracks)
	}
	assets, err := assetsByTrack(ctx, tx, r.ID)
	if err != nil {
		return err
	}
	segmented, err := tx.Segmented(ctx, r.ID)
	if err != nil {
		return err
	}
	row := ReleaseRow{
		ID: r.ID, Title: r.Facts.Title, Artist: r.Facts.Artist, Act: act.ID, ActHandle: act.Handle, ActName: act.Name,
		Kind: r.Facts.Kind, Date: r.Facts.Date, Explicit: r.Facts.Explicit, Cover: r.Cover, Published: r.Published,
	}
	var lines []Line
	for i := range tracks {
		t := &tracks[i]
		if t.State != Ready {
			if err := tx.DropDoc(ctx, FoundTrack, string(t.ID)); err != nil {
				return err
			}
			continue
		}
		l := Line{trackRow(t, r, &act, assets[t.ID]), t.Plays, r.Facts.Tags}
		l.Row.Segmented = len(segmented[t.ID]) > 0
		lines = append(lines, l)
		row.Tracks++
		row.DurationMS += l.Row.DurationMS
		if err := tx.SetDoc(ctx, trackDoc(t, &l.Row)); err != nil {
			return err
		}
	}
	if err := tx.SetLines(ctx, r.ID, &row, r.Plays, r.Facts.Tags, lines); err != nil {
		return err
	}
	return tx.SetDoc(ctx, Doc{
		Found: FoundRelease, Ref: string(r.ID), Title: folded(row.Title), Maker: folded(row.Artist, act.Name),
		More: folded(append([]string{r.Facts.Label, r.Facts.Date}, r.Facts.Tags...)...), Card: row.Pack(),
	})
}

func unlist(ctx context.Context, tx Tx, r *Release, tracks []Track) error {
	if err := tx.SetLines(ctx, r.ID, nil, 0, nil, nil); err != nil {
		return err
	}
	for _, t := range tracks {
		if err := tx.DropDoc(ctx, FoundTrack, string(t.ID)); err != nil {
			return err
		}
	}
	return tx.DropDoc(ctx, FoundRelease, string(r.ID))
}

func assetsByTrack(ctx context.Context, tx Tx, r id.Release) (map[id.Track]*Asset, error) {
	list, err := tx.AssetsOf(ctx, r)
	out := make(map[id.Track]*Asset, len(list))
	for i := range list {
		out[list[i].Track] = &list[i]
	}
	return out, err
}

// trackRow builds a track's row. a may be nil: nothing is known of the file.
func trackRow(t *Track, r *Release, act *Act, a *Asset) TrackRow {
	row := TrackRow{
		ID: t.ID, Title: t.Title, Artist: cmp.Or(t.Artist, r.Facts.Artist), Act: act.ID, ActHandle: act.Handle, ActName: act.Name,
		Release: r.ID, ReleaseTitle: r.Facts.Title, Disc: t.Disc, Number: t.Number, Explicit: t.Explicit || r.Facts.Explicit,
		Cover: r.Cover, Published: r.Published, Available: r.State == Published && t.State == Ready,
	}
	if a != nil {
		row.DurationMS, row.Codec, row.Gain, row.AlbumGain, row.Peak = a.DurationMS, a.Codec, a.Gain, a.AlbumGain, a.Peak
	}
	return row
}

func trackDoc(t *Track, row *TrackRow) Doc {
	more := []string{row.ReleaseTitle, t.ISRC}
	for _, p := range t.People {
		more = append(more, p.Name)
	}
	return Doc{
		Found: FoundTrack, Ref: string(t.ID), Title: folded(t.Title), Maker: folded(row.Artist, row.ActName),
		More: folded(more...), Card: row.Pack(),
	}
}

// indexAct brings search in step with an act: it is found while it has
// something public.
func indexAct(ctx context.Context, tx Tx, a Act) error {
	if a.Releases == 0 && !a.Label {
		return tx.DropDoc(ctx, FoundAct, string(a.ID))
	}
	more := []string{a.Place, a.Handle}
	for _, m := range a.Members {
		more = append(more, m.Name)
	}
	row := a.row()
	return tx.SetDoc(ctx, Doc{
		Found: FoundAct, Ref: string(a.ID), Title: folded(a.Name), Maker: folded(a.Aliases...),
		More: folded(more...), Card: row.Pack(),
	})
}

func (a *Act) row() ActRow {
	c := a.Cover
	if c.ID == "" {
		c = a.Face
	}
	return ActRow{ID: a.ID, Handle: a.Handle, Name: a.Name, Place: a.Place, Cover: c, Releases: a.Releases, Followers: a.Followers}
}

// relistAct does it for an act and all its releases.
func relistAct(ctx context.Context, tx Tx, a id.Act) error {
	list, err := tx.ReleasesOf(ctx, a)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].State != Published {
			continue
		}
		if err := relist(ctx, tx, &list[i]); err != nil {
			return err
		}
	}
	return recount(ctx, tx, a)
}

// recount is relist for what an act's own row shows.
func recount(ctx context.Context, tx Tx, a id.Act) error {
	if err := tx.RecountAct(ctx, a); err != nil {
		return err
	}
	act, err := tx.Act(ctx, a)
	if err != nil {
		return err
	}
	return indexAct(ctx, tx, act)
}

// TellRelease has other servers told of a release whose words elsewhere changed.
func TellRelease(ctx context.Context, tx Tx, r id.Release) error {
	return tell(ctx, tx, "release", string(r))
}

// mostTold bounds of how many releases one change is told.
const mostTold = 1_000

// TellReleases has them told of an act's newest, all of them but of the largest acts.
func TellReleases(ctx context.Context, tx Tx, a id.Act) error {
	rows, err := tx.ReleaseList(ctx, Filter{Act: a}, begin(), mostTold)
	for i := range rows {
		if err := tell(ctx, tx, "release", string(rows[i].ID)); err != nil {
			return err
		}
	}
	return err
}
