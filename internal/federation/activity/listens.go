package activity

import (
	"context"
	"encoding/json"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/social"
)

// Bounds of what a node says of plays.
const (
	longestWindow = 366 * 24 * time.Hour
	mostPlays     = 100_000_000 // of a track: they are multiplied and summed
	mostSeconds   = 1200        // that a play counts
	rootLength    = 64          // of a hash in hex
	longestWord   = 8 << 10     // bytes: it is kept whole
)

// listened keeps what a node says of plays of a track here.
func listened(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	if !in.Proved {
		return nil, fault.New(fault.Forbidden, "What is said of plays has no proof.")
	}
	if !nodeItself(in) || in.IsPublic() || in.Expires.IsZero() {
		return nil, fault.New(fault.Invalid, "What is said of plays comes from a node, to the act's alone, and expires.")
	}
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	_, track, _ := in.Site.MusicOf(o.ID())
	thing, act, err := tx.Public(ctx, social.Thing{Track: track})
	if err != nil {
		return nil, err
	}
	l := social.Listens{ID: in.ID, Host: in.From.Host, Act: act, Track: thing.Track, First: in.StartTime, Until: in.EndTime}
	if err := counter(in, &l); err != nil {
		return nil, err
	}
	if whole := 24 * time.Hour; len(in.Body) > longestWord || !l.First.Truncate(whole).Equal(l.First) || !l.Until.Truncate(whole).Equal(l.Until) {
		return nil, fault.New(fault.Invalid, "What is said of plays is of whole days, and short.")
	}
	if l.Track == "" || !l.First.Before(l.Until) || l.Until.Sub(l.First) > longestWindow || l.Until.After(tx.Now().Add(24*time.Hour)) {
		return nil, fault.New(fault.Invalid, "What is said of plays names no track, or no days.")
	}
	if err := plays(ctx, tx, l.Host); err != nil {
		return nil, err
	}
	return nil, social.KeepListens(ctx, tx, l, in.Body)
}

// plays refuses a server that is not known to play music of this node: it runs other
// software, or none that was seen, and never asked for sound. Faults: Forbidden.
func plays(ctx context.Context, tx social.Tx, host string) error {
	p, err := tx.Peer(ctx, host)
	if err != nil || p.Software == remote.Own {
		return err
	}
	asked, err := tx.EverAsked(ctx, host)
	if err == nil && !asked {
		err = fault.New(fault.Forbidden, "%s is not known to play music of this node.", host)
	}
	return err
}

// counter reads how often and for how long.
func counter(in In, l *social.Listens) error {
	bad := fault.New(fault.Invalid, "What is said of plays does not add up.")
	if len(in.Result) != 1 || in.Result[0].Object == nil {
		return bad
	}
	for name, into := range map[string]*int64{"userInteractionCount": &l.Counted, "nineten:plays": &l.Plays, "nineten:seconds": &l.Seconds} {
		var n json.Number
		if !in.Result[0].Object.Get(name, &n) {
			return bad
		}
		var err error
		if *into, err = n.Int64(); err != nil || *into < 0 {
			return bad
		}
	}
	l.Root, _ = in.Extra["nineten:logRoot"].(string)
	if l.Plays > mostPlays || l.Counted > l.Plays || l.Seconds > l.Counted*mostSeconds || l.Counted < social.Fewest || len(l.Root) != rootLength {
		return bad
	}
	return nil
}
