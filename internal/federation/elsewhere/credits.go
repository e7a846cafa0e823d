package elsewhere

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/credit"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Credits are asked for again when they are older than a day: of what people look
// at, and nightly of what was played in the month that is open or the one before,
// and then of what nobody is known to be paid for.
const (
	askAgain   = 20 * time.Hour
	playedFor  = 62 * 24 * time.Hour
	everyNight = 500
	ofOneHost  = 100 // of these
)

// Credits finds out who is paid for the release that a payload of
// [social.JobCredits] names. What its node says is kept once every proof holds.
func (d *Desk) Credits(ctx context.Context, payload []byte) error {
	var r social.Release
	err := d.Store.SocialView(ctx, func(tx social.Tx) (err error) {
		r, err = tx.Release(ctx, id.Release(payload))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil // it is gone
	}
	if err != nil {
		return err
	}
	peer, err := d.Servers.Software(ctx, r.Host)
	switch {
	case err != nil:
		return err
	case d.Servers.Unknown(peer):
		err = fault.New(fault.Unavailable, "The server %s cannot be reached.", r.Host)
	case peer.Software != remote.Own:
		return d.note(ctx, &r, func(c *social.Credits) { c.State = social.Unpaid })
	default:
		err = d.credits(ctx, &r)
	}
	if err != nil && (done(err) || fault.Is(err, fault.Conflict)) {
		d.Log.Warn("the credits of a release do not hold", "release", r.IRI, "err", err)
		return d.note(ctx, &r, func(c *social.Credits) { c.State, c.Trouble = social.Refused, fault.Message(err) })
	}
	if err != nil { // others are asked first the next time
		err = errors.Join(err, d.note(context.WithoutCancel(ctx), &r, func(*social.Credits) {}))
	}
	return err
}

// note changes what is known of a release's credits.
func (d *Desk) note(ctx context.Context, r *social.Release, change func(*social.Credits)) error {
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error { return note(ctx, tx, r.ID, change) })
}

func note(ctx context.Context, tx social.Tx, r id.Release, change func(*social.Credits)) error {
	c, err := tx.Credits(ctx, r)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	c.Tried = tx.Now()
	change(&c)
	return tx.PutCredits(ctx, r, c)
}

func (d *Desk) credits(ctx context.Context, r *social.Release) error {
	at := form.Credits(r.IRI)
	body, err := d.Servers.Bytes(ctx, at)
	if err != nil {
		return err
	}
	doc, proofs, err := credit.Read(body)
	if err != nil {
		return err
	}
	if doc.ID != at || doc.Release != r.IRI || doc.Act != r.Actor {
		return fault.New(fault.Invalid, "The credits are those of another release.")
	}
	for _, p := range doc.Payouts { // before anybody is asked about them
		if !remote.SameOrigin(p.Act, r.Actor) {
			return foreign(p.Act, r.Actor)
		}
	}
	made, err := d.proved(ctx, proofs)
	if err != nil {
		return err
	}
	payees := make(map[string]social.Payee, len(doc.Payouts))
	for _, p := range doc.Payouts {
		if payees[p.Act], err = d.payee(ctx, p, made); err != nil {
			return err
		}
	}
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error { return keep(ctx, tx, r, body, &doc, payees, made) })
}

// proved checks every proof of a document with the key of the act that it is of,
// and tells when the document was made.
func (d *Desk) proved(ctx context.Context, proofs []credit.Proved) (made time.Time, err error) {
	for i, p := range proofs {
		if err := d.Servers.Proved(ctx, p.Act, p.Sealed); err != nil {
			return made, err
		}
		if i == 0 {
			made = p.Sealed.Created
		}
	}
	if made.IsZero() || made.After(d.Now().Add(sig.Skew)) {
		return made, fault.New(fault.Invalid, "The document's proof is not dated.")
	}
	return made, nil
}

// payee is who an act of another node is, by the id in its address there.
func (d *Desk) payee(ctx context.Context, p credit.Payout, made time.Time) (out social.Payee, err error) {
	at, _ := remote.Origin(p.Act)
	act, ok := form.Site{Origin: at}.ActOf(p.Act)
	if !ok {
		return out, fault.New(fault.Invalid, "%s is no act of a node.", p.Act)
	}
	a, err := d.Servers.Actor(ctx, p.Act)
	if err != nil {
		return out, err
	}
	out = social.Payee{Act: act, Actor: a.ID, Host: a.Host, Handle: a.Handle, Name: a.Name, Picture: a.Icon, Proved: made}
	for _, w := range p.Wallets {
		out.Wallets = append(out.Wallets, music.Wallet{Address: w.Address, Bps: int64(w.Points)})
	}
	return out, nil
}

