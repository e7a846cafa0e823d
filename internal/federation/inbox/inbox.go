// Package inbox takes what other servers send. It answers 202 once the activity
// is on the disk and not before; what it means is found out later, by whoever
// reads what was taken.
//
// What costs little comes first: how often this address has sent, how much, who
// says they have signed. Only then is there arithmetic, and only for a key that
// had to be asked for is another server troubled. How often a host has sent counts
// once it is known that it has.
package inbox

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/limit"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/social"
)

// Config says where the inbox is and what it asks.
type Config struct {
	Origin string // of this node
	Store  social.Store
	Keys   remote.Keys
	// Address names where a request comes from, for limits.
	Address func(*http.Request) string
	Now     func() time.Time
	Log     *slog.Logger
	// Arrived is called when something new is on the disk. It must not block.
	Arrived func()
}

// Limits of what is taken from one host and from one address.
const (
	perMinute = 300
	longestID = 2048 // bytes of an activity's id
	proofFor  = 7 * 24 * time.Hour
	// readAtOnce is how many documents are read at a time: each may take some 10 MB
	// meanwhile, and many may come at once.
	readAtOnce = 8
)

// An Inbox is the handler of every inbox of the node.
type Inbox struct {
	Config
	addresses, hosts *limit.Limiter
	// Whose followers here are asked for, and how many's of a server.
	synced, syncedHosts *limit.Limiter
	reading             chan struct{} // has one for each document that is being read
}

// New makes it.
func New(c Config) *Inbox {
	const each = time.Minute / perMinute
	return &Inbox{Config: c, addresses: limit.New(each, perMinute), hosts: limit.New(each, perMinute),
		synced: limit.New(social.SyncedEvery, 1), syncedHosts: limit.New(social.SyncedEvery/social.SyncedOfHost, social.SyncedOfHost),
		reading: make(chan struct{}, readAtOnce)}
}

// ServeHTTP takes an activity: 202 when it is kept or was before, otherwise the
// fault as a problem.
func (b *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := b.take(w, r); err != nil {
		problem.Log(b.Log, r, err)
		problem.Write(w, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (b *Inbox) take(w http.ResponseWriter, r *http.Request) error {
	now := b.Now()
	if err := b.addresses.Allow(b.Address(r), now); err != nil {
		return err
	}
	if !isActivity(r.Header.Get("Content-Type")) {
		return fault.New(fault.Unsupported, "An inbox takes activities, as application/activity+json.")
	}
	by := remote.Verifier{Origin: b.Origin, Keys: b.Keys}
	claim, host, err := by.Claim(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, vocab.MaxBytes))
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "An activity has at most %d bytes.", tooLong.Limit)
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The request broke off.")
	}
	signer, err := by.Signer(r, claim, body, now)
	if err != nil {
		if (fault.Is(err, fault.NotFound) || fault.Is(err, fault.Unauthenticated)) && b.goodbye(body) {
			return nil // somebody nobody here knows is no more: nothing to do, and no reason to say it again
		}
		return err
	}
	// Who is said to have signed counts only now: before, anybody could have used up
	// what another server may send.
	if err := b.hosts.Allow(host, now); err != nil {
		return err
	}
	in, err := b.read(r.Context(), body, signer, now)
	if unproved, ok := errors.AsType[*unproved](err); ok {
		return b.seek(r.Context(), unproved)
	}
	if err != nil {
		return err
	}
	var first bool
	err = b.Store.SocialUpdate(r.Context(), func(tx social.Tx) error {
		first, err = social.Take(r.Context(), tx, in)
		return err
	})
	if err == nil && first {
		b.Arrived()
	}
	if said := r.Header.Get(remote.SyncedHeader); err == nil && said != "" && claim.Header(remote.SyncedHeader) {
		b.compare(r.Context(), signer, said, now)
	}
	return err
}

// isActivity reports whether a body is said to be one.
func isActivity(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && (t == "application/activity+json" || t == "application/ld+json" || t == "application/json")
}

// parse reads a document, a few at a time.
func (b *Inbox) parse(body []byte) (*vocab.Object, error) {
	b.reading <- struct{}{}
	defer func() { <-b.reading }()
	return vocab.Parse(body)
}

