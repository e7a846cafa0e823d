// Package elsewhere is music on other servers for people here: acts there are
// found by their handle, followed, and what they publish is kept and played. No
// other server learns who here does so: the node's own actor asks and follows,
// pictures and sound go through the node.
package elsewhere

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/limit"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Config is what it needs.
type Config struct {
	Site    form.Site
	Store   social.Store
	Servers *remote.Servers
	// Files asks for sound: like Servers.Client, but with all the time it takes.
	Files *http.Client
	// Cover makes a cover of a picture. Faults: Invalid, Unsupported, TooLarge.
	Cover func(ctx context.Context, picture io.Reader) (music.Cover, error)
	// Listener names who asks for sound, for limits.
	Listener func(*http.Request) string
	// Prove has the node prove what it says of plays and of who pays.
	Prove func(doc []byte, at time.Time) ([]byte, error)
	// Statements knows what is recorded of this node's months.
	Statements social.Statements
	// Sent is called when something is to be delivered. It must not block.
	Sent func()
	Now  func() time.Time
	Log  *slog.Logger
}

// A Desk answers people here about music elsewhere.
type Desk struct {
	Config
	homes *limit.Limiter // of what guests ask: see [Desk.Home]

	mu        sync.Mutex
	listening map[string]int // how many sounds are passed on, by listener

	totalled map[id.Live]time.Time // when the nodes of events were asked last: see [Desk.Totals]
}

// New makes a desk.
func New(c Config) *Desk {
	return &Desk{Config: c, homes: limit.New(time.Second, 30), listening: map[string]int{}, totalled: map[id.Live]time.Time{}}
}

// handle is how people write one: @act@host, and servers: acct:act@host. Its length is looked at first: a count
// in an expression is as many copies of what it counts, which every start would
// make.
var handle = regexp.MustCompile(`^@?([\pL\pN_.~-]+)@([a-zA-Z0-9.-]+(?::[0-9]{1,5})?)$`)

const longestHandle = 400 // bytes

// Handle reads a handle of another server, false when it is none, or of this
// node.
func (d *Desk) Handle(text string) (name, host string, ok bool) {
	if text = strings.TrimPrefix(strings.TrimSpace(text), "acct:"); len(text) > longestHandle {
		return "", "", false
	}
	m := handle.FindStringSubmatch(text)
	if m == nil || strings.EqualFold(m[2], d.Site.Host()) {
		return "", "", false
	}
	return m[1], strings.ToLower(m[2]), true
}

// Asked reports whether somebody looks for a thing on another server: by a
// handle, or by an address.
func (d *Desk) Asked(text string) bool {
	if _, _, ok := d.Handle(text); ok {
		return true
	}
	u, err := url.Parse(strings.TrimSpace(text))
	return err == nil && u.Scheme == "https" && u.Host != "" && !strings.EqualFold(u.Host, d.Site.Host())
}

// Find finds an act by its handle or its address, asking its server when it is
// not known, and has its newest releases fetched. Guests find what is known: they
// do not make the node ask strangers. Who is silenced is found by those who follow
// them. Faults: NotFound, Unavailable, Forbidden.
func (d *Desk) Find(ctx context.Context, who id.Account, text string) (social.Full, error) {
	f, err := d.find(ctx, who, text)
	if err != nil {
		return f, err
	}
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		ok, err := social.Hears(ctx, tx, who, f.Actor.ID, f.Actor.Host)
		if err == nil && !ok {
			err = fault.New(fault.NotFound, "%s is silenced on this node, where only those who follow them find them, or you block them.", f.Actor.Handle+"@"+f.Actor.Host)
		}
		return err
	})
	return f, err
}

func (d *Desk) find(ctx context.Context, who id.Account, text string) (social.Full, error) {
	text = strings.TrimSpace(text)
	name, host, ok := d.Handle(text)
	if ok {
		if f, err := d.Act(ctx, who, name+"@"+host); err == nil || who == "" || !fault.Is(err, fault.NotFound) {
			return f, err
		}
		f, err := d.Servers.WebFinger(ctx, name, host)
		if err != nil {
			return social.Full{}, err
		}
		if f.Actor == "" {
			return social.Full{}, fault.New(fault.NotFound, "The server %s has nobody who is called %s.", host, name)
		}
		text = f.Actor
	} else if who == "" || !d.Asked(text) {
		return social.Full{}, fault.New(fault.NotFound, "There is no such act.")
	}
	return d.meet(ctx, who, text)
}

