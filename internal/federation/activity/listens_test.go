package activity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// today began at midnight.
var today = fedtest.Moment.Truncate(24 * time.Hour)

// told is what a node says of plays of a track of the node's act.
func (w *world) told(by *fedtest.Actor, track string, change func(*vocab.Object)) *vocab.Object {
	counter := &vocab.Object{Type: []string{"InteractionCounter"}}
	counter.Put("userInteractionCount", 60)
	counter.Put("nineten:plays", 70)
	counter.Put("nineten:seconds", 6000)
	o := &vocab.Object{ID: by.ID + "/activities/1", Type: []string{"Listen", "nineten:ListenActivity"}, Actor: vocab.At(by.ID), Object: vocab.One(track), To: []string{w.Site.Act(w.Act)},
		StartTime: today.Add(-48 * time.Hour), EndTime: today.Add(-24 * time.Hour), Expires: fedtest.Moment.Add(time.Hour), Result: []vocab.Item{vocab.Of(counter)}}
	o.Put("nineten:logRoot", strings.Repeat("ab", 32))
	if change != nil {
		change(o)
	}
	return o
}

func (w *world) proves(by *fedtest.Actor, o *vocab.Object) {
	w.T.Helper()
	body, err := sig.Prove(fedtest.JSON(w.T, o), by.ID+"#ed25519-key", by.Proof, w.Now())
	if err != nil {
		w.T.Fatal(err)
	}
	w.keep(o, body)
	w.apply(w)
}

// asks has a server ask for the sound of a track, as nodes do that play it.
func (w *world) asks(s *fedtest.Server, track id.Track) {
	w.T.Helper()
	w.update(func(tx social.Tx) error { return tx.AskedFor(w.T.Context(), s.Host(), track) })
}

func (w *world) listens() []social.Listens {
	w.T.Helper()
	list, err := (&social.Talk{Store: w.DB}).ListensOf(w.T.Context(), w.Act)
	if err != nil {
		w.T.Fatal(err)
	}
	return list
}

// What a node says of plays is kept once when it is proved, shown to the act, and
// held against how often that node asked for the sound.
func TestListens(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := fedtest.NewServer(t)
		node := s.Application()
		w := &world{Node: fedtest.NewNodeOn(t, url, s)}
		_, track := w.Publish()
		at := w.Site.Track(track)
		w.proves(node, w.told(node, at, nil)) // that it plays anything here is not known
		if list := w.listens(); len(list) != 0 {
			t.Fatalf("anybody tells of plays: %+v", list)
		}
		w.update(func(tx social.Tx) error {
			return tx.PutPeer(t.Context(), social.Peer{Host: s.Host(), Software: "9ten"})
		})
		w.proves(node, w.told(node, at, nil))
		w.proves(node, w.told(node, at, func(o *vocab.Object) { o.StartTime = o.StartTime.Add(-24 * time.Hour) })) // in part again
		list := w.listens()
		if len(list) != 1 || list[0].Host != s.Host() || list[0].Counted != 60 || list[0].Plays != 70 || list[0].Millis() != 6_000_000 {
			t.Errorf("%+v", list)
		}
		desk := &social.Desk{Store: w.DB, Policy: &social.HostPolicy{Store: w.DB}}
		stands := func() social.Health {
			t.Helper()
			w.view(func(tx social.Tx) error { return nil })
			all, err := desk.Servers(t.Context(), "")
			if err != nil || len(all.Rows) == 0 {
				t.Fatalf("%+v, %v", all, err)
			}
			for _, h := range all.Rows {
				if h.Host == s.Host() {
					return h
				}
			}
			return social.Health{}
		}
		if h := stands(); !h.Doubtful || h.Claimed != 60 || h.Asked != 0 {
			t.Errorf("nobody asked for the sound: %+v", h)
		}
		for range 9 {
			if err := w.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.AskedFor(t.Context(), s.Host(), track) }); err != nil {
				t.Fatal(err)
			}
		}
		if h := stands(); h.Doubtful || h.Asked != 9 {
			t.Errorf("it fits: %+v", h)
		}
		if err := w.SocialUpdate(t.Context(), func(tx social.Tx) error { return tx.ForgetAsked(t.Context(), w.Now().Add(48*time.Hour)) }); err != nil {
			t.Fatal(err)
		}
		if h := stands(); h.Asked != 0 {
			t.Errorf("kept for ever: %+v", h)
		}
	})
}

