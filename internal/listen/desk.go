package listen

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

const (
	// Heartbeat is how often a player says how far it is.
	Heartbeat = 15 * time.Second
	// skew is how far a player's clock may run ahead of the node's.
	skew = 2 * second
	// tail is how far decoders run beyond the whole seconds of a track.
	tail = 3 * second
	// memory bounds the desk's caches, in entries.
	memory = 1 << 14
)

// A Desk takes plays and claims. Its methods may be called from many
// goroutines.
type Desk struct {
	node  string
	store Store
	log   ed25519.PrivateKey

	sheets sheets
	mu     sync.Mutex
	keys   map[KeyID]*DeviceKey
}

// NewDesk makes the desk of a node. The log key signs receipts.
func NewDesk(node string, store Store, log ed25519.PrivateKey) *Desk {
	return &Desk{node: node, store: store, log: log, keys: map[KeyID]*DeviceKey{}}
}

// A Start asks for a play. A zero Device begins one of the unsigned class.
type Start struct {
	Account id.Account
	Track   id.Track
	Device  KeyID
	Flags   Flags
	Origin  string // the listener's address prefix and agent class, "" unknown
}

// A Begun play is what the player needs to claim it.
type Begun struct {
	Play      id.Bytes16
	Nonce     id.Bytes16 // to be named by the first claim
	Begin     int64      // Unix milliseconds, to be repeated in every claim
	Mark      int64      // milliseconds to be heard until it counts, 0 never
	Heartbeat time.Duration
	Track     string // as a claim names it
	Sheet     uint32
}

// Begin begins a play now. Faults: NotFound for a track that cannot be played
// here, Forbidden for a device that is not the account's or was revoked,
// Unsupported for live plays, Conflict
// when the account has begun too many that day. Begun and never claimed it counts for nothing,
// so a caller that heard no answer begins again.
func (d *Desk) Begin(ctx context.Context, s Start) (b Begun, err error) {
	if s.Flags&^allFlags != 0 {
		return Begun{}, fault.New(fault.Invalid, "The play has a flag this node does not know.")
	}
	if s.Flags&(Live|Offline) != 0 {
		return Begun{}, fault.New(fault.Unsupported, "This node has no live streams, and an offline play is not begun but claimed.")
	}
	play := id.Random16()
	err = d.store.ListenUpdate(ctx, func(tx Tx) error {
		b, err = d.begin(ctx, tx, play, s)
		return err
	})
	return b, err
}

func (d *Desk) begin(ctx context.Context, tx Tx, play id.Bytes16, s Start) (Begun, error) {
	now := tx.Now()
	track, err := tx.Track(ctx, s.Track)
	if err != nil || !track.Public {
		return Begun{}, noTrack(err)
	}
	if s.Device != (KeyID{}) {
		if err := device(ctx, tx, s.Device, s.Account); err != nil {
			return Begun{}, err
		}
	}
	p := Play{ID: play, Account: s.Account, Track: s.Track, Device: s.Device, Seconds: track.Seconds, Begin: now.UnixMilli(), End: now.UnixMilli(), Flags: s.Flags, Decision: TooShort, Seen: now.UnixMilli()}
	if left, err := room(ctx, tx, AccountDay{p.Account, p.Day()}); err != nil {
		return Begun{}, err
	} else if left <= 0 {
		return Begun{}, errFull()
	}
	if p.Sheet, err = tx.Sheet(ctx, s.Track, p.Begin); err != nil {
		return Begun{}, noTrack(err)
	}
	if p.Own, err = tx.ActsOf(ctx, s.Account); err != nil {
		return Begun{}, err
	}
	key, err := tx.NodeKey(ctx, calendar.PeriodOf(now))
	if err != nil {
		return Begun{}, err
	}
	p.Origin = origin(key, s.Origin)
	shares, err := d.sheets.shares(ctx, tx, p.Track, p.Sheet)
	if err != nil {
		return Begun{}, err
	}
	p.Own = onSheet(p.Own, shares)
	b := Begun{Play: play, Nonce: nonce(key, play, 0), Begin: p.Begin, Heartbeat: Heartbeat, Track: d.trackName(track), Sheet: p.Sheet}
	b.Mark, _ = Threshold(p.Seconds)
	return b, tx.InsertPlay(ctx, &p)
}

func noTrack(err error) error {
	if err == nil || fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "This track cannot be played here. It may have been taken down or is not published yet.")
	}
	return err
}

// device refuses a device that may not sign for an account.
func device(ctx context.Context, tx Tx, k KeyID, a id.Account) error {
	dev, err := tx.Device(ctx, k)
	switch {
	case fault.Is(err, fault.NotFound) || err == nil && dev.Account != a:
		return fault.New(fault.Forbidden, "This device is not registered with your account. Register it and play again.")
	case err != nil:
		return err
	case dev.Revoked:
		return fault.New(fault.Forbidden, "This device was signed out of your account, so it cannot sign plays any more.")
	}
	return nil
}

func (d *Desk) trackName(t Track) string {
	if t.Home == "" {
		return string(t.ID) + "@" + d.node
	}
	return string(t.There) + "@" + t.Home
}

// onSheet keeps of own the acts that a sheet names, so that a play remembers
// only what matters to it.
func onSheet(own []id.Act, sheet []Share) (out []id.Act) {
	for _, s := range sheet {
		for _, o := range own {
			if o == s.Act {
				out = append(out, o)
			}
		}
	}
	return out
}

// nonce returns the n-th nonce of a play, derived so that a repeated question
// gets the same answer and nobody else can know it in advance.
func nonce(nodeKey []byte, play id.Bytes16, n uint32) id.Bytes16 {
	m := hmac.New(sha256.New, nodeKey)
	m.Write([]byte("9ten/nonce/v1\x00"))
	m.Write(play[:])
	m.Write(binary.BigEndian.AppendUint32(nil, n))
	return id.Bytes16(m.Sum(nil)[:16])
}

// origin hides where a play came from: equal within a month, meaningless
// after its key is gone.
func origin(nodeKey []byte, from string) id.Bytes16 {
	if from == "" {
		return id.Bytes16{}
	}
	m := hmac.New(sha256.New, nodeKey)
	m.Write([]byte("9ten/origin/v1\x00"))
	m.Write([]byte(from))
	return id.Bytes16(m.Sum(nil)[:16])
}

// claimsKept is how long raw claims are kept after the close of their month.
const claimsKept = 90 * 24 * time.Hour

// DropOldClaims destroys raw claims ninety days after the close of their
// month. It returns how many went.
func (d *Desk) DropOldClaims(ctx context.Context) (n int64, err error) {
	err = d.store.ListenUpdate(ctx, func(tx Tx) error {
		n, err = tx.DropClaims(ctx, calendar.PeriodOf(tx.Now().Add(-claimsKept)).Start().UnixMilli())
		return err
	})
	return n, err
}