// keep keeps what was proved: the wallets of acts, and sheets of tracks that are
// known here. A document that is older than what is known changes nothing.
func keep(ctx context.Context, tx social.Tx, r *social.Release, body []byte, doc *credit.Document, payees map[string]social.Payee, made time.Time) error {
	before, err := tx.Credits(ctx, r.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if made.Before(before.Proved) {
		return note(ctx, tx, r.ID, func(*social.Credits) {})
	}
	proof := &evidence{tx: tx, body: body}
	for _, p := range payees {
		if err := keepPayee(ctx, tx, p, r.Actor, proof); err != nil {
			return err
		}
		if err := social.WantPicture(ctx, tx, p.Picture); err != nil {
			return err
		}
	}
	known := map[string]id.Track{}
	for _, t := range r.Tracks {
		known[t.IRI] = t.ID
	}
	for _, s := range doc.Sheets {
		track, ok := known[s.Track]
		if !ok {
			continue // it came since: the next time
		}
		sheet := social.CreditSheet{Track: track, Name: named(s.Track), Version: s.Version, Since: s.Since}
		for _, x := range s.Shares {
			sheet.Shares = append(sheet.Shares, music.Share{Act: payees[x.Act].Act, Bps: int64(x.Points)})
		}
		if err := keepSheet(ctx, tx, sheet, proof); err != nil {
			return err
		}
	}
	return note(ctx, tx, r.ID, func(c *social.Credits) {
		*c = social.Credits{State: social.Holds, Proved: made, Fetched: tx.Now(), Tried: tx.Now()}
	})
}

// evidence is a document that is kept once something new rests on it: the same words
// under a new date are no reason to keep it again.
type evidence struct {
	tx   social.Tx
	body []byte
	hash []byte
}

func (e *evidence) keep(ctx context.Context) (hash []byte, err error) {
	if e.hash == nil {
		e.hash, err = e.tx.KeepProof(ctx, e.body)
	}
	return e.hash, err
}

func keepSheet(ctx context.Context, tx social.Tx, s social.CreditSheet, proof *evidence) error {
	if has, err := tx.HasSheet(ctx, s); err != nil || has {
		return err
	}
	hash, err := proof.keep(ctx)
	if err != nil {
		return err
	}
	return tx.PutSheet(ctx, s, hash)
}

// named is how claims name a track of another node: its id there, "@", the node.
func named(track string) string {
	return track[strings.LastIndexByte(track, '/')+1:] + "@" + remote.Host(track)
}

// foreign refuses what a node says of an act of another one.
func foreign(act, by string) error {
	return fault.New(fault.Forbidden, "%s is not of %s's server.", act, by)
}

// keepPayee keeps an act by its id. Nobody takes the id of another: not of an act
// here, nor of one that came with it before, nor does one node speak for another's.
// Whose server is blocked has none that another may not have.
//
// BUG(9ten): of two servers that both say that an act of that id is theirs the first
// has it until its operator blocks it: an id does not say whose it is.
func keepPayee(ctx context.Context, tx social.Tx, p social.Payee, by string, proof *evidence) error {
	if !remote.SameOrigin(p.Actor, by) {
		return foreign(p.Actor, by)
	}
	here, err := tx.HasAct(ctx, p.Act)
	if err != nil {
		return err
	}
	before, err := tx.Payee(ctx, p.Act)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	known := err == nil
	if known && before.Actor != p.Actor {
		if known, err = keepsID(ctx, tx, before); err != nil {
			return err
		}
		here = here || known
	}
	switch {
	case here:
		return fault.New(fault.Forbidden, "%s has the id of another act.", p.Actor)
	case known && p.Proved.Before(before.Proved):
		return nil
	case known && slices.EqualFunc(before.Wallets, p.Wallets, func(a, b music.Wallet) bool { return a.Address == b.Address && a.Bps == b.Bps }):
		return tx.ConfirmPayee(ctx, p)
	}
	hash, err := proof.keep(ctx)
	if err != nil {
		return err
	}
	return tx.PutPayee(ctx, p, hash)
}

// keepsID reports whether somebody keeps the id that another says is theirs: while
// this node has to do with them.
func keepsID(ctx context.Context, tx social.Tx, p social.Payee) (bool, error) {
	verdict, err := social.Judged(ctx, tx, p.Actor, p.Host)
	return verdict != social.Block, err
}

// refresh asks again who is paid for what was played, and for what nobody is known
// to be paid for.
func (d *Desk) refresh(ctx context.Context, tx social.Tx) error {
	list, err := tx.CreditsDue(ctx, tx.Now().Add(-askAgain), tx.Now().Add(-playedFor), ofOneHost, everyNight)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := social.WantCredits(ctx, tx, r); err != nil {
			return err
		}
	}
	return nil
}

// Paid is who is paid for a release, and how that stands. What is old is asked for
// again.
func (d *Desk) Paid(ctx context.Context, r id.Release) (c social.Credits, parts map[id.Track][]social.Part, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		if c, err = tx.Credits(ctx, r); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		parts, err = tx.Parts(ctx, r)
		return err
	})
	if err != nil || d.Now().Sub(c.Tried) < askAgain {
		return c, parts, err
	}
	return c, parts, d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		if err := social.WantCredits(ctx, tx, r); err != nil {
			return err
		}
		return note(ctx, tx, r, func(*social.Credits) {}) // whoever looks next need not ask
	})
}
