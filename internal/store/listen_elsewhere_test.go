package store

import (
	"context"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

const (
	farTrack = id.Track("01KAZ0000000000000000000TR") // as its home calls it
	farAct   = id.Act("01KAZ0000000000000000000AC")
	farActor = "https://shore.example/ap/acts/" + string(farAct)
	farName  = string(farTrack) + "@shore.example"
)

// social runs what came from other servers.
func (h *house) social(fn func(social.Tx) error) {
	h.t.Helper()
	if err := h.db.SocialUpdate(h.t.Context(), fn); err != nil {
		h.t.Fatal(err)
	}
}

// far makes a release of an act on another node, with a track of 240 s, and says
// who is paid for it when it is told to.
func (h *house) far() (t id.Track, paid func(version uint32, since time.Time)) {
	h.t.Helper()
	r := social.Release{IRI: "https://shore.example/ap/releases/01KAZ0000000000000000000RE", Actor: farActor, Title: "Ebb", Published: h.db.now(), Tracks: []social.Track{
		{IRI: "https://shore.example/ap/tracks/" + string(farTrack), Title: "Ebb I", Disc: 1, Number: 1, DurationMS: 240_000, Sound: "https://shore.example/x", MediaType: "audio/flac"}}}
	h.social(func(tx social.Tx) error {
		if err := tx.PutActor(h.t.Context(), social.Actor{ID: farActor, Host: "shore.example", Handle: "tide", Name: "Tide", Inbox: farActor + "/inbox"}); err != nil {
			return err
		}
		return tx.PutRelease(h.t.Context(), &r)
	})
	return r.Tracks[0].ID, func(version uint32, since time.Time) {
		h.t.Helper()
		h.social(func(tx social.Tx) error {
			proof, err := tx.KeepProof(h.t.Context(), []byte("{}"))
			if err != nil {
				return err
			}
			p := social.Payee{Act: farAct, Actor: farActor, Host: "shore.example", Handle: "tide", Name: "Tide", Wallets: []music.Wallet{{Address: "0x52908400098527886E0F7030069857D2E4169EE7", Bps: 10_000}}}
			if err := tx.PutPayee(h.t.Context(), p, proof); err != nil {
				return err
			}
			return tx.PutSheet(h.t.Context(), social.CreditSheet{Track: r.Tracks[0].ID, Name: farName, Version: version, Since: since, Shares: []music.Share{{Act: farAct, Bps: 10_000}}}, proof)
		})
	}
}

// A track of another node counts like any other from when its node has said who is
// paid for it, under its own name.
func TestPlayElsewhere(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		far, paid := h.far()
		device := h.device(ada)
		if _, err := h.desk.Begin(t.Context(), listen.Start{Account: ada, Track: far, Device: device}); !fault.Is(err, fault.NotFound) {
			t.Errorf("begun before anybody said who is paid: %v", err)
		}
		paid(7, h.db.now().Add(-time.Hour))
		p := h.begin(ada, far, device)
		if p.claim.Track != farName || p.claim.Sheet != 7 {
			t.Errorf("it is called %s, by sheet %d", p.claim.Track, p.claim.Sheet)
		}
		p.claim.Track, p.claim.Counter = string(longTrack)+"@"+listenNode, 1
		if _, err := h.desk.Claim(t.Context(), p.sign()); !fault.Is(err, fault.Invalid) {
			t.Errorf("another track: %v", err)
		}
		p.claim.Track, p.claim.Counter = string(farTrack)+"@quay.example", 1
		if _, err := h.desk.Claim(t.Context(), p.sign()); !fault.Is(err, fault.Invalid) {
			t.Errorf("of another node: %v", err)
		}
		p.claim.Counter = 0
		p.claim.Track = farName
		if a := p.send(p.hear(40 * time.Second)); a.Receipt.Decision != listen.Counts || a.Receipt.MS != 40_000 {
			t.Errorf("%+v", a.Receipt)
		}
		n := h.nine(ada)
		if len(n.Places) != 1 || n.Places[0].Act != farAct || n.Places[0].Seconds() != 40 {
			t.Errorf("the nine: %+v", n.Places)
		}
		// Without the node: an offline claim names the track as its home does.
		begin := h.db.now()
		h.wait(time.Hour)
		o := h.offline(ada, farTrack, begin.Add(time.Minute), 50*time.Second)
		o.claim.Track, o.claim.Sheet = farName, 7
		if a := o.send(o.sign()); a.Receipt.Decision != listen.Counts {
			t.Errorf("offline: %+v", a.Receipt)
		}
		o = h.offline(ada, farTrack, begin.Add(10*time.Minute), 50*time.Second)
		o.claim.Track = string(farTrack) + "@quay.example"
		if _, err := h.desk.Claim(t.Context(), o.sign()); !fault.Is(err, fault.NotFound) {
			t.Errorf("another node's: %v", err)
		}
		// The release is taken back: what was heard stays, and is counted as it was.
		h.social(func(tx social.Tx) error {
			_, err := tx.DropRelease(t.Context(), "https://shore.example/ap/releases/01KAZ0000000000000000000RE", farActor)
			return err
		})
		p.send(p.hear(20 * time.Second))
		var rows []royalty.DayRow
		err := h.db.ListenUpdate(t.Context(), func(tx listen.Tx) error {
			return listen.Seal(t.Context(), tx, listenDay.Add(1), 1, func(r royalty.DayRow, _ royalty.Salt) error {
				rows = append(rows, r)
				return nil
			})
		})
		if err != nil || len(rows) != 1 || len(rows[0].Acts) != 1 || rows[0].Acts[0].Act != farAct || rows[0].Acts[0].Plays != 2 || rows[0].Total == 0 {
			t.Errorf("%+v, %v", rows, err)
		}
		if n := h.number("select count(*) from history where account = $1", string(ada)); n != 2 {
			t.Errorf("the history has %d lines of two plays of a track elsewhere", n)
		}
		names, err := names(h, farAct, h.acts[0])
		if err != nil || names[farAct].Handle != "tide@shore.example" || names[h.acts[0]].Name == "" {
			t.Errorf("%+v, %v", names, err)
		}
	})
}

