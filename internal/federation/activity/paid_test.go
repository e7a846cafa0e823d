package activity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// lastMonth is over at the moment of the tests.
var lastMonth = calendar.PeriodOf(fedtest.Moment).Add(-1)

// paysFor is what a node says of who paid an act there.
func (w *world) paysFor(by *fedtest.Actor, act string, change func(*vocab.Object)) *vocab.Object {
	counter := &vocab.Object{Type: []string{"InteractionCounter"}}
	counter.Put("userInteractionCount", 7)
	counter.Put("nineten:micro", 12_345_678)
	o := &vocab.Object{ID: by.ID + "/paid/1", Type: []string{"Offer", "nineten:SubscriptionActivity"}, Actor: vocab.At(by.ID), Object: vocab.One(act), To: []string{act},
		StartTime: lastMonth.Start(), EndTime: lastMonth.End(), Expires: fedtest.Moment.Add(time.Hour), Result: []vocab.Item{vocab.Of(counter)}}
	o.Put("nineten:statement", strings.Repeat("ab", 32))
	o.Put("nineten:transaction", "tx-1")
	if change != nil {
		change(o)
	}
	return o
}

// heardAt has a server ask for sound of the act, last month and the month before.
func (w *world) heardAt(hosts ...string) {
	_, track := w.Publish()
	for range 2 {
		w.Pass(-30 * 24 * time.Hour)
		for _, host := range hosts {
			w.update(func(tx social.Tx) error { return tx.AskedFor(w.T.Context(), host, track) })
		}
	}
	w.Pass(2 * 30 * 24 * time.Hour)
}

// statements are what a ledger has.
type statements map[string]string

func (s statements) Statement(_ context.Context, node string, p calendar.Period) (string, string, error) {
	if at, ok := s[node+" "+p.String()]; ok {
		return at, "tx-1", nil
	}
	return "", "", fault.New(fault.NotFound, "nothing")
}

func (w *world) paid(l social.Statements) []social.Paid {
	w.T.Helper()
	list, err := (&social.Talk{Store: w.DB, Ledger: l}).PaidElsewhere(w.T.Context(), w.Act, "", 9)
	if err != nil {
		w.T.Fatal(err)
	}
	return list.Rows
}

// What a node says of who pays there is kept once, shown beside what the ledger says,
// and forgotten with its server or after its time.
func TestPaid(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := fedtest.NewServer(t)
		node := s.Application()
		s.Runs("9ten")
		w := &world{Node: fedtest.NewNodeOn(t, url, s)}
		at := w.Site.Act(w.Act)
		w.proves(node, w.paysFor(node, at, func(o *vocab.Object) { o.ID += "3" }))
		if list := w.paid(nil); len(list) != 0 {
			t.Errorf("of a node that played nothing: %+v", list)
		}
		w.heardAt(s.Host())
		w.proves(node, w.paysFor(node, at, nil))
		w.proves(node, w.paysFor(node, at, func(o *vocab.Object) { // again, and more
			o.ID += "0"
			o.Result[0].Object.Put("nineten:micro", 99_000_000)
		}))
		w.proves(node, w.paysFor(node, at, func(o *vocab.Object) { // a month before, of few
			o.ID += "2"
			o.StartTime, o.EndTime = lastMonth.Add(-1).Start(), lastMonth.Start()
			delete(o.Result[0].Object.Extra, "userInteractionCount")
		}))
		list := w.paid(nil)
		if len(list) != 2 || list[0].Host != s.Host() || list[0].Micro != 12_345_678 || list[0].Listeners != 7 || list[0].Stand != social.JustSaid || list[1].Listeners != 0 || list[1].Period != lastMonth.Add(-1) {
			t.Fatalf("%+v", list)
		}
		key := social.NodeOf(s.Host()) + " " + lastMonth.String()
		if got := w.paid(statements{key: strings.Repeat("ab", 32)}); got[0].Stand != social.Stands || got[1].Stand != social.JustSaid {
			t.Errorf("%+v", got)
		}
		if got := w.paid(statements{key: strings.Repeat("cd", 32)}); got[0].Stand != social.Differs {
			t.Errorf("%+v", got)
		}
		page, err := (&social.Talk{Store: w.DB}).PaidElsewhere(t.Context(), w.Act, "", 1)
		if err != nil || len(page.Rows) != 1 || page.Next == "" {
			t.Fatalf("%+v, %v", page, err)
		}
		if page, err = (&social.Talk{Store: w.DB}).PaidElsewhere(t.Context(), w.Act, page.Next, 1); err != nil || len(page.Rows) != 1 || page.Rows[0].Period != lastMonth.Add(-1) || page.Next != "" {
			t.Errorf("%+v, %v", page, err)
		}
		if _, err = (&social.Talk{Store: w.DB}).PaidElsewhere(t.Context(), w.Act, "x", 1); !fault.Is(err, fault.Invalid) {
			t.Errorf("a cursor of another list: %v", err)
		}
		w.update(func(tx social.Tx) error { return tx.ForgetPaid(t.Context(), lastMonth) })
		if got := w.paid(nil); len(got) != 1 {
			t.Errorf("kept for ever: %+v", got)
		}
		w.update(func(tx social.Tx) error { _, err := tx.DropHost(t.Context(), s.Host(), 9); return err })
		if got := w.paid(nil); len(got) != 0 {
			t.Errorf("kept of a server that is blocked: %+v", got)
		}
	})
}

