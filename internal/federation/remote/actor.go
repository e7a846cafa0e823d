package remote

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"math"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Actor tells who somebody is, asking their server when what is known is older
// than a day. A server that is away is excused as long as anything is known.
func (s *Servers) Actor(ctx context.Context, iri string) (social.Actor, error) {
	return s.actor(ctx, iri, actorFor)
}

// Known tells who somebody is as it was learned last, however long ago. Only who
// is not known at all is asked for.
func (s *Servers) Known(ctx context.Context, iri string) (social.Actor, error) {
	return s.actor(ctx, iri, ever)
}

// ever is longer than anything is kept.
const ever = time.Duration(math.MaxInt64)

// Remembered is the same of who is known, and asks nobody. Faults: NotFound; Forbidden for
// those whom the node has nothing to do with.
func (s *Servers) Remembered(ctx context.Context, iri string) (a social.Actor, err error) {
	err = s.Store.SocialRead(ctx, func(tx social.Tx) error {
		a, err = s.RememberedIn(ctx, tx, iri)
		return err
	})
	return a, err
}

// RememberedIn is the same in a transaction.
func (s *Servers) RememberedIn(ctx context.Context, tx social.Tx, iri string) (social.Actor, error) {
	if err := s.Policy.AllowActorIn(ctx, tx, iri, Host(iri)); err != nil {
		return social.Actor{}, err
	}
	return tx.Actor(ctx, iri)
}

// LatelyIn is the same of who may have said something a moment ago: then the database is
// not asked, and Looked may be as old as that. It is for transactions that follow each
// other: two at a time would not notice that one forgets whom the other remembers.
func (s *Servers) LatelyIn(ctx context.Context, tx social.Tx, iri string) (social.Actor, error) {
	a, state, ok := s.Keys.actor(iri, s.Now())
	if !ok || tx.Forgot() {
		a, err := s.RememberedIn(ctx, tx, iri)
		if err == nil && !tx.Forgot() {
			s.Keys.putActor(&a, state, s.Now())
		}
		return a, err
	}
	if err := s.Policy.AllowActorIn(ctx, tx, iri, a.Host); err != nil {
		return social.Actor{}, err
	}
	return a, nil
}

func (s *Servers) actor(ctx context.Context, iri string, counts time.Duration) (social.Actor, error) {
	a, err := s.Remembered(ctx, iri)
	known := err == nil
	if known && s.Now().Sub(a.Fetched) < counts {
		return a, nil
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return a, err
	}
	fresh, err := s.fetchActor(ctx, iri)
	if known && fault.Is(err, fault.Unavailable) {
		return a, nil
	}
	return fresh, err
}

// Renew tells who somebody is now, asking their server.
func (s *Servers) Renew(ctx context.Context, iri string) (social.Actor, error) {
	if err := s.Policy.AllowActor(ctx, iri, Host(iri)); err != nil {
		return social.Actor{}, err
	}
	return s.fetchActor(ctx, iri)
}

// fetchActor asks for somebody's document and keeps it with their keys. A document
// of somebody else is refused, though their own server leads to it: who is asked
// for by their address must not turn out to be another.
func (s *Servers) fetchActor(ctx context.Context, iri string) (social.Actor, error) {
	o, err := s.Document(ctx, iri)
	if err != nil {
		return social.Actor{}, err
	}
	if o.ID != iri {
		return social.Actor{}, fault.New(fault.Invalid, "%s has a document that says it is %s.", iri, o.ID)
	}
	return s.Learn(ctx, o)
}

