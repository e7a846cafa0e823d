package store

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
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

func newHouse(t testing.TB) *house {
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
	db, err := Open(t.Context(), Config{
		Path: filepath.Join(t.TempDir(), "9ten.db"), Now: func() time.Time { return time.UnixMilli(h.clock.Load()) },
		BeforeCommit: hook(false), AfterCommit: hook(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	h.db = db
	seed := sha256.Sum256([]byte("log"))
	h.log = ed25519.NewKeyFromSeed(seed[:])
	h.desk = listen.NewDesk(listenNode, db, h.log)
	h.furnish()
	return h
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
		return tx.SealListening(h.t.Context(), d, 1, func(r royalty.DayRow, _ royalty.Salt) error {
			rows = append(rows, r)
			return nil
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return rows
}

func TestPlayCounts(t *testing.T) {
	h := newHouse(t)
	p := h.begin(ada, longTrack, h.device(ada))
	first := p.hear(15 * time.Second)
	if a := p.send(first); a.Receipt.Decision != listen.TooShort {
		t.Errorf("15 s of 240: %v", a.Receipt.Decision)
	}
	second := p.hear(16 * time.Second)
	a := p.send(second)
	if a.Receipt.Decision != listen.Counts || a.Receipt.MS != 31_000 || a.Receipt.Day != listenDay {
		t.Errorf("31 s of 240: %+v", a.Receipt)
	}
	if _, err := listen.VerifyReceipt(h.log.Public().(ed25519.PublicKey), a.Bytes, a.Signature); err != nil {
		t.Error(err)
	}
	again := p.send(second)
	if diff := cmp.Diff(a, again); diff != "" {
		t.Errorf("the same claim got another answer:\n%s", diff)
	}
	if a := p.send(first); a.Receipt.Decision != listen.Superseded || a.Receipt.Claim != listen.HashClaim(first.Claim) {
		t.Errorf("an older claim: %+v", a.Receipt)
	}
	p.send(p.hear(60 * time.Second))
	n := h.nine(ada)
	if len(n.Places) != 1 || n.Places[0].Seconds() != 91 || n.Places[0].Plays != 1 || n.Places[0].Days != 1 || n.Places[0].Micro != listen.FullPot {
		t.Errorf("the nine: %+v", n.Places)
	}
	if n.Totals != (listen.Totals{Plays: 1, Seconds: 91}) {
		t.Errorf("heard %+v", n.Totals)
	}
	if plays := h.number("select plays from track where id = $1", string(longTrack)); plays != 1 {
		t.Errorf("the track shows %d plays", plays)
	}
	if n := h.number("select count(*) from history where account = $1 and track = $2", string(ada), string(longTrack)); n != 1 {
		t.Errorf("the history has %d lines", n)
	}
	now, ok, err := h.desk.Now(t.Context(), ada)
	if err != nil || !ok || now.Track != longTrack {
		t.Errorf("now playing: %v %v %v", now.Track, ok, err)
	}
	h.wait(10 * time.Minute)
	if _, ok, _ := h.desk.Now(t.Context(), ada); ok {
		t.Error("still playing after ten minutes of silence")
	}
	kept, err := h.desk.Receipts(t.Context(), ada, h.db.now(), 10)
	if err != nil || len(kept) != 1 || kept[0].Receipt.MS != 91_000 || len(kept[0].Play.Claim) == 0 {
		t.Errorf("receipts: %+v, %v", kept, err)
	}
	if _, err := h.desk.Receipt(t.Context(), bob, now.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("somebody else's receipt: %v", err)
	}
}

func TestClaimsRefused(t *testing.T) {
	h := newHouse(t)
	tests := map[string]struct {
		want   fault.Kind
		change func(p *player, c *listen.SignedClaim)
	}{
		"no claim":        {fault.Invalid, func(_ *player, c *listen.SignedClaim) { c.Claim = []byte("no") }},
		"changed":         {fault.Forbidden, func(_ *player, c *listen.SignedClaim) { c.Claim[len(c.Claim)-1] ^= 1 }},
		"not signed":      {fault.Forbidden, func(_ *player, c *listen.SignedClaim) { c.Signature = nil }},
		"another account": {fault.Forbidden, func(_ *player, c *listen.SignedClaim) { c.Account = bob }},
		"another node":    {fault.Invalid, func(p *player, c *listen.SignedClaim) { p.claim.Node = "other.example"; *c = p.sign() }},
		"unknown play":    {fault.NotFound, func(p *player, c *listen.SignedClaim) { p.claim.Play = id.Random16(); *c = p.sign() }},
		"another track": {fault.Invalid, func(p *player, c *listen.SignedClaim) {
			p.claim.Track = string(otherTrack) + "@" + listenNode
			*c = p.sign()
		}},
		"another sheet":     {fault.Invalid, func(p *player, c *listen.SignedClaim) { p.claim.Sheet = 2; *c = p.sign() }},
		"another beginning": {fault.Invalid, func(p *player, c *listen.SignedClaim) { p.claim.Begin -= 1000; *c = p.sign() }},
		"another nonce":     {fault.Invalid, func(p *player, c *listen.SignedClaim) { p.claim.Nonce[0] ^= 1; *c = p.sign() }},
		"more than the track": {fault.Invalid, func(p *player, c *listen.SignedClaim) {
			p.claim.Heard = []listen.Interval{{Start: 230_000, Length: 14_000}}
			*c = p.sign()
		}},
		"ahead of the clock": {fault.Limited, func(p *player, c *listen.SignedClaim) { p.claim.End += 3000; *c = p.sign() }},
		"key of the unsigned class": {fault.Forbidden, func(p *player, c *listen.SignedClaim) {
			p.claim.Device = listen.KeyID{}
			*c = p.sign()
		}},
		"key nobody has": {fault.Forbidden, func(p *player, c *listen.SignedClaim) { p.claim.Device[0] ^= 1; *c = p.sign() }},
		"key of another account": {fault.Forbidden, func(p *player, c *listen.SignedClaim) {
			p.claim.Device = h.device(bob)
			*c = p.sign()
			c.Signature = ed25519.Sign(h.keys[bob], c.Claim)
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := h.begin(ada, longTrack, h.device(ada))
			c := p.hear(20 * time.Second)
			c.Claim = bytes.Clone(c.Claim)
			test.change(p, &c)
			if _, err := h.desk.Claim(t.Context(), c); !fault.Is(err, test.want) {
				t.Errorf("%v", err)
			}
		})
	}
	if n := h.number("select count(*) from play where accepted > 0"); n != 0 {
		t.Errorf("%d refused claims were kept", n)
	}
	p := h.begin(ada, longTrack, h.device(ada))
	p.send(p.hear(40 * time.Second))
	p.claim.Heard[0].Length--
	if _, err := h.desk.Claim(t.Context(), p.sign()); !fault.Is(err, fault.Conflict) {
		t.Errorf("two claims with one counter: %v", err)
	}
	p.claim.Counter++
	if _, err := h.desk.Claim(t.Context(), p.sign()); !fault.Is(err, fault.Invalid) {
		t.Errorf("a claim that says less: %v", err)
	}
	h.exec("update device set revoked = 1 where account = $1", string(ada))
	if _, err := h.desk.Claim(t.Context(), p.hear(time.Second)); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a device that was signed out: %v", err)
	}
}

func TestBeginRefused(t *testing.T) {
	h := newHouse(t)
	tests := map[string]struct {
		start listen.Start
		want  fault.Kind
	}{
		"not published":      {listen.Start{Account: ada, Track: draftTrack}, fault.NotFound},
		"no such track":      {listen.Start{Account: ada, Track: "01JD3ZKQ4Y8X5T2N7B6V9C1M99"}, fault.NotFound},
		"device of somebody": {listen.Start{Account: ada, Track: longTrack, Device: h.device(bob)}, fault.Forbidden},
		"live":               {listen.Start{Account: ada, Track: longTrack, Flags: listen.Live}, fault.Unsupported},
		"unknown flag":       {listen.Start{Account: ada, Track: longTrack, Flags: 64}, fault.Invalid},
	}
	for name, test := range tests {
		if _, err := h.desk.Begin(t.Context(), test.start); !fault.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Requests overtake each other and answers get lost; the chain holds.
func TestNoncesOvertake(t *testing.T) {
	h := newHouse(t)
	p := h.begin(ada, longTrack, h.device(ada))
	for range 5 { // answers that never arrive
		if _, err := h.desk.Claim(t.Context(), p.hear(5*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	late := p.claim.Nonce
	p.send(p.hear(5 * time.Second))
	p.claim.Nonce = late
	if a := p.send(p.hear(5 * time.Second)); a.Receipt.Decision != listen.Counts || a.Receipt.MS != 35_000 {
		t.Errorf("%+v", a.Receipt)
	}
}

func TestUnsignedClass(t *testing.T) {
	h := newHouse(t)
	p := h.begin(ada, longTrack, listen.KeyID{})
	p.send(p.hear(40 * time.Second))
	p.claim.Device = h.device(ada) // the key was registered meanwhile
	q := h.begin(ada, otherTrack, listen.KeyID{})
	q.send(q.hear(50 * time.Second))
	rows := h.seal(listenDay)
	if len(rows) != 1 || rows[0].UnsignedMS != 90_000 || rows[0].Total != 900_000 || rows[0].Claims != 2 {
		t.Errorf("%+v", rows)
	}
	p.claim.End += 50_000
	if a := p.send(p.hear(time.Second)); a.Receipt.Decision != listen.Counts {
		t.Errorf("%+v", a.Receipt)
	}
	if rows = h.seal(listenDay); len(rows) != 1 || rows[0].UnsignedMS >= 90_000 {
		t.Errorf("a play that is signed by now: %+v", rows)
	}
}

func TestOwnActAndDuo(t *testing.T) {
	h := newHouse(t)
	for track, want := range map[id.Track]listen.Decision{ownTrack: listen.OwnAct, duoTrack: listen.Counts, tinyTrack: listen.ShortTrack} {
		p := h.begin(ada, track, h.device(ada))
		if a := p.send(p.hear(9 * time.Second)); want == listen.ShortTrack && a.Receipt.Decision != want {
			t.Errorf("%s: %v", track, a.Receipt.Decision)
		} else if want != listen.ShortTrack {
			if a = p.send(p.hear(31 * time.Second)); a.Receipt.Decision != want {
				t.Errorf("%s: %v", track, a.Receipt.Decision)
			}
		}
	}
	n := h.nine(ada)
	if len(n.Places) != 2 || n.Places[0].Credit.Credit != 40*7000 || n.Places[1].Credit.Credit != 40*3000 || n.Places[0].Micro != 6_300_000 {
		t.Errorf("%+v", n.Places)
	}
	p := h.begin(bob, ownTrack, h.device(bob)) // somebody else's act
	if a := p.send(p.hear(40 * time.Second)); a.Receipt.Decision != listen.Counts {
		t.Errorf("%v", a.Receipt.Decision)
	}
}

func TestHistoryPaused(t *testing.T) {
	h := newHouse(t)
	h.exec("update account set history_paused = true where id = $1", string(ada))
	p := h.begin(ada, longTrack, h.device(ada))
	if a := p.send(p.hear(40 * time.Second)); a.Receipt.Decision != listen.Counts {
		t.Errorf("%+v", a.Receipt)
	}
	if n := h.number("select count(*) from history"); n != 0 {
		t.Errorf("the paused history has %d lines", n)
	}
}

func TestSheetInForce(t *testing.T) {
	h := newHouse(t)
	p := h.begin(ada, longTrack, h.device(ada))
	h.sheet(longTrack, 2, h.clock.Load()+1, listen.Share{Act: h.acts[1], BPS: 10000})
	p.send(p.hear(40 * time.Second))
	if n := h.nine(ada); len(n.Places) != 1 || n.Places[0].Act != h.acts[0] {
		t.Errorf("the play began under version 1: %+v", n.Places)
	}
	p = h.begin(ada, longTrack, h.device(ada))
	p.send(p.hear(50 * time.Second))
	if n := h.nine(ada); len(n.Places) != 2 || n.Places[0].Act != h.acts[1] || n.Places[0].Seconds() != 50 {
		t.Errorf("the play began under version 2: %+v", n.Places)
	}
}

func TestOffline(t *testing.T) {
	h := newHouse(t)
	morning := listenDay.Start().Add(8 * time.Hour)
	a, b := h.offline(ada, longTrack, morning, 100*time.Second), h.offline(ada, otherTrack, morning.Add(50*time.Second), 100*time.Second)
	future := h.offline(ada, longTrack, h.db.now().Add(time.Hour), time.Minute)
	old := h.offline(ada, longTrack, calendar.Day(20261031).Start(), time.Minute)
	nonce := h.offline(ada, longTrack, morning.Add(time.Hour), time.Minute)
	nonce.claim.Nonce = id.Bytes16{1}
	in := []listen.SignedClaim{b.sign(), a.sign(), a.sign(), future.sign(), old.sign(), nonce.sign()}
	answers, err := h.desk.Claims(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint32{50_000, 100_000, 100_000} {
		if answers[i].Err != nil || answers[i].Receipt.MS != want {
			t.Errorf("claim %d: %+v", i, answers[i])
		}
	}
	for i, want := range map[int]fault.Kind{3: fault.Limited, 4: fault.Conflict, 5: fault.Invalid} {
		if !fault.Is(answers[i].Err, want) {
			t.Errorf("claim %d: %v", i, answers[i].Err)
		}
	}
	if n := h.nine(ada); len(n.Places) != 2 || n.Totals.Seconds != 150 {
		t.Errorf("%+v", n)
	}
	h.clock.Store(calendar.Day(20261203).End().UnixMilli() - 1) // the last moment for November
	last := h.offline(ada, duoTrack, calendar.Day(20261130).Start(), 45*time.Second)
	if a := last.send(last.sign()); a.Receipt.Decision != listen.Counts || a.Receipt.Day != 20261130 {
		t.Errorf("%+v", a.Receipt)
	}
	h.wait(time.Millisecond)
	if _, err := h.desk.Claim(t.Context(), h.offline(ada, duoTrack, calendar.Day(20261130).Start(), 40*time.Second).sign()); !fault.Is(err, fault.Conflict) {
		t.Errorf("too late: %v", err)
	}
}

// An earlier play that turns up late takes its time back from later ones.
func TestNeighbours(t *testing.T) {
	h := newHouse(t)
	morning := listenDay.Start().Add(8 * time.Hour)
	late := h.offline(ada, longTrack, morning.Add(40*time.Second), 60*time.Second)
	late.send(late.sign())
	if got := h.seal(listenDay); len(got) != 1 || got[0].Total != 600_000 {
		t.Fatalf("%+v", got)
	}
	early := h.offline(ada, otherTrack, morning, 80*time.Second)
	early.send(early.sign())
	n := h.nine(ada)
	if len(n.Places) != 1 || n.Places[0].Act != h.acts[1] || n.Places[0].Seconds() != 80 || n.Totals.Plays != 1 {
		t.Errorf("%+v", n)
	}
	if plays := h.number("select plays from track where id = $1", string(longTrack)); plays != 0 {
		t.Errorf("the track still shows %d plays", plays)
	}
	got := h.seal(listenDay.Add(1))
	if len(got) != 1 || got[0].Sequence != 1 || got[0].Day != listenDay || got[0].Total != 800_000 || got[0].Claims != 2 {
		t.Errorf("the correction: %+v", got)
	}
}

// A play that goes on past midnight belongs to the day it began and covers
// the beginning of the next one.
func TestMidnight(t *testing.T) {
	h := newHouse(t)
	h.clock.Store(listenDay.End().Add(-20 * time.Second).UnixMilli())
	p := h.begin(ada, longTrack, h.device(ada))
	p.send(p.hear(10 * time.Second))
	h.wait(10 * time.Second)
	q := h.begin(ada, otherTrack, listen.KeyID{}) // a second device, after midnight
	p.claim.End += 10_000
	p.send(p.hear(60 * time.Second))
	q.claim.End += 60_000
	if a := q.send(q.hear(10 * time.Second)); a.Receipt.Decision != listen.Overlaps {
		t.Errorf("%+v", a.Receipt)
	}
	if rows := h.seal(listenDay); len(rows) != 1 || rows[0].Total != 800_000 {
		t.Errorf("%+v", rows)
	}
	rows := h.seal(listenDay.Add(1))
	if len(rows) != 1 || rows[0].Day != listenDay.Add(1) || rows[0].Total != 0 || rows[0].Claims != 1 {
		t.Errorf("%+v", rows)
	}
}

func TestSeal(t *testing.T) {
	h := newHouse(t)
	for _, who := range []id.Account{ada, bob} {
		p := h.begin(who, longTrack, h.device(who))
		p.send(p.hear(40 * time.Second))
	}
	h.begin(bob, otherTrack, h.device(bob)) // never claimed: no evidence, no row
	failed := errors.New("the disk is gone")
	err := h.db.Update(t.Context(), func(tx *Tx) error {
		return tx.SealListening(t.Context(), listenDay, 1, func(royalty.DayRow, royalty.Salt) error { return failed })
	})
	if !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
	rows := h.seal(listenDay)
	if len(rows) != 2 || bytes.Compare(rows[0].Pseudonym[:], rows[1].Pseudonym[:]) >= 0 {
		t.Fatalf("%+v", rows)
	}
	for _, r := range rows {
		if _, err := r.Encode(); err != nil || r.Claims != 1 || r.Total != 400_000 || r.Sequence != 0 || r.UnsignedMS != 0 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if again := h.seal(listenDay.Add(1)); len(again) != 0 {
		t.Errorf("sealed twice: %+v", again)
	}
	var who [2]royalty.Pseudonym
	var salt royalty.Salt
	err = h.db.Update(t.Context(), func(tx *Tx) (err error) {
		for i, p := range []calendar.Period{listenDay.Period(), listenDay.Period() + 1} {
			if who[i], err = tx.Pseudonym(t.Context(), p, ada); err != nil {
				return err
			}
		}
		salt, err = tx.MonthSalt(t.Context(), listenDay.Period(), ada)
		return err
	})
	if err != nil || who[0] == who[1] || salt == (royalty.Salt{}) || who[0] != rows[0].Pseudonym && who[0] != rows[1].Pseudonym {
		t.Errorf("pseudonyms %x, salt %x, %v", who, salt, err)
	}
}

func TestForget(t *testing.T) {
	h := newHouse(t)
	p := h.begin(ada, longTrack, h.device(ada))
	p.send(p.hear(40 * time.Second))
	h.seal(listenDay)
	if err := h.desk.Forget(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"play", "day_act", "month_act", "listener_day", "listener_month"} {
		if n := h.number("select count(*) from "+table+" where account = $1", string(ada)); n != 0 {
			t.Errorf("%s still has %d rows", table, n)
		}
	}
}

func TestDropOldClaims(t *testing.T) {
	h := newHouse(t)
	p := h.begin(ada, longTrack, h.device(ada))
	p.send(p.hear(40 * time.Second))
	h.clock.Store(listenDay.Period().End().AddDate(0, 0, 89).UnixMilli())
	if n, err := h.desk.DropOldClaims(t.Context()); err != nil || n != 0 {
		t.Errorf("%d claims went early, %v", n, err)
	}
	h.wait(48 * time.Hour)
	if n, err := h.desk.DropOldClaims(t.Context()); err != nil || n != 1 {
		t.Errorf("%d claims went, %v", n, err)
	}
	k, err := h.desk.Receipt(t.Context(), ada, p.claim.Play)
	if err != nil || len(k.Play.Claim) != 0 || k.Receipt.MS != 40_000 {
		t.Errorf("%+v, %v", k, err)
	}
}

// The clock jumps back an hour: what was heard before counts once.
func TestClockJumpsBack(t *testing.T) {
	h := newHouse(t)
	p := h.begin(ada, longTrack, h.device(ada))
	p.send(p.hear(100 * time.Second))
	h.wait(-90 * time.Second)
	if _, err := h.desk.Claim(t.Context(), p.hear(5*time.Second)); !fault.Is(err, fault.Limited) {
		t.Errorf("a claim ahead of the clock: %v", err)
	}
	q := h.begin(ada, otherTrack, h.device(ada)) // within the time that was counted already
	if a := q.send(q.hear(60 * time.Second)); a.Receipt.Decision != listen.Overlaps {
		t.Errorf("counted twice: %+v", a.Receipt)
	}
	if a := q.send(q.hear(60 * time.Second)); a.Receipt.MS != 35_000 {
		t.Errorf("%+v", a.Receipt)
	}
	if n := h.nine(ada); n.Totals.Seconds != 135 {
		t.Errorf("heard %+v", n.Totals)
	}
}
