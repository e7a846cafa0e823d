package listen

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/royalty"
)

// A SignedClaim is a claim as it came in, with the account that is signed in.
type SignedClaim struct {
	Account   id.Account
	Claim     []byte
	Signature []byte // empty for the unsigned class
	Origin    string // as in [Start]; looked at for plays that never began here
}

// An Answer to a claim. Err is a fault that says why it was not taken; the
// other fields are then empty.
type Answer struct {
	Play      id.Bytes16
	Receipt   Receipt
	Bytes     []byte // canonical receipt
	Signature []byte // by the node's log key
	Nonce     id.Bytes16
	Err       error
}

// MaxBatch is how many claims are taken at once.
const MaxBatch = 10_000

// Claim takes one claim and answers with a signed receipt once it is durable.
// The same claim again gets the same answer.
//
// Faults: Invalid for one that cannot be true, Forbidden for a signature or
// device that is not the account's, NotFound for a play this node did not begin
// (offline plays excepted), Conflict for another claim with the same counter or
// one that is too late, Limited for one that is ahead of the node's clock: send
// it again later.
func (d *Desk) Claim(ctx context.Context, c SignedClaim) (Answer, error) {
	answers, err := d.Claims(ctx, []SignedClaim{c})
	if err != nil {
		return Answer{}, err
	}
	return answers[0], answers[0].Err
}

// Claims takes many claims in one transaction, in the order given. Each is
// judged alone, by its Answer; an error is one of the store, and then none was
// taken. Claims of plays that this node never began need the Offline flag and
// arrive within 72 hours of the close of their month.
func (d *Desk) Claims(ctx context.Context, claims []SignedClaim) ([]Answer, error) {
	if len(claims) > MaxBatch {
		return nil, fault.New(fault.TooLarge, "%d claims at once are too many: send at most %d.", len(claims), MaxBatch)
	}
	in, err := d.check(ctx, claims)
	if err != nil {
		return nil, err
	}
	var b *batch
	err = d.store.ListenUpdate(ctx, func(tx Tx) error {
		b = newBatch(d, tx)
		return b.run(ctx, in)
	})
	if err != nil {
		return nil, err
	}
	answers := make([]Answer, len(in))
	return answers, spread(len(in), func(i int) (err error) {
		answers[i], err = d.answer(b, in[i], b.errs[i])
		return err
	})
}

// checked is a claim that was read and whose signature holds, or why not.
type checked struct {
	SignedClaim
	Claim Claim
	hash  royalty.Hash
	err   error
}

// check reads claims and verifies their signatures, before the store is asked
// to write.
func (d *Desk) check(ctx context.Context, claims []SignedClaim) ([]checked, error) {
	in := make([]checked, len(claims))
	var missing []KeyID
	for i, c := range claims {
		in[i].SignedClaim = c
		in[i].Claim, in[i].err = ParseClaim(c.Claim)
		if k := in[i].Claim.Device; in[i].err == nil && k != (KeyID{}) && d.key(k) == nil {
			missing = append(missing, k)
		}
	}
	if err := d.loadKeys(ctx, missing); err != nil {
		return nil, err
	}
	return in, spread(len(in), func(i int) error {
		d.verify(&in[i])
		return nil
	})
}

func (d *Desk) verify(c *checked) {
	if c.err != nil {
		return
	}
	c.hash = HashClaim(c.SignedClaim.Claim)
	if c.Claim.Device == (KeyID{}) {
		if len(c.Signature) != 0 {
			c.err = fault.New(fault.Invalid, "The claim has a signature but names no device.")
		}
		return
	}
	key := d.key(c.Claim.Device)
	switch {
	case key == nil:
		c.err = fault.New(fault.Forbidden, "This device is not registered with your account. Register it and play again.")
	case !key.Verify(c.SignedClaim.Claim, c.Signature):
		c.err = fault.New(fault.Forbidden, "The signature is not the device's. The claim was changed on its way, or signed with another key.")
	}
}

func (d *Desk) key(k KeyID) *DeviceKey {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.keys[k]
}

// loadKeys remembers public keys. Whose they are and whether they were revoked
// is asked again in the transaction.
func (d *Desk) loadKeys(ctx context.Context, ids []KeyID) error {
	if len(ids) == 0 {
		return nil
	}
	return d.store.ListenView(ctx, func(tx Tx) error {
		for _, k := range ids {
			dev, err := tx.Device(ctx, k)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			key, err := ParseDeviceKey(dev.SPKI)
			if err != nil || key.ID != k {
				continue // as good as none
			}
			d.mu.Lock()
			if len(d.keys) >= memory {
				clear(d.keys)
			}
			d.keys[k] = key
			d.mu.Unlock()
		}
		return nil
	})
}