// What is no longer compared goes, and with it the documents that only it rests on.
func TestForgetTold(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		_, paid := h.far()
		paid(1, h.db.now())
		h.social(func(tx social.Tx) error {
			if _, err := tx.KeepProof(t.Context(), []byte("of nothing")); err != nil {
				return err
			}
			proof, err := tx.KeepProof(t.Context(), []byte("of plays"))
			if err != nil {
				return err
			}
			return tx.PutListens(t.Context(), social.Listens{ID: "1", Host: "shore.example", Act: h.acts[0], Track: longTrack, First: h.db.now().Add(-time.Hour), Until: h.db.now()}, proof)
		})
		for _, c := range []struct {
			before          time.Duration
			listens, proofs int64
		}{{-time.Hour, 1, 3}, {time.Hour, 0, 1}} {
			h.social(func(tx social.Tx) error { return tx.ForgetAsked(t.Context(), h.db.now().Add(c.before)) })
			if l, p := h.number("select count(*) from listens"), h.number("select count(*) from remote_proof"); l != c.listens || p != c.proofs {
				t.Errorf("forgetting %v: %d listens, %d proofs", c.before, l, p)
			}
		}
	})
}

// What is known of acts of other nodes reaches the ledger with the first month that
// gave them something: a node may name as many as it likes.
func TestPayoutElsewhere(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		_, paid := h.far()
		paid(1, h.db.now())
		check := func(want bool) {
			t.Helper()
			homes, err := h.db.Homes(t.Context())
			if err != nil || (homes[farAct] == "shore.example") != want || !want && len(homes) != 0 {
				t.Errorf("%v, %v", homes, err)
			}
			h.report(func(ctx context.Context, tx report.Tx) error {
				sheets, err := tx.Sheets(ctx)
				if (len(sheets[farAct]) == 1) != want {
					t.Errorf("%+v", sheets)
				}
				return err
			})
		}
		check(false)
		h.report(func(ctx context.Context, tx report.Tx) error {
			return tx.InsertLine(ctx, 202610, royalty.Line{Act: farAct, Micro: 7, Plus: 2, Minus: 1, Count: 3})
		})
		check(true)
		for _, act := range []id.Act{"", farAct, h.acts[0]} { // whose node is told of it
			h.social(func(tx social.Tx) error {
				list, err := tx.PaidOut(t.Context(), 202610, act)
				if want := act != h.acts[0]; want && (len(list) != 1 || list[0] != (social.Due{Act: farAct, Actor: farActor, Host: "shore.example", Listeners: 3, Micro: 8})) || !want && len(list) != 0 {
					t.Errorf("%q: %+v", act, list)
				}
				return err
			})
		}
	})
}

