package music

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRowsPack(t *testing.T) {
	at := time.UnixMilli(1_795_000_000_123).UTC()
	track := TrackRow{
		ID: "T", Title: "Low Tide, 2nd", Artist: "Ada", Act: "A", ActHandle: "ada", ActName: "Ada L.", Release: "R", ReleaseTitle: "Ærø",
		Disc: 2, Number: 13, DurationMS: 3_600_123, Explicit: true, Cover: Cover{"c", "#111111", "#eeeeee"}, Codec: "flac",
		Gain: -7_123, AlbumGain: 250, Peak: -1, Segmented: true, Published: at,
	}
	var got TrackRow
	got.Unpack(track.Pack())
	track.Available = true
	if d := cmp.Diff(track, got); d != "" {
		t.Error(d)
	}
	release := ReleaseRow{ID: "R", Title: "x", Artist: "y", Act: "A", ActHandle: "h", ActName: "n", Kind: EP, Date: "2026", Explicit: true, Tracks: 5,
		DurationMS: 9, Cover: Cover{"c", "l", "d"}, Published: at}
	var r ReleaseRow
	r.Unpack(release.Pack())
	if d := cmp.Diff(release, r); d != "" {
		t.Error(d)
	}
	act := ActRow{ID: "A", Handle: "h", Name: "n", Place: "p", Cover: Cover{"c", "l", "d"}, Releases: 3}
	var a ActRow
	a.Unpack(act.Pack())
	if d := cmp.Diff(act, a); d != "" {
		t.Error(d)
	}
	list := PlaylistRow{ID: "P", Account: "X", Owner: "o", Title: "t", Access: Public, Items: 2, DurationMS: 3, Cover: Cover{"c", "l", "d"}, Changed: at}
	var p PlaylistRow
	p.Unpack(list.Pack())
	if d := cmp.Diff(list, p); d != "" {
		t.Error(d)
	}
	var none TrackRow
	none.Unpack((&TrackRow{}).Pack())
	if !none.Published.IsZero() {
		t.Errorf("no time became %v", none.Published)
	}
}