// spread runs fn for 0 to n-1 on all processors and returns an error of one.
func spread(n int, fn func(int) error) error {
	workers := min(runtime.GOMAXPROCS(0), (n+15)/16)
	if workers <= 1 {
		for i := range n {
			if err := fn(i); err != nil {
				return err
			}
		}
		return nil
	}
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := fn(i); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// answer signs what the batch decided about one claim.
func (d *Desk) answer(b *batch, c checked, err error) (Answer, error) {
	if err != nil {
		return Answer{Err: err}, nil
	}
	p := b.plays[c.Claim.Play]
	a := Answer{Play: p.ID, Nonce: b.nonce(p)}
	a.Receipt = Receipt{Claim: c.hash, Decision: Superseded, Day: p.Day()}
	if p.Hash == c.hash {
		a.Receipt.Decision, a.Receipt.MS = p.AnswerDecision, p.AnswerMS
	}
	a.Bytes, err = a.Receipt.Encode()
	if err != nil {
		return Answer{}, err
	}
	a.Signature = ed25519.Sign(d.log, a.Bytes)
	return a, nil
}

// judge decides whether a claim may stand for a play. It returns taken=false
// without a fault for a claim that is known already or older than the one that
// stands.
func (b *batch) judge(c *checked, p *Play) (taken bool, err error) {
	claim := &c.Claim
	begun := p.Flags&Offline == 0
	switch {
	case p.Account != c.Account:
		return false, errNoPlay()
	case claim.Begin != p.Begin:
		return false, fault.New(fault.Invalid, "The claim says the play began at another time than this node noted.")
	case p.Device != (KeyID{}) && claim.Device != p.Device:
		return false, fault.New(fault.Forbidden, "The play was begun with another device key.")
	case p.Hash == c.hash && p.Counter > 0:
		return false, nil
	case claim.Counter == p.Counter:
		return false, fault.New(fault.Conflict, "Another claim with the counter %d is here already.", claim.Counter)
	case claim.Counter < p.Counter:
		return false, nil
	case begun && claim.Sheet != p.Sheet:
		return false, fault.New(fault.Invalid, "The claim names version %d of the credit sheet; version %d was in force when the play began.", claim.Sheet, p.Sheet)
	case begun && !b.knows(p, claim.Nonce):
		return false, fault.New(fault.Invalid, "The claim does not continue from this node's last answer.")
	case !begun && claim.Nonce != (id.Bytes16{}):
		return false, fault.New(fault.Invalid, "An offline play has no answer of this node to continue from.")
	case claim.End < p.End || claim.ms() < p.MS:
		return false, fault.New(fault.Invalid, "The claim says less than the one before it.")
	}
	return true, b.sane(claim, p)
}

// sane holds a claim against the track and the clock.
func (b *batch) sane(c *Claim, p *Play) error {
	now := b.tx.Now()
	if n := len(c.Heard); n > 0 && int64(c.Heard[n-1].End()) > p.Seconds*second+tail {
		return fault.New(fault.Invalid, "The claim heard more than the track has: it lasts %d seconds.", p.Seconds)
	}
	if c.End-c.Begin > maxWall {
		return fault.New(fault.Invalid, "A play is open for a day at most.")
	}
	if ahead := c.End - now.UnixMilli(); ahead > skew {
		return fault.New(fault.Limited, "The claim is %d seconds ahead of this node's clock. Send it again when that time has passed.", (ahead+second-1)/second)
	}
	period := calendar.PeriodOf(time.UnixMilli(c.Begin))
	if due := period.Due(calendar.LateClaims); !now.Before(due) {
		return fault.New(fault.Conflict, "Plays of %v were taken until %s UTC. This one came too late to count.", period, due.Format("2 January 15:04"))
	}
	return nil
}

// nonces is how many of the last answers a claim may continue from: requests
// overtake each other.
const nonces = 64

// knows reports whether n is a nonce this node gave for the play.
func (b *batch) knows(p *Play, n id.Bytes16) bool {
	key := b.keys[calendar.PeriodOf(time.UnixMilli(p.Begin))]
	for i := range min(nonces, p.Accepted+1) {
		if nonce(key, p.ID, p.Accepted-i) == n {
			return true
		}
	}
	return false
}

// nonce is what the next claim of a play continues from.
func (b *batch) nonce(p *Play) id.Bytes16 {
	if p.Flags&Offline != 0 {
		return id.Bytes16{}
	}
	return nonce(b.keys[calendar.PeriodOf(time.UnixMilli(p.Begin))], p.ID, p.Accepted)
}

func errNoPlay() error {
	return fault.New(fault.NotFound, "This node began no such play for you.")
}

// wrap names the operation in the log's chain and keeps faults as they are.
func wrap(err error, op string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}
