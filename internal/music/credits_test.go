package music_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

func TestCredits(t *testing.T) { both(t, testCredits) }

func testCredits(t *testing.T, n *node) {
	a, b, c := n.act(ada, "Ada").ID, n.act(bo, "Bo").ID, n.act(cy, "Cy").ID
	_, ids := n.public(ada, a, music.Facts{Title: "R"}, "One", "Two")
	one := ids[:1]
	split := []music.Share{{Act: b, Bps: 2_500}, {Act: a, Bps: 5_000}, {Act: c, Bps: 2_500}}
	inForce := func() int64 {
		f, _, err := n.cat.Track(n.ctx, guest, ids[0], "")
		n.ok(err)
		return f.Sheet.Version
	}

	_, err := n.studio.Propose(n.ctx, bo, one, split)
	n.refused("another act's track", err, fault.Forbidden)
	_, err = n.studio.Propose(n.ctx, ada, one, split[:2])
	n.refused("a part is missing", err, fault.Invalid)
	_, err = n.studio.Propose(n.ctx, ada, one, []music.Share{{Act: "01NOBODY000000000000000000", Bps: music.Whole}})
	n.refused("an act that is not there", err, fault.NotFound)

	s := must(n.studio.Propose(n.ctx, ada, one, split))(n)[0]
	if s.Version != 2 || s.State != music.Waiting || inForce() != 1 {
		t.Fatalf("proposed: %+v, in force %d", s, inForce())
	}
	if w := must(n.studio.Waiting(n.ctx, bo, b))(n); len(w) != 1 || w[0].Track.ID != ids[0] || len(w[0].Names) != 3 {
		t.Errorf("waiting for bo: %+v", w)
	}
	_, err = n.studio.Answer(n.ctx, cy, ids[0], 2, b, true)
	n.refused("cy for bo", err, fault.Forbidden)
	_, err = n.studio.Answer(n.ctx, bo, ids[0], 9, b, true)
	n.refused("a sheet that is not there", err, fault.NotFound)
	must(n.studio.Answer(n.ctx, bo, ids[0], 2, b, true))(n)
	if inForce() != 1 {
		t.Error("in force before everybody has agreed")
	}
	if s = must(n.studio.Answer(n.ctx, cy, ids[0], 2, c, true))(n); s.State != music.InForce || inForce() != 2 {
		t.Errorf("confirmed: %+v, in force %d", s, inForce())
	}
	_, err = n.studio.Answer(n.ctx, cy, ids[0], 2, c, false)
	n.refused("declining too late", err, fault.Conflict)

	// A newer proposal withdraws the one that waits; a decline withdraws it too.
	must(n.studio.Propose(n.ctx, ada, ids, []music.Share{{Act: a, Bps: 9_000}, {Act: b, Bps: 1_000}}))(n)
	must(n.studio.Propose(n.ctx, ada, one, []music.Share{{Act: a, Bps: 8_000}, {Act: b, Bps: 2_000}}))(n)
	_, err = n.studio.Answer(n.ctx, bo, ids[0], 3, b, true)
	n.refused("an overtaken sheet", err, fault.Conflict)
	must(n.studio.Answer(n.ctx, bo, ids[0], 4, b, false))(n)
	must(n.studio.Propose(n.ctx, ada, one, []music.Share{{Act: a, Bps: music.Whole}}))(n) // itself alone: at once
	want := []music.SheetState{music.InForce, music.Withdrawn, music.Withdrawn, music.Replaced, music.Replaced}
	sheets := must(n.studio.Sheets(n.ctx, ada, ids[0]))(n)
	for i, s := range sheets {
		if s.State != want[i] || s.Version != int64(5-i) {
			t.Errorf("sheet %d is %s, want %s", s.Version, s.State, want[i])
		}
	}
	// An admin proposes, but does not agree for others.
	s = must(n.studio.Propose(n.ctx, admin, one, []music.Share{{Act: b, Bps: music.Whole}}))(n)[0]
	if s.State != music.Waiting {
		t.Errorf("an admin's proposal is %s", s.State)
	}
}

// TestSheetsNeverLapse: whatever is proposed, confirmed and declined, a track
// has one sheet in force, at most one waiting, and nobody earns by a sheet
// that they have not agreed to.
func TestSheetsNeverLapse(t *testing.T) { both(t, testSheetsNeverLapse) }

func testSheetsNeverLapse(t *testing.T, n *node) {
	people := []music.Viewer{ada, bo, cy}
	acts := []id.Act{n.act(ada, "Ada").ID, n.act(bo, "Bo").ID, n.act(cy, "Cy").ID}
	rapid.Check(t, func(t *rapid.T) {
		r := must(n.studio.CreateRelease(n.ctx, ada, acts[0], music.Facts{Title: "R"}))(n)
		track := must(n.studio.Import(n.ctx, ada, r.ID, "a.flac", blob(string(r.ID))))(n).ID
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "propose") {
				k := rapid.IntRange(1, 3).Draw(t, "acts")
				var shares []music.Share
				for i, a := range rapid.Permutation(acts).Draw(t, "who")[:k] {
					bps := int64(music.Whole / k)
					if i == 0 {
						bps = music.Whole - bps*int64(k-1)
					}
					shares = append(shares, music.Share{Act: a, Bps: bps})
				}
				must(n.studio.Propose(n.ctx, ada, []id.Track{track}, shares))(n)
			} else {
				w := rapid.IntRange(0, 2).Draw(t, "who")
				version := rapid.Int64Range(1, 8).Draw(t, "version")
				_, err := n.studio.Answer(n.ctx, people[w], track, version, acts[w], rapid.Bool().Draw(t, "yes"))
				if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
					t.Fatal(err)
				}
			}
			forced, waiting := 0, 0
			for _, s := range must(n.studio.Sheets(n.ctx, ada, track))(n) {
				var sum int64
				for _, x := range s.Shares {
					sum += x.Bps
					if x.Confirmed.IsZero() && s.State == music.InForce {
						t.Fatalf("sheet %d is in force without the word of %s", s.Version, x.Act)
					}
				}
				if sum != music.Whole {
					t.Fatalf("sheet %d sums to %d", s.Version, sum)
				}
				switch s.State {
				case music.InForce:
					forced++
				case music.Waiting:
					waiting++
				}
			}
			if forced != 1 || waiting > 1 {
				t.Fatalf("%d in force, %d waiting", forced, waiting)
			}
		}
	})
}
