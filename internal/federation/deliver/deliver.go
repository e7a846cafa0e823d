// Package deliver brings activities to other servers' inboxes: to each host in
// the order in which they were made, to many hosts at a time, so that one which
// is slow or dead delays nobody else. What cannot be delivered is tried again
// with growing pauses for a week.
package deliver

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/byhost"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/social"
)

const (
	// atOnce is how many hosts are served at a time.
	atOnce = 32
	// idle bounds how long it sleeps when a clock is set back meanwhile.
	idle = time.Minute
)

// How long it waits after each try; the last pause stands for all later ones. A
// host that is away is asked once an hour in the end, with one delivery; one that
// takes other deliveries and fails at this one gets it ever more rarely.
var (
	hostPauses = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour}
	pauses     = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
)

// Signers give the key of an actor of this node.
type Signers interface {
	Signer(actor string) (sig.Key, error)
	// Former is the key before, as long as others may know that one alone.
	Former(actor string) (sig.Key, bool)
}

// A Courier delivers. Make it, [Courier.Run] it, and [Courier.Wake] it when there
// is something new.
type Courier struct {
	Site    form.Site // this node
	Store   social.Store
	Servers *remote.Servers
	Signers Signers
	// Proved is what is to be sent with a proof that counts now; nil: as it is.
	Proved  func(body []byte, now time.Time) ([]byte, error)
	Rotated time.Time // since when the key of the actors is another, zero: it never was
	Now     func() time.Time
	Log     *slog.Logger

	hosts *byhost.Queue
}

// New makes a courier.
func New(c Courier) *Courier {
	c.hosts = byhost.New(byhost.Config{AtOnce: atOnce, Look: c.look, Serve: c.serve, Now: c.Now, Log: c.Log})
	return &c
}

// Wake has it look now.
func (c *Courier) Wake() { c.hosts.Wake() }

// Run delivers until ctx ends; what is under way then is tried again later.
func (c *Courier) Run(ctx context.Context) error { return c.hosts.Run(ctx) }

// look lists hosts to be served now, and tells when to look again.
func (c *Courier) look(ctx context.Context, n int) (hosts []string, next time.Duration, err error) {
	next = idle
	err = c.Store.SocialView(ctx, func(tx social.Tx) error {
		if hosts, err = tx.HostsDue(ctx, n); err != nil {
			return err
		}
		soonest, err := tx.SoonestDelivery(ctx)
		if err == nil && !soonest.IsZero() {
			next = min(idle, max(time.Second, soonest.Sub(tx.Now())))
		}
		return err
	})
	return hosts, next, err
}

// serve delivers what waits for a host, one after the other, until something is
// not due or fails. It returns what went wrong here, not there.
func (c *Courier) serve(ctx context.Context, host string) error {
	for ctx.Err() == nil {
		again, err := c.one(ctx, host)
		if err != nil && ctx.Err() == nil {
			c.Log.Error("delivery", "host", host, "err", err)
		}
		if err != nil || !again {
			return err
		}
	}
	return nil
}

