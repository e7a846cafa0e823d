package social

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// News is what somebody here learns of whom they follow: a release of an act, here or
// elsewhere, or what one elsewhere shared.
type News struct {
	ID      string // of the release, or of its being shared
	At      time.Time
	Release music.ReleaseRow
	Track   id.Track // which of its tracks was shared, "" the whole
	Title   string   // of the track
	// Sharers are those elsewhere whom somebody follows who shared it, the latest first.
	Sharers  []Sharer
	IsShared bool // and it did not come out with somebody whom they follow

	// Whose the release is where it is of another server.
	Owner, OwnerHost string
}

func (n *News) cursor() music.Cursor { return music.Cursor{Key: n.At.UnixMilli(), ID: n.ID} }

// A Sharer is somebody on another server who shared something.
type Sharer struct {
	Actor  string // the address of their document
	Handle string // act@host
	Name   string
}

// A Share is what somebody elsewhere shared (Announce).
type Share struct {
	Actor    string
	Activity string
	About    string // the address of what is shared
	At       time.Time
}

// JobShare finds what somebody shared: a [Share] as JSON.
const JobShare = "social.share"

// SharesAnHour is what is kept of what one actor says, and what is asked for of a list: each
// may be a question to a third server.
const SharesAnHour = 30

// mostSharers is how many who shared a thing are told.
const mostSharers = 20

// Unfound is how long what was shared may be looked for, and is not asked for again.
const Unfound = 7 * 24 * time.Hour

// FeedTx is the part of a transaction that tells people what is new. The lists hold up to n
// after a cursor, the newest first.
type FeedTx interface {
	// NewsHere and NewsThere are releases of acts that somebody follows here and elsewhere.
	NewsHere(ctx context.Context, who id.Account, after music.Cursor, n int) ([]News, error)
	NewsThere(ctx context.Context, who id.Account, after music.Cursor, n int) ([]News, error)
	// NewsShared is what those whom somebody follows elsewhere shared, each thing once, when
	// it was shared last; but releases that are among the others.
	NewsShared(ctx context.Context, who id.Account, after music.Cursor, n int) ([]News, error)

	// Sharers are up to n whom somebody follows elsewhere who shared a thing, the latest first.
	Sharers(ctx context.Context, who id.Account, t Thing, n int) ([]Sharer, error)

	// PutShare keeps that somebody shared a thing, which may not be known yet, and reports
	// whether that was not known.
	PutShare(ctx context.Context, s Share, t Thing) (fresh bool, err error)
	// FoundShare says what it was that they shared.
	FoundShare(ctx context.Context, s Share, t Thing) error
	// DropShare takes back what an actor shared by an activity, or what they shared.
	DropShare(ctx context.Context, actor, activity, about string) error
	// CountShares is how many became known since a time, whatever their own dates.
	CountShares(ctx context.Context, actor string, since time.Time) (int64, error)
	// ForgetShares forgets those that became known before a time and were not found, that are
	// of nothing any more, and of whom nobody here follows; but what labels announce.
	ForgetShares(ctx context.Context, unfound time.Time) error

	// Announced is what somebody shared; AnnouncedActs are up to n acts of other servers
	// whose it is, AnnouncedHere of this node.
	Announced(ctx context.Context, actor string, after music.Cursor, n int) ([]News, error)
	AnnouncedActs(ctx context.Context, actor string, n int) ([]Full, error)
	AnnouncedHere(ctx context.Context, actor string, n int) ([]music.ActRow, error)
	// DropUnseen forgets what somebody shared who was not known to do so since a time.
	DropUnseen(ctx context.Context, actor string, since time.Time) error
}

// TakeShare keeps what somebody shared as [KeepShare] does, if people here follow them: of
// anybody else it is nothing to anybody here.
func TakeShare(ctx context.Context, tx Tx, s Share, here Thing) error {
	if n, err := tx.FollowersHere(ctx, s.Actor); err != nil || n == 0 {
		return err
	}
	if n, err := tx.CountShares(ctx, s.Actor, tx.Now().Add(-time.Hour)); err != nil || n >= SharesAnHour {
		return err
	}
	_, err := KeepShare(ctx, tx, s, here, time.Time{})
	return err
}

