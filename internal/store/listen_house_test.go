package store

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/royalty"
)

const (
	listenNode = "music.example"
	listenDay  = calendar.Day(20261124)
)

// house is a node with two listeners, three acts and a few tracks.
type house struct {
	t     testing.TB
	db    *DB
	desk  *listen.Desk
	clock atomic.Int64 // Unix milliseconds
	fail  atomic.Pointer[func(after bool) error]
	log   ed25519.PrivateKey
	acts  []id.Act
	keys  map[id.Account]ed25519.PrivateKey
}

// Tracks of the house, by what they are good for.
const (
	longTrack  id.Track = "01JD3ZKQ4Y8X5T2N7B6V9C1M01" // 240 s, act 0
	otherTrack id.Track = "01JD3ZKQ4Y8X5T2N7B6V9C1M02" // 200 s, act 1
	duoTrack   id.Track = "01JD3ZKQ4Y8X5T2N7B6V9C1M03" // 45 s, acts 0 and 1
	ownTrack   id.Track = "01JD3ZKQ4Y8X5T2N7B6V9C1M04" // 240 s, act 2, which ada is linked to
	draftTrack id.Track = "01JD3ZKQ4Y8X5T2N7B6V9C1M05" // not published
	tinyTrack  id.Track = "01JD3ZKQ4Y8X5T2N7B6V9C1M06" // 9 s

	ada id.Account = "01JD3ZKQ4Y8X5T2N7B6V9C1MAA"
	bob id.Account = "01JD3ZKQ4Y8X5T2N7B6V9C1MBB"
)

func newHouse(t testing.TB, open opener) *house {
	t.Helper()
	h := &house{t: t, keys: map[id.Account]ed25519.PrivateKey{}}
	h.clock.Store(listenDay.Start().Add(12 * time.Hour).UnixMilli())
	hook := func(after bool) func() error {
		return func() error {
			if f := h.fail.Load(); f != nil {
				return (*f)(after)
			}
			return nil
		}
	}
	h.db = open(t, Config{Now: func() time.Time { return time.UnixMilli(h.clock.Load()) }, BeforeCommit: hook(false), AfterCommit: hook(true)})
	seed := sha256.Sum256([]byte("log"))
	h.log = ed25519.NewKeyFromSeed(seed[:])
	h.desk = listen.NewDesk(listenNode, h.db, h.log)
	h.furnish()
	return h
}

// houses runs a test of listening on each database.
func houses(t *testing.T, test func(t *testing.T, h *house)) {
	both(t, func(t *testing.T, open opener) { test(t, newHouse(t, open)) })
}

func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	err := h.db.Update(context.Background(), func(tx *Tx) error {
		_, err := tx.db.ExecContext(context.Background(), query, args...)
		return err
	})
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
}

func (h *house) furnish() {
	h.account(ada)
	h.account(bob)
	for i := range 3 {
		act := id.Act(fmt.Sprintf("01JD3ZKQ4Y8X5T2N7B6V9C1MX%d", i))
		h.acts = append(h.acts, act)
		h.exec("insert into act (id, handle, name, created, changed) values ($1, $2, $3, 0, 0)", string(act), fmt.Sprintf("act%d", i), fmt.Sprintf("Act %d", i))
		h.exec("insert into release (id, act, title, artist, kind, licence, state, published, created, changed) values ($1, $2, 'R', 'A', 'album', 'CC0', 'published', 1, 0, 0)", "R"+string(act), string(act))
	}
	h.exec("insert into release (id, act, title, artist, kind, licence, state, created, changed) values ('draft', $1, 'R', 'A', 'album', 'CC0', 'draft', 0, 0)", string(h.acts[0]))
	h.exec("insert into act_role (act, account, role, since) values ($1, $2, 'owner', 0)", string(h.acts[2]), string(ada))
	h.track(longTrack, "", 240, listen.Share{Act: h.acts[0], BPS: 10000})
	h.track(otherTrack, "", 200, listen.Share{Act: h.acts[1], BPS: 10000})
	h.track(duoTrack, "", 45, listen.Share{Act: h.acts[0], BPS: 7000}, listen.Share{Act: h.acts[1], BPS: 3000})
	h.track(ownTrack, "", 240, listen.Share{Act: h.acts[2], BPS: 10000})
	h.track(draftTrack, "draft", 240, listen.Share{Act: h.acts[0], BPS: 10000})
	h.track(tinyTrack, "", 9, listen.Share{Act: h.acts[0], BPS: 10000})
}

func (h *house) account(a id.Account) {
	h.t.Helper()
	h.exec("insert into account (id, handle, name, role, password, created) values ($1, $2, 'N', 'listener', 'x', 0)", string(a), string(a))
	seed := sha256.Sum256([]byte(a))
	key := ed25519.NewKeyFromSeed(seed[:])
	h.keys[a] = key
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		h.t.Fatal(err)
	}
	k := h.device(a)
	h.exec("insert into device (id, account, alg, spki, name, created) values ($1, $2, 'ed25519', $3, 'N', 0)", k[:], string(a), spki)
}

