package store

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
)

func TestPlayCounts(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
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
		kept, err := h.desk.Receipts(t.Context(), ada, h.db.now(), id.Bytes16{}, 10)
		if err != nil || len(kept) != 1 || kept[0].Receipt.MS != 91_000 || len(kept[0].Play.Claim) == 0 {
			t.Errorf("receipts: %+v, %v", kept, err)
		}
		if _, err := h.desk.Receipt(t.Context(), bob, now.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody else's receipt: %v", err)
		}
	})
}

func TestClaimsRefused(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
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
	})
}

func TestBeginRefused(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
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
	})
}

// Requests overtake each other and answers get lost; the chain holds.
func TestNoncesOvertake(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
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
	})
}

func TestUnsignedClass(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
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
	})
}

func TestOwnActAndDuo(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
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
	})
}

func TestHistoryPaused(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.exec("update account set history_paused = true where id = $1", string(ada))
		p := h.begin(ada, longTrack, h.device(ada))
		if a := p.send(p.hear(40 * time.Second)); a.Receipt.Decision != listen.Counts {
			t.Errorf("%+v", a.Receipt)
		}
		if n := h.number("select count(*) from history"); n != 0 {
			t.Errorf("the paused history has %d lines", n)
		}
	})
}

func TestSheetInForce(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
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
	})
}