// KeepShare keeps what somebody shared, and has what is not known here asked for at a time,
// which it reports: once, until it is forgotten (see [Unfound]). A thing of this node is
// given with it.
func KeepShare(ctx context.Context, tx Tx, s Share, here Thing, at time.Time) (asked bool, err error) {
	if s.At.IsZero() || s.At.After(tx.Now()) {
		s.At = tx.Now()
	}
	t := here
	if here == (Thing{}) {
		t, err = ThingAt(ctx, tx, s.About)
	}
	lost := fault.Is(err, fault.NotFound)
	if err != nil && !lost {
		return false, err
	}
	fresh, err := tx.PutShare(ctx, s, t)
	if err != nil || !lost || !fresh {
		return false, err
	}
	payload, err := json.Marshal(s)
	if err != nil {
		return false, err
	}
	return true, tx.Enqueue(ctx, JobShare, s.Actor+" "+s.About, payload, at)
}

// ThingAt is the release or the track of another server that is known here under an
// address. Faults: NotFound.
func ThingAt(ctx context.Context, tx Tx, iri string) (Thing, error) {
	r, err := tx.ReleaseByIRI(ctx, iri)
	if !fault.Is(err, fault.NotFound) {
		return Thing{Release: r.ID}, err
	}
	t, err := tx.TrackByIRI(ctx, iri)
	if err != nil {
		return Thing{}, err
	}
	track, err := tx.Track(ctx, t)
	return Thing{Release: track.Release, Track: t}, err
}

// A Feed tells people what is new of whom they follow.
type Feed struct {
	Store Store
}

// News is what acts that somebody follows published, here and elsewhere, and what those
// elsewhere shared, the newest first. Of whom they do not want to hear nothing is in it.
// Faults: Unauthenticated; Invalid for a cursor that is none.
func (f *Feed) News(ctx context.Context, v music.Viewer, p music.Page) (music.List[News], error) {
	if v.Account == "" {
		return music.List[News]{}, fault.New(fault.Unauthenticated, "Sign in first.")
	}
	return paged(ctx, f.Store, v.Account, p, func(tx Tx, after music.Cursor, n int) ([]News, error) {
		return freshest(ctx, tx, v.Account, after, n)
	})
}

// paged is a page of a list without what is of whom somebody does not want to hear: it may
// have fewer rows than are asked for, and others after it.
func paged(ctx context.Context, s Store, who id.Account, p music.Page, read func(tx Tx, after music.Cursor, n int) ([]News, error)) (l music.List[News], err error) {
	err = s.SocialView(ctx, func(tx Tx) error {
		l, err = music.Paged(p, (*News).cursor, func(after music.Cursor, n int) ([]News, error) { return read(tx, after, n) })
		if err != nil {
			return err
		}
		l.Rows, err = heardNews(ctx, tx, who, l.Rows)
		return err
	})
	return l, err
}

// freshest are the n newest of all kinds after a cursor.
func freshest(ctx context.Context, tx Tx, who id.Account, after music.Cursor, n int) (out []News, err error) {
	for _, list := range []func(context.Context, id.Account, music.Cursor, int) ([]News, error){tx.NewsHere, tx.NewsThere, tx.NewsShared} {
		some, err := list(ctx, who, after, n)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, func(a, b News) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	out = out[:min(n, len(out))]
	for i := range out {
		if out[i].Sharers, err = tx.Sharers(ctx, who, Thing{Release: out[i].Release.ID, Track: out[i].Track}, mostSharers); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// heardNews leaves out what is of whom somebody does not want to hear, and names the
// tracks that were shared.
func heardNews(ctx context.Context, tx Tx, who id.Account, list []News) (out []News, err error) {
	var tracks []id.Track
	for i := range list {
		if list[i].Track != "" {
			tracks = append(tracks, list[i].Track)
		}
	}
	known, err := tx.Rows(ctx, tracks)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		ok := true
		if x.Owner != "" {
			if ok, err = Hears(ctx, tx, who, x.Owner, x.OwnerHost); err != nil {
				return nil, err
			}
		}
		if x.Title = known[x.Track].Title; ok && (x.Track == "" || x.Title != "") {
			out = append(out, x)
		}
	}
	return out, nil
}