func (h *house) track(t id.Track, release string, seconds int64, sheet ...listen.Share) {
	h.t.Helper()
	if release == "" {
		release = "R" + string(sheet[0].Act)
	}
	h.exec("insert into track (id, release, act, title, artist, disc, number, state, filename, original, sheet, created, changed) values ($1, $2, $3, 'T', '', 1, 1, 'ready', 'f', 'o', 1, 0, 0)", string(t), release, string(sheet[0].Act))
	h.exec("insert into asset (track, original, sha256, bytes, rate, samples) values ($1, 'o', 's', 1, 44100, $2)", string(t), seconds*44100+44099)
	h.sheet(t, 1, 1, sheet...)
}

func (h *house) sheet(t id.Track, version, since int64, sheet ...listen.Share) {
	h.exec("insert into sheet (track, version, state, created, since) values ($1, $2, 'in_force', 0, $3)", string(t), version, since)
	for _, s := range sheet {
		h.exec("insert into sheet_share (track, version, act, bps, confirmed) values ($1, $2, $3, $4, 1)", string(t), version, string(s.Act), int64(s.BPS))
	}
}

// device is the key id of an account's only device.
func (h *house) device(a id.Account) listen.KeyID {
	h.t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(h.keys[a].Public())
	if err != nil {
		h.t.Fatal(err)
	}
	sum := sha256.Sum256(spki)
	return listen.KeyID(sum[:16])
}

func (h *house) wait(d time.Duration) { h.clock.Add(d.Milliseconds()) }

// player claims a play the way the web player does.
type player struct {
	h     *house
	who   id.Account
	claim listen.Claim
}

func (h *house) begin(a id.Account, t id.Track, device listen.KeyID) *player {
	h.t.Helper()
	b, err := h.desk.Begin(h.t.Context(), listen.Start{Account: a, Track: t, Device: device, Origin: "198.51.100.0/24 firefox"})
	if err != nil {
		h.t.Fatal(err)
	}
	return &player{h, a, listen.Claim{Node: listenNode, Play: b.Play, Device: device, Track: b.Track, Sheet: b.Sheet, Begin: b.Begin, End: b.Begin, Nonce: b.Nonce}}
}

// offline makes the claim of a play the node never began.
func (h *house) offline(a id.Account, t id.Track, begin time.Time, heard time.Duration) *player {
	return &player{h, a, listen.Claim{
		Node: listenNode, Play: id.Random16(), Device: h.device(a), Counter: 1, Track: string(t) + "@" + listenNode, Sheet: 1,
		Begin: begin.UnixMilli(), End: begin.Add(heard).UnixMilli(), Heard: []listen.Interval{{Length: uint32(heard.Milliseconds())}}, Flags: listen.Offline,
	}}
}

func (p *player) sign() listen.SignedClaim {
	p.h.t.Helper()
	b, err := p.claim.Encode()
	if err != nil {
		p.h.t.Fatal(err)
	}
	c := listen.SignedClaim{Account: p.who, Claim: b}
	if p.claim.Device != (listen.KeyID{}) {
		c.Signature = ed25519.Sign(p.h.keys[p.who], b)
	}
	return c
}

// hear lets time pass at the pace of the music and signs the next claim.
func (p *player) hear(d time.Duration) listen.SignedClaim {
	p.h.wait(d)
	p.claim.End += d.Milliseconds()
	p.claim.Counter++
	p.claim.Heard = []listen.Interval{{Length: uint32(p.claim.End - p.claim.Begin)}}
	return p.sign()
}

// send claims what was heard and follows the nonces.
func (p *player) send(c listen.SignedClaim) listen.Answer {
	p.h.t.Helper()
	a, err := p.h.desk.Claim(p.h.t.Context(), c)
	if err != nil {
		p.h.t.Fatal(err)
	}
	p.claim.Nonce = a.Nonce
	return a
}

func (h *house) nine(a id.Account) listen.Nine {
	h.t.Helper()
	n, err := h.desk.Nine(h.t.Context(), a, listenDay.Period(), 0)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *house) number(query string, args ...any) (n int64) {
	h.t.Helper()
	err := h.db.View(context.Background(), func(tx *Tx) error {
		return tx.db.QueryRowContext(context.Background(), query, args...).Scan(&n)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *house) seal(d calendar.Day) (rows []royalty.DayRow) {
	h.t.Helper()
	err := h.db.Update(h.t.Context(), func(tx *Tx) error {
		rows = nil
		return listen.Seal(h.t.Context(), listenTx{tx}, d, 1, func(r royalty.DayRow, _ royalty.Salt) error {
			rows = append(rows, r)
			return nil
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return rows
}