// goodbye reports whether a body says that its actor is no more. Nobody has signed it.
func (b *Inbox) goodbye(body []byte) bool {
	if !bytes.Contains(body, []byte("Delete")) { // it need not be read
		return false
	}
	o, err := b.parse(body)
	return err == nil && o.Is("Delete") && len(o.Object) == 1 && o.Object[0].ID() == o.Actor.ID()
}

// read makes what is kept of an activity whose sender is known. What an actor
// signed may be passed on by others, when it has the actor's proof (FEP-8b32).
func (b *Inbox) read(ctx context.Context, body []byte, signer string, now time.Time) (in social.Held, err error) {
	if in, err = b.held(body, now); err != nil || in.Actor == signer {
		return in, err
	}
	if err := b.proved(ctx, body, in.Actor, now); err != nil {
		return in, &unproved{body: body, error: err}
	}
	return in, nil
}

// held is what an activity says, whoever sent it. What was read of it is not needed
// afterwards: another server may be asked for long whether it is true.
func (b *Inbox) held(body []byte, now time.Time) (in social.Held, err error) {
	o, err := b.parse(body)
	if err != nil {
		return in, err
	}
	actor := o.Actor.ID()
	switch {
	case actor == "" || len(o.Type) == 0:
		return in, fault.New(fault.Invalid, "That is no activity.")
	case !strings.HasPrefix(o.ID, "https://") || !remote.SameOrigin(o.ID, actor):
		return in, fault.New(fault.Invalid, "The activity's id %q is not of its actor's server.", o.ID)
	case len(o.ID) > longestID:
		return in, fault.New(fault.Invalid, "The activity's id has more than %d bytes.", longestID)
	}
	if err := activity.Expired(o, now); err != nil {
		return in, err
	}
	in = social.Held{Received: social.Received{ID: o.ID, Host: remote.Host(actor), Actor: actor, Body: body}, Kind: short(activity.Kind(o.Type), longestKind)}
	if len(o.Object) == 1 {
		in.About, in.Words = o.Object[0].ID(), o.Content
		if x := o.Object[0].Object; x != nil {
			in.Words = cmp.Or(x.Content, x.Summary, x.Name, in.Words)
		}
	}
	in.About, in.Words = short(in.About, longestID), social.Text(short(in.Words, longestLook))
	return in, nil
}

// unproved is an activity that somebody else than its actor sent, and why it is not known
// to be its actor's.
type unproved struct {
	error
	body []byte
}

func (u *unproved) Unwrap() error { return u.error }

// seek has the comment that an activity tells of be asked for at its own server, whose
// word counts where the sender's does not (ActivityPub 7.1.2, FEP-fe34). What is about
// nothing here is refused as it would be otherwise, without asking anybody: nobody makes
// this node ask for what it does not show.
func (b *Inbox) seek(ctx context.Context, u *unproved) error {
	o, err := b.parse(u.body)
	if err != nil {
		return err
	}
	by := social.Actor{ID: o.Actor.ID(), Host: remote.Host(o.Actor.ID())}
	at := ""
	err = b.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		at, err = activity.Concerns(ctx, tx, activity.In{Object: o, From: by, Site: form.Site{Origin: b.Origin}})
		if err == nil && (!remote.SameOrigin(at, by.ID) || len(at) > longestID) {
			err = fault.New(fault.NotFound, "%q is not of its actor's server.", at)
		}
		return err
	})
	if err == nil {
		err = b.Store.SocialUpdate(ctx, func(tx social.Tx) error { return social.WantComment(ctx, tx, by.ID, by.Host, at) })
	}
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Forbidden, fault.Invalid:
		return u.error
	}
	return err
}

// What is looked at of an activity for who may have to judge it, in bytes.
const (
	longestKind = 100
	longestLook = 8_000
)

func short(s string, n int) string { return s[:min(len(s), n)] }

// proved refuses a document that its actor has not proved lately: what was taken
// is known by its id for longer than a proof counts, so nobody plays it again.
func (b *Inbox) proved(ctx context.Context, body []byte, actor string, now time.Time) error {
	s, err := sig.Open(body)
	if err != nil {
		return fault.New(fault.Forbidden, "The activity is not its sender's, and has no proof of its actor.")
	}
	if s.Created.Before(now.Add(-proofFor)) || s.Created.After(now.Add(sig.Skew)) {
		return fault.New(fault.Forbidden, "The activity's proof was not made within the last %d days.", proofFor/(24*time.Hour))
	}
	return b.Keys.Proved(ctx, actor, s)
}