func names(h *house, acts ...id.Act) (rows map[id.Act]music.ActRow, err error) {
	return rows, h.db.Music().View(h.t.Context(), func(tx music.Tx) error {
		var err error
		rows, err = tx.ActNames(h.t.Context(), acts)
		return err
	})
}

// A version of a sheet never changes, and the one in force when a play begins is
// the one that counts.
func TestSheetElsewhere(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		far, paid := h.far()
		paid(1, h.db.now().Add(-time.Hour))
		since := h.db.now().Add(time.Hour)
		paid(2, since)
		if p := h.begin(ada, far, h.device(ada)); p.claim.Sheet != 1 {
			t.Errorf("by sheet %d", p.claim.Sheet)
		}
		h.wait(2 * time.Hour)
		if p := h.begin(ada, far, h.device(ada)); p.claim.Sheet != 2 {
			t.Errorf("by sheet %d", p.claim.Sheet)
		}
		paid(2, since)
		err := h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
			return tx.PutSheet(t.Context(), social.CreditSheet{Track: far, Name: farName, Version: 2, Since: since, Shares: []music.Share{{Act: farAct, Bps: 9_000}}}, []byte("x"))
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("another word under the same version: %v", err)
		}
	})
}

// A track's node is told once enough people have heard it, of all days since it was
// told last.
func TestUntold(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		far, paid := h.far()
		paid(1, h.db.now().Add(-time.Hour))
		var people []id.Account
		for _, name := range []string{"C", "D", "E"} {
			a := id.Account("01JD3ZKQ4Y8X5T2N7B6V9C1MP" + name)
			h.account(a)
			people = append(people, a)
		}
		hear := func(a id.Account) {
			p := h.begin(a, far, h.device(a))
			p.send(p.hear(40 * time.Second))
		}
		untold := func() (list []social.Untold) {
			t.Helper()
			h.social(func(tx social.Tx) (err error) {
				list, err = tx.Untold(t.Context(), h.db.now().Add(time.Hour))
				return err
			})
			return list
		}
		for _, a := range []id.Account{ada, bob, people[0], people[1], ada} {
			hear(a)
		}
		if list := untold(); len(list) != 0 {
			t.Errorf("of four people: %+v", list)
		}
		h.wait(24 * time.Hour)
		hear(people[2])
		list := untold()
		if len(list) != 1 || list[0].Plays != 6 || list[0].Counted != 6 || list[0].Seconds != 240 || list[0].Host != "shore.example" || list[0].Actor != farActor || list[0].Inbox != farActor+"/inbox" {
			t.Fatalf("%+v", list)
		}
		until := h.db.now().Add(time.Hour)
		h.social(func(tx social.Tx) error { return tx.SetTold(t.Context(), far, until) })
		hear(ada)
		if list := untold(); len(list) != 0 {
			t.Errorf("told again: %+v", list)
		}
		for _, a := range append(people, bob) { // what comes late of days that were told
			hear(a)
		}
		if list := untold(); len(list) != 1 || list[0].Plays != 5 || !list[0].First.Equal(until) {
			t.Errorf("late: %+v, not from %v", list, until)
		}
		err := h.db.SocialView(t.Context(), func(tx social.Tx) error {
			_, err := tx.LogRoot(t.Context(), h.db.now())
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("the root of a day that is not over: %v", err)
		}
	})
}