// meet learns of somebody by the address of their document, or of a thing of
// theirs.
func (d *Desk) meet(ctx context.Context, who id.Account, address string) (social.Full, error) {
	o, err := d.Servers.Document(ctx, address)
	if err != nil {
		return social.Full{}, err
	}
	if !o.IsActor() {
		by := o.Author()
		if by == "" || !remote.SameOrigin(by, o.ID) {
			return social.Full{}, fault.New(fault.NotFound, "%s is nobody's.", address)
		}
		if o, err = d.Servers.Document(ctx, by); err != nil {
			return social.Full{}, err
		}
	}
	a, err := d.Servers.Learn(ctx, o)
	if err != nil {
		return social.Full{}, err
	}
	err = d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		if err := social.WantPicture(ctx, tx, a.Icon); err != nil {
			return err
		}
		return fill(ctx, tx, a, glance)
	})
	if err != nil {
		return social.Full{}, err
	}
	return d.full(ctx, who, a)
}

// Act is a known act by its handle there, act@host, with its newest releases. For who is
// signed in an old act is asked again, in the background. Faults: NotFound.
func (d *Desk) Act(ctx context.Context, who id.Account, text string) (social.Full, error) {
	name, host, ok := d.Handle(text)
	if !ok {
		return social.Full{}, fault.New(fault.NotFound, "There is no such act.")
	}
	var a social.Actor
	err := d.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		a, err = tx.ActorByHandle(ctx, host, name)
		return err
	})
	if err != nil {
		return social.Full{}, err
	}
	if who != "" {
		d.reask(ctx, &a)
	}
	return d.full(ctx, who, a)
}

// shown is how many releases and playlists an act has with it: see [Desk.Releases] for all.
const shown = 100

func (d *Desk) full(ctx context.Context, who id.Account, a social.Actor) (f social.Full, err error) {
	f.Actor = a
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		face, err := tx.Picture(ctx, a.Icon)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		f.Cover = face.Cover
		if f.Releases, err = tx.ReleasesOf(ctx, a.ID, shown); err != nil {
			return err
		}
		if f.Playlists, err = tx.PlaylistsElsewhere(ctx, a.ID, shown); err != nil {
			return err
		}
		if f.Count, err = tx.CountReleases(ctx, a.ID); err != nil {
			return err
		}
		if f.Following, err = tx.FollowsElsewhere(ctx, who, a.ID); err != nil {
			return err
		}
		state, err := tx.Following(ctx, a.ID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		f.State = state.State
		return err
	})
	return f, err
}

// Release is a release with its tracks. Faults: NotFound.
func (d *Desk) Release(ctx context.Context, r id.Release) (out social.Release, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		out, err = tx.Release(ctx, r)
		return err
	})
	return out, err
}

// Newest are the newest releases of the acts somebody follows elsewhere.
func (d *Desk) Newest(ctx context.Context, who id.Account, n int) (list []social.Release, err error) {
	l, err := music.Paged(music.Page{Limit: n}, (*social.Release).Cursor, func(after music.Cursor, n int) (list []social.Release, err error) {
		err = d.Store.SocialView(ctx, func(tx social.Tx) error {
			list, err = tx.ReleasesFollowed(ctx, who, after, n)
			return err
		})
		return list, err
	})
	return l.Rows, err
}

// Follows are the acts somebody follows elsewhere, the latest first.
func (d *Desk) Follows(ctx context.Context, who id.Account) (list []social.Full, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		list, err = tx.ListFollows(ctx, who)
		return err
	})
	return list, err
}

// Search finds releases and tracks of other servers that are known here.
func (d *Desk) Search(ctx context.Context, who id.Account, q string, n int) (releases []social.Release, tracks []music.TrackRow, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		releases, tracks, err = social.Search(ctx, tx, who, q, n)
		return err
	})
	return releases, tracks, err
}

// SearchActs finds acts of other servers of which music is kept here, by their names.
func (d *Desk) SearchActs(ctx context.Context, who id.Account, q string, n int) (acts []social.Full, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		acts, err = social.SearchActs(ctx, tx, who, q, n)
		return err
	})
	return acts, err
}

// Home is where somebody of another server follows an act here: their server's
// own page for it. Whom their server does not know, such as a listener of a node who is
// not seen elsewhere, has the page that it says for itself. Faults: NotFound, Unavailable.
func (d *Desk) Home(ctx context.Context, theirs string, act string) (string, error) {
	name, host, ok := d.Handle(theirs)
	if !ok {
		return "", fault.On("who", fault.Invalid, "Write your handle on your server, such as @you@social.example.")
	}
	if err := d.homes.Allow("", d.Now()); err != nil {
		return "", err
	}
	f, err := d.Servers.WebFinger(ctx, name, host)
	if fault.Is(err, fault.NotFound) {
		f, err = d.Servers.WebFinger(ctx, host, host)
	}
	if err != nil {
		return "", err
	}
	if f.Subscribe == "" {
		return "", fault.New(fault.NotFound, "The server %s does not say where its people follow somebody. Look for %s in its search.", host, act)
	}
	return strings.ReplaceAll(f.Subscribe, "{uri}", url.QueryEscape(act)), nil
}