// one delivers what is first for a host; again tells that the next may follow.
func (c *Courier) one(ctx context.Context, host string) (again bool, err error) {
	var d social.Delivery
	err = c.Store.SocialView(ctx, func(tx social.Tx) error {
		d, err = tx.Next(ctx, host)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now := c.Now()
	if !d.Expires.IsZero() && now.After(d.Expires) {
		return true, c.done(ctx, d)
	}
	peer, err := c.Servers.Software(ctx, host)
	if err != nil {
		return false, err
	}
	if peer.Software == remote.Own && len(d.Own) > 0 { // one that does not say what it is gets what everybody understands
		d.Body = d.Own
	}
	if c.Proved != nil {
		if d.Body, err = c.Proved(d.Body, now); err != nil {
			return false, err
		}
	}
	bodies := [][]byte{d.Body}
	if peer.Software == funkwhale && len(d.Songs) > 0 {
		bodies = d.Songs
	}
	var status int
	var wait time.Duration
	var failed error
	for _, d.Body = range bodies {
		if status, wait, failed = c.post(ctx, d); judge(status, failed) != took {
			break // all of them come again, and are applied once
		}
	}
	if ctx.Err() != nil {
		return false, nil
	}
	verdict := judge(status, failed)
	if status == http.StatusUnauthorized && c.unknown(peer, d, now) {
		verdict = later
	}
	c.Log.Debug("delivered", "host", host, "activity", d.ID, "status", status, "err", failed)
	return verdict != away, c.record(ctx, d, verdict, wait, failed)
}

// funkwhale is what its servers say they run. It shows tracks, and no posts.
const funkwhale = "funkwhale"

// A verdict is what becomes of a delivery.
type verdict int

const (
	took  verdict = iota
	drop          // it will never be taken
	gone          // nor will anything else for this inbox
	later         // this one failed there; others may not
	away          // the host takes nothing now
)

// judge reads an answer. What the other server says is its own failure is tried
// again; what it says is ours never becomes right.
func judge(status int, err error) verdict {
	switch {
	case status >= 200 && status < 300:
		return took
	case status == http.StatusGone:
		return gone
	case status == http.StatusTooManyRequests, status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return away
	case status >= 500:
		return later
	case status >= 300, fault.Is(err, fault.Forbidden), fault.Is(err, fault.Invalid):
		return drop
	}
	return away
}

// newFor is how long others may not know a key that they are to check by: much software
// asks for an actor's document again after a day.
const newFor = 24 * time.Hour

// unknown reports whether a server that finds a signature wrong may find it right
// later: the key is new, or the server has just been told who speaks.
func (c *Courier) unknown(p social.Peer, d social.Delivery, now time.Time) bool {
	return now.Sub(c.Rotated) < newFor || p.Delivered.IsZero() && now.Sub(d.Made) < newFor
}

// post sends a delivery, and tells how long the other server asks to wait.
func (c *Courier) post(ctx context.Context, d social.Delivery) (status int, wait time.Duration, err error) {
	key, err := c.Signers.Signer(d.Actor)
	if err != nil {
		return 0, 0, fault.Wrap(err, fault.Invalid, "%s has no key here any more.", d.Actor)
	}
	followers, err := c.followers(ctx, d)
	if err != nil {
		return 0, 0, err
	}
	status, wait, err = c.postAs(ctx, d, key, followers)
	if former, ok := c.Signers.Former(d.Actor); ok && (status == http.StatusUnauthorized || status == http.StatusForbidden) {
		return c.postAs(ctx, d, former, followers)
	}
	return status, wait, err
}

// postAs signs it with a key, with what it says of followers.
func (c *Courier) postAs(ctx context.Context, d social.Delivery, key sig.Key, followers string) (status int, wait time.Duration, err error) {
	err = c.Servers.Knock(ctx, d.Host, func(form sig.Form) (int, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Inbox, bytes.NewReader(d.Body))
		if err != nil {
			return 0, fault.New(fault.Invalid, "%q is no inbox.", d.Inbox)
		}
		r.Header.Set("Content-Type", "application/activity+json")
		if followers != "" {
			r.Header.Set(remote.SyncedHeader, followers)
		}
		if err := key.Sign(r, d.Body, form, c.Now()); err != nil {
			return 0, err
		}
		res, err := c.Servers.Client.Do(r)
		if err != nil {
			return 0, netsafe.Explain(err, d.Host)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4096)) // for the operator to read, nothing depends on it
		if status = res.StatusCode; status >= 200 && status < 300 {
			return status, nil
		}
		wait = retryAfter(res.Header.Get("Retry-After"), c.Now())
		return status, fmt.Errorf("%d: %s", status, why(text))
	})
	return status, wait, err
}

// why is what an answer says of itself: the detail of a problem (RFC 9457), the error of
// Mastodon and of who answers like it, or else its beginning.
func why(text []byte) string {
	var said struct{ Detail, Error string }
	if json.Unmarshal(text, &said) == nil {
		text = []byte(cmp.Or(said.Detail, said.Error, string(text)))
	}
	return string(bytes.ToValidUTF8(text[:min(len(text), 400)], nil))
}

// retryAfter reads the header, RFC 9110 section 10.2.3, up to a day.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return min(time.Duration(n)*time.Second, 24*time.Hour)
	}
	if t, err := http.ParseTime(text); err == nil && t.After(now) {
		return min(t.Sub(now), 24*time.Hour)
	}
	return 0
}

func (c *Courier) done(ctx context.Context, d social.Delivery) error {
	return c.Store.SocialUpdate(ctx, func(tx social.Tx) error { return tx.Delivered(ctx, d) })
}

// record keeps what became of a delivery and what that says of the host.
func (c *Courier) record(ctx context.Context, d social.Delivery, v verdict, wait time.Duration, failed error) error {
	return c.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		now := tx.Now()
		p, err := tx.Peer(ctx, d.Host)
		if err != nil {
			return err
		}
		if v == took {
			p.Failures, p.Closed, p.Delivered = 0, time.Time{}, now
		} else {
			p.Failed, p.Error = now, failed.Error()
		}
		d.Tries++
		old := now.Sub(d.Made) > social.DeliveryTried
		if old && (v == later || v == away) {
			c.Log.Warn("a delivery was given up after a week", "host", d.Host, "activity", d.ID, "err", failed)
		}
		switch {
		case v == gone:
			err = social.Gone(ctx, tx, d.Inbox)
		case v == took:
			p.Arrived++
			if err = tx.Arrived(ctx, d); err == nil {
				err = tx.Delivered(ctx, d)
			}
		case (v == drop || old) && !remote.SameOrigin(d.ID, d.Actor):
			err = tx.Delivered(ctx, d) // another's word, which is passed on to who takes it
		case v == drop, old:
			p.Lost++
			err = tx.Lose(ctx, d, failed.Error())
		case v == later:
			err = tx.Again(ctx, d, now.Add(max(wait, byhost.Pause(pauses, d.Tries))), failed.Error())
		default:
			err = tx.Again(ctx, d, now, failed.Error())
		}
		if v == away {
			p.Failures++
			p.Closed = now.Add(max(wait, byhost.Pause(hostPauses, p.Failures)))
		}
		if err != nil {
			return err
		}
		return tx.PutPeer(ctx, p)
	})
}