// Learn keeps what a document says of its actor. The document must have come from
// its own address, or with its actor's word.
func (s *Servers) Learn(ctx context.Context, o *vocab.Object) (social.Actor, error) {
	if !o.IsActor() || !SameOrigin(o.ID, o.Inbox) || len(o.ID) > maxAddress || len(o.Inbox) > maxAddress {
		return social.Actor{}, fault.New(fault.Invalid, "%s is nobody who can be written to.", o.ID)
	}
	if err := s.Policy.AllowActor(ctx, o.ID, Host(o.ID)); err != nil {
		return social.Actor{}, err
	}
	now := s.Now()
	a := social.Actor{
		ID: o.ID, Host: Host(o.ID), Kind: o.Type[0], Handle: o.PreferredUsername, Name: o.Name, Summary: o.Summary, URL: vocab.FirstLink(o.URL), Icon: icon(o), Inbox: o.Inbox,
		Outbox: o.Outbox, Followers: o.Followers, MovedTo: o.MovedTo, Lines: lines(o), Fetched: now,
	}
	bound(&a)
	if e := o.Endpoints; e != nil && SameOrigin(e.SharedInbox, o.ID) && len(e.SharedInbox) <= maxAddress {
		a.SharedInbox = e.SharedInbox
	}
	if list, _ := o.Extra["nineten:releases"].(string); SameOrigin(list, o.ID) && len(list) <= maxAddress {
		a.Releases = list
	}
	for _, name := range []string{"playlists", "pt:playlists", "nineten:playlists"} { // the first two are PeerTube's
		if list, _ := o.Extra[name].(string); SameOrigin(list, o.ID) && len(list) <= maxAddress {
			a.Playlists = list
		}
	}
	keys := keysOf(o, now)
	err := s.Store.SocialUpdate(ctx, func(tx social.Tx) error { return social.Meet(ctx, tx, a, keys) })
	s.Keys.forget(a.ID)
	return a, err
}

// What is kept of what strangers say of themselves, in bytes.
const (
	maxAddress = 2048
	maxKind    = 64
	maxHandle  = 255
	maxName    = 500
	maxSummary = 16 << 10
)

// bound cuts words, has what is one line be one, and takes no address that is too
// long: half of one leads elsewhere.
func bound(a *social.Actor) {
	a.Handle, a.Name = music.OneLine(a.Handle), music.OneLine(a.Name)
	for text, most := range map[*string]int{&a.Kind: maxKind, &a.Handle: maxHandle, &a.Name: maxName, &a.Summary: maxSummary} {
		*text = short(*text, most)
	}
	for _, at := range []*string{&a.URL, &a.Icon, &a.Outbox, &a.Followers, &a.MovedTo} {
		if len(*at) > maxAddress {
			*at = ""
		}
	}
}

func icon(o *vocab.Object) string {
	for _, i := range o.Icon {
		if i.Object == nil {
			return vocab.FirstLink([]vocab.Item{i})
		}
		if u := vocab.FirstLink(append(i.Object.URL, vocab.At(i.Object.Href))); u != "" {
			return u
		}
	}
	return ""
}

// keysOf are the keys an actor's document has for itself.
func keysOf(o *vocab.Object, now time.Time) []social.Key {
	var out []social.Key
	add := func(id string, key crypto.PublicKey, ended time.Time, err error) {
		der, err2 := x509.MarshalPKIXPublicKey(key)
		if err == nil && err2 == nil && len(id) <= maxAddress && keyOf(id, o.ID) && len(out) < maxKeys {
			out = append(out, social.Key{ID: id, Owner: o.ID, Public: der, Fetched: now, Ended: ended})
		}
	}
	for _, i := range o.PublicKey {
		if k := i.Object; k != nil && k.Owner == o.ID {
			key, err := sig.ParsePEM(k.PublicKeyPem)
			add(k.ID, key, time.Time{}, err)
		}
	}
	for _, i := range o.AssertionMethod {
		if k := i.Object; k != nil && k.Controller == o.ID && k.Extra["revoked"] == nil { // one that is taken back proves nothing, whenever it did
			key, err := sig.ParseMultikey(k.Multibase)
			add(k.ID, key, k.Expires, err)
		}
	}
	return out
}

// keyOf reports whether a key's address is a place in its owner's document, or
// below it: of two people on one server neither names the other's keys.
func keyOf(id, owner string) bool {
	at, _, _ := strings.Cut(id, "#")
	return at == owner || strings.HasPrefix(at, owner+"/")
}

// maxKeys is how many keys of one actor are kept.
const maxKeys = 8