// Whose credits are due: of what was played first, then of what none hold, and of
// each host not more than its part.
func TestCreditsDue(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		far, paid := h.far()
		paid(1, h.db.now().Add(-time.Hour))
		p := h.begin(ada, far, h.device(ada))
		p.send(p.hear(40 * time.Second))
		names := map[id.Release]string{}
		release := func(name, actor, state string, ago time.Duration) {
			r := social.Release{IRI: actor + "/releases/" + name, Actor: actor, Title: name, Published: h.db.now()}
			h.social(func(tx social.Tx) error {
				if name == "played" {
					var err error
					if r, err = tx.ReleaseByIRI(t.Context(), "https://shore.example/ap/releases/01KAZ0000000000000000000RE"); err != nil {
						return err
					}
				} else if err := tx.PutRelease(t.Context(), &r); err != nil {
					return err
				}
				names[r.ID] = name
				if state == "never" {
					return nil
				}
				return tx.PutCredits(t.Context(), r.ID, social.Credits{State: state, Tried: tx.Now().Add(-ago)})
			})
		}
		const quay = "https://quay.example/u"
		h.social(func(tx social.Tx) error {
			return tx.PutActor(t.Context(), social.Actor{ID: quay, Host: "quay.example", Inbox: quay + "/inbox"})
		})
		release("played", farActor, social.Holds, 25*time.Hour)
		release("never", farActor, "never", 0)
		release("held", farActor, social.Holds, 90*time.Hour)
		release("tried", farActor, "", time.Hour)
		release("away", farActor, "", 30*time.Hour)
		release("refused", farActor, social.Refused, 40*time.Hour)
		release("unpaid", quay, social.Unpaid, 50*time.Hour)
		for each, want := range map[int]string{1: "played unpaid ", 3: "played never unpaid refused ", 9: "played never unpaid refused away "} {
			h.social(func(tx social.Tx) error {
				list, err := tx.CreditsDue(t.Context(), tx.Now().Add(-20*time.Hour), tx.Now().Add(-time.Hour), each, 9)
				got := ""
				for _, r := range list {
					got += names[r] + " "
				}
				if got != want {
					t.Errorf("of each host %d: %s, want %s", each, got, want)
				}
				return err
			})
		}
	})
}

// What is shown of who earns is what counts, and a node does not say of a sheet what
// it did not before.
func TestSheetsElsewhere(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		far, paid := h.far()
		since := h.db.now().Add(-time.Hour)
		paid(7, since)
		put := func(version uint32, since time.Time, bps int64) error {
			shares := []music.Share{{Act: farAct, Bps: bps}}
			if bps < 10_000 {
				shares = append(shares, music.Share{Act: "01KAZ0000000000000000000AD", Bps: 10_000 - bps})
			}
			return h.db.SocialUpdate(t.Context(), func(tx social.Tx) error {
				if err := tx.PutPayee(t.Context(), social.Payee{Act: "01KAZ0000000000000000000AD", Actor: farActor + "2", Host: "shore.example"}, []byte("x")); err != nil {
					return err
				}
				return tx.PutSheet(t.Context(), social.CreditSheet{Track: far, Name: farName, Version: version, Since: since, Shares: shares}, []byte("x"))
			})
		}
		if err := put(7, since, 10_000); err != nil {
			t.Errorf("the same again: %v", err)
		}
		if err := put(8, h.db.now().Add(time.Hour), 6000); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"other shares": put(7, since, 9000), "another time": put(7, since.Add(-time.Minute), 10_000),
			"in force before the last": put(9, since.Add(time.Minute), 10_000), "in force after the next": put(6, since.Add(time.Minute), 10_000),
		} {
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range 2 {
			var version int64
			var parts map[id.Track][]social.Part
			h.social(func(tx social.Tx) error {
				r, err := tx.ReleaseByIRI(t.Context(), "https://shore.example/ap/releases/01KAZ0000000000000000000RE")
				if err != nil {
					return err
				}
				parts, err = tx.Parts(t.Context(), r.ID)
				return err
			})
			err := h.db.Read(t.Context(), func(tx *Tx) (err error) {
				version, err = tx.Q.ListenSheetElsewhere(t.Context(), sqlgen.ListenSheetElsewhereParams{Track: string(far), At: tx.Ms()})
				return err
			})
			if want := int(version) - 6; err != nil || len(parts[far]) != want {
				t.Errorf("version %d counts, and shown is %+v, %v", version, parts[far], err)
			}
			h.wait(2 * time.Hour)
		}
	})
}
