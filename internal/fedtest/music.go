package fedtest

import (
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// Publish gives the act a release that everybody may hear, with one track of 200 s.
func (n *Node) Publish() (id.Release, id.Track) {
	n.T.Helper()
	now := n.Now()
	r := music.Release{ID: id.New[id.Release](now), Act: n.Act, Facts: music.Facts{Title: "Arithmetic", Artist: "Low Tide", Kind: music.Single}, State: music.Published, Published: now, Created: now, Changed: now}
	t := music.Track{ID: id.New[id.Track](now), Release: r.ID, Act: n.Act, Title: "Safari", Disc: 1, Number: 1, State: music.Ready, Filename: "safari.flac", Original: "original/x", Created: now, Changed: now}
	n.music(func(tx music.Tx) error {
		if err := tx.InsertRelease(n.T.Context(), &r); err != nil {
			return err
		}
		if err := tx.InsertTrack(n.T.Context(), &t); err != nil {
			return err
		}
		return tx.SetAsset(n.T.Context(), &music.Asset{Track: t.ID, Original: t.Original, SHA256: "x", Codec: "flac", DurationMS: 200_000})
	})
	return r.ID, t.ID
}

// Withdraw makes it a draft again.
func (n *Node) Withdraw(r id.Release) {
	n.T.Helper()
	n.music(func(tx music.Tx) error {
		rel, err := tx.Release(n.T.Context(), r)
		if err != nil {
			return err
		}
		rel.State = music.Draft
		return tx.UpdateRelease(n.T.Context(), &rel)
	})
}

func (n *Node) music(fn func(music.Tx) error) {
	n.T.Helper()
	if err := n.DB.Music().Update(n.T.Context(), fn); err != nil {
		n.T.Fatal(err)
	}
}