// A node may rotate its keys, and of its proofs nobody else is asked.
func TestListensProved(t *testing.T) {
	s, other := fedtest.NewServer(t), fedtest.NewServer(t)
	node := s.Application()
	w := &world{Node: fedtest.NewNode(t, s, other)}
	_, track := w.Publish()
	at := w.Site.Track(track)
	w.asks(s, track)
	w.proves(node, w.told(node, at, nil))
	w.Pass(11 * time.Minute)
	node.Rotate()
	w.proves(node, w.told(node, at, func(o *vocab.Object) {
		o.ID += "2"
		o.StartTime, o.EndTime = o.StartTime.Add(-24*time.Hour), o.StartTime
	}))
	if list := w.listens(); len(list) != 1 || list[0].Counted != 120 {
		t.Errorf("with another key: %+v", list)
	}
	stranger := other.Application()
	lent := *node
	lent.ID, lent.Proof = stranger.ID, stranger.Proof // whose key is named
	w.proves(&lent, w.told(node, at, func(o *vocab.Object) {
		o.ID += "3"
		o.StartTime, o.EndTime = o.StartTime.Add(-72*time.Hour), o.StartTime.Add(-48*time.Hour)
	}))
	if list := w.listens(); len(list) != 1 || list[0].Counted != 120 || other.Asked("/ap/node") != 0 {
		t.Errorf("with a key of another server, asked %d times: %+v", other.Asked("/ap/node"), list)
	}
}

// What is not proved, not the node's, or does not add up is laid aside.
func TestListensOfNoWorth(t *testing.T) {
	s := fedtest.NewServer(t)
	node, ada := s.Application(), s.Actor("ada")
	w := &world{Node: fedtest.NewNode(t, s)}
	_, track := w.Publish()
	at := w.Site.Track(track)
	w.asks(s, track)
	w.receive(w.told(node, at, nil)) // without a proof
	w.proves(ada, w.told(ada, at, nil))
	w.proves(ada, w.told(node, at, nil)) // by another's key
	late := w.told(node, at, nil)
	w.keep(late, node.ProvedUntil(late, w.Now().Add(-time.Hour), w.Now())) // its proof has expired
	w.apply(w)
	if list := w.listens(); len(list) != 0 {
		t.Fatalf("what does not count: %+v", list)
	}
	count := func(name string, n int64) func(*vocab.Object) {
		return func(o *vocab.Object) { o.Result[0].Object.Put(name, n) }
	}
	for name, change := range map[string]func(*vocab.Object){
		"for everybody":    func(o *vocab.Object) { o.To = []string{vocab.Public} },
		"for ever":         func(o *vocab.Object) { o.Expires = time.Time{} },
		"of an hour":       func(o *vocab.Object) { o.EndTime = o.StartTime.Add(time.Hour) },
		"of much else":     func(o *vocab.Object) { o.Content = strings.Repeat("x", 20_000) },
		"of no days":       func(o *vocab.Object) { o.EndTime = o.StartTime },
		"of days to come":  func(o *vocab.Object) { o.EndTime = today.Add(72 * time.Hour) },
		"of no track":      func(o *vocab.Object) { o.Object = vocab.One(at + "x") },
		"of too few":       count("userInteractionCount", 4),
		"of more than all": count("userInteractionCount", 71),
		"of endless plays": count("nineten:seconds", 60*1200+1),
		"of more than any": count("nineten:plays", 100_000_001),
		"of what wraps": func(o *vocab.Object) {
			count("nineten:plays", 1<<62)(o)
			count("userInteractionCount", 1<<62)(o)
			count("nineten:seconds", 0)(o)
		},
		"of less than none":  count("nineten:plays", -1),
		"of no log":          func(o *vocab.Object) { delete(o.Extra, "nineten:logRoot") },
		"without the counts": func(o *vocab.Object) { o.Result = nil },
	} {
		w.proves(node, w.told(node, at, change))
		if list := w.listens(); len(list) != 0 {
			t.Fatalf("%s: %+v", name, list)
		}
	}
}

// A node that has much to tell fills nothing: of so many tracks and days it is heard in a
// day, and of more on the next.
func TestListensBomb(t *testing.T) {
	w := &world{Node: fedtest.NewNode(t)}
	_, track := w.Publish()
	tell := func(from, until int) (kept int) {
		t.Helper()
		day := today.Add(-48 * time.Hour)
		w.update(func(tx social.Tx) error {
			for n := from; n < until; n++ {
				l := social.Listens{ID: fmt.Sprint("a", n), Host: "far.example", Act: w.Act, Track: id.Track(fmt.Sprint(track, n)), First: day, Until: day.Add(24 * time.Hour)}
				err := social.KeepListens(t.Context(), tx, l, []byte(l.ID))
				if err != nil && !fault.Is(err, fault.Conflict) {
					return err
				}
				if err == nil {
					kept++
				}
			}
			return nil
		})
		return kept
	}
	if kept := tell(0, 10_010); kept != 10_000 {
		t.Errorf("%d are kept", kept)
	}
	w.Pass(25 * time.Hour)
	if tell(30_000, 30_001) != 1 {
		t.Error("none the next day")
	}
	w.update(func(tx social.Tx) error {
		day := w.Now().Add(-social.Compared - 25*time.Hour)
		old := social.Listens{ID: "old", Host: "far.example", Act: w.Act, Track: track, First: day, Until: day.Add(24 * time.Hour)}
		if err := social.KeepListens(t.Context(), tx, old, []byte("old")); !fault.Is(err, fault.Invalid) {
			t.Errorf("of days gone by: %v", err)
		}
		return nil
	})
}