// Key finds a key by its address, and whose it is. With fresh, one that is known
// is asked for again, unless that was done just now. Of a server that is away, and
// of somebody who is no more, the key that is known counts: with it they say that
// they are gone.
//
// A key that has ended signs nothing any more (Unauthenticated).
func (s *Servers) Key(ctx context.Context, id string, fresh bool) (key crypto.PublicKey, owner string, err error) {
	k, err := s.key(ctx, id, fresh)
	if err == nil && !k.ended.IsZero() && !s.Now().Before(k.ended) {
		err = fault.New(fault.Unauthenticated, "The key %s has ended.", id)
	}
	if err != nil {
		return nil, "", err
	}
	return k.key, k.owner, nil
}

// key is the same of one that may have ended.
func (s *Servers) key(ctx context.Context, id string, fresh bool) (k found, err error) {
	k, state, known := s.Keys.get(id, s.Now())
	var read social.Key
	err = s.Store.SocialRead(ctx, func(tx social.Tx) error {
		if err := s.Policy.AllowIn(ctx, tx, Host(id)); err != nil || known {
			return err
		}
		read, err = tx.Key(ctx, id)
		return err
	})
	switch {
	case fault.Is(err, fault.NotFound):
	case err != nil:
		return k, err
	case !known:
		if k, err = parsed(read); err == nil {
			s.Keys.put(id, k, state, s.Now())
			known = true
		}
	}
	if known && s.counts(k.fetched, fresh) {
		return k, nil
	}
	now, err := s.askKey(ctx, id)
	if known && (fault.Is(err, fault.Unavailable) || fault.Is(err, fault.NotFound)) {
		return k, nil
	}
	if err != nil {
		return found{}, err
	}
	return parsed(now)
}

// counts reports whether a key that was asked for at a time is not to be asked for.
func (s *Servers) counts(fetched time.Time, fresh bool) bool {
	age := s.Now().Sub(fetched)
	return age < again || age < keyFor && !fresh
}

// fetchKey asks for a key's address. It has its owner's document, or one of the
// key that names its owner, whose document must name the key in turn.
func (s *Servers) fetchKey(ctx context.Context, id string) (social.Key, error) {
	o, _, err := s.document(ctx, id)
	if err != nil {
		return social.Key{}, err
	}
	owner := o.ID
	if !o.IsActor() {
		owner = o.Owner
		if owner == "" {
			owner = o.Controller
		}
	}
	if owner == "" || !SameOrigin(owner, id) {
		return social.Key{}, fault.New(fault.Unauthenticated, "%s is nobody's key.", id)
	}
	if _, err := s.fetchActor(ctx, owner); err != nil {
		return social.Key{}, err
	}
	var k social.Key
	err = s.Store.SocialView(ctx, func(tx social.Tx) error {
		k, err = tx.Key(ctx, id)
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && k.Owner != owner {
		return k, fault.New(fault.Unauthenticated, "%s does not name the key %s.", owner, id)
	}
	return k, err
}

// Proved checks a proof with a key of whoever must have made it. Only their own
// server is asked for the key, and once more for one that does not fit: it may have
// been rotated. What was proved with a key that has ended since counts. Faults: Forbidden
// for another's and for one that has expired, Unauthenticated for one that does not hold,
// or that was made after its key ended.
func (s *Servers) Proved(ctx context.Context, by string, sealed *sig.Sealed) (err error) {
	if !SameOrigin(sealed.Method, by) {
		return fault.New(fault.Forbidden, "The proof is not made with a key of %s.", by)
	}
	if err := sealed.Current(s.Now()); err != nil {
		return err
	}
	for _, fresh := range []bool{false, true} {
		k, e := s.key(ctx, sealed.Method, fresh)
		if e != nil {
			return e
		}
		ed, ok := k.key.(ed25519.PublicKey)
		if !ok || k.owner != by {
			return fault.New(fault.Forbidden, "The proof is not made with a key of %s.", by)
		}
		if !k.ended.IsZero() && (sealed.Created.IsZero() || !sealed.Created.Before(k.ended)) {
			return fault.New(fault.Unauthenticated, "The proof was made after its key had ended.")
		}
		if err = sealed.Verify(ed); err == nil {
			return nil
		}
	}
	return err
}