// What is of somebody else, of no node, of no month or of no sense is laid aside.
func TestPaidOfNoWorth(t *testing.T) {
	s, other := fedtest.NewServer(t), fedtest.NewServer(t)
	node, ada, mastodon := s.Application(), s.Actor("ada"), other.Application()
	s.Runs("9ten")
	other.Runs("mastodon")
	w := &world{Node: fedtest.NewNode(t, s, other)}
	at := w.Site.Act(w.Act)
	w.heardAt(s.Host(), other.Host())
	w.receive(w.paysFor(node, at, nil)) // without a proof
	w.proves(ada, w.paysFor(ada, at, nil))
	w.proves(ada, w.paysFor(node, at, nil)) // by another's key
	w.proves(mastodon, w.paysFor(mastodon, at, nil))
	put := func(name string, v any) func(*vocab.Object) {
		return func(o *vocab.Object) { o.Result[0].Object.Put(name, v) }
	}
	for name, change := range map[string]func(*vocab.Object){
		"for everybody":            func(o *vocab.Object) { o.To = []string{vocab.Public} },
		"for ever":                 func(o *vocab.Object) { o.Expires = time.Time{} },
		"of another node's act":    func(o *vocab.Object) { o.Object = vocab.One(node.ID + "/acts/1") },
		"of an act of nobody":      func(o *vocab.Object) { o.Object = vocab.One(w.Site.Act(id.New[id.Act](fedtest.Moment))) },
		"of a month under way":     func(o *vocab.Object) { o.StartTime, o.EndTime = lastMonth.Add(1).Start(), lastMonth.Add(1).End() },
		"of a month long ago":      func(o *vocab.Object) { o.StartTime, o.EndTime = lastMonth.Add(-13).Start(), lastMonth.Add(-13).End() },
		"of half a month":          func(o *vocab.Object) { o.StartTime = o.StartTime.Add(time.Hour) },
		"of too few to be told":    put("userInteractionCount", 4),
		"of more than there are":   put("userInteractionCount", 100_000_001),
		"of a huge amount":         put("nineten:micro", 10_000_000_000_001),
		"of an amount that wraps":  put("nineten:micro", uint64(1<<63)),
		"of nothing":               put("nineten:micro", 0),
		"of a fraction":            put("nineten:micro", 1.5),
		"without a statement":      func(o *vocab.Object) { delete(o.Extra, "nineten:statement") },
		"with markup":              func(o *vocab.Object) { o.Put("nineten:transaction", "<b>") },
		"longer than it needs":     func(o *vocab.Object) { o.Content = strings.Repeat("x", 17<<10) },
		"without what was counted": func(o *vocab.Object) { o.Result = nil },
	} {
		w.proves(node, w.paysFor(node, at, change))
		if list := w.paid(nil); len(list) != 0 {
			t.Fatalf("%s: %+v", name, list)
		}
	}
	w.proves(node, w.paysFor(node, at, func(o *vocab.Object) { o.ID += "/good" }))
	if list := w.paid(nil); len(list) != 1 {
		t.Fatalf("one in which nothing is wrong: %+v", list)
	}
}
