package social_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// takes has an activity come, and reports whether there is something to apply.
func (w world) takes(host, name, kind, about string, body string) bool {
	w.t.Helper()
	var is bool
	w.update(func(tx social.Tx) (err error) {
		actor := "https://" + host + "/u"
		is, err = social.Take(w.t.Context(), tx, social.Held{Received: social.Received{ID: actor + "/" + name, Host: host, Actor: actor, Body: []byte(body)}, Kind: kind, About: about, Words: "words of " + name})
		return err
	})
	return is
}

func (w world) unapplied() (out []string) {
	w.t.Helper()
	w.update(func(tx social.Tx) error {
		list, err := tx.Unapplied(w.t.Context(), 2000)
		for _, r := range list {
			out = append(out, r.ID)
		}
		return err
	})
	return out
}

// What comes from those in quarantine waits, what takes it back does not, and a
// moderator lets it pass once or drops it.
func TestQuarantine(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx, staff, arrived := t.Context(), music.Viewer{Moderator: true, Account: "kim"}, 0
		desk := &social.HeldDesk{Store: w.DB, Arrived: func() { arrived++ }}
		const host, actor = "a.far.example", "https://a.far.example/u"
		w.decide(w.desk(false), "far.example", social.Quarantine)
		for _, x := range []struct {
			name, kind, about string
			applied           bool
		}{
			{"follow", "Follow", "https://nine.example/a", false}, {"follow2", "Follow", "https://nine.example/a", false},
			{"post", "Create", actor + "/post/1", false}, {"edit", "Update", actor + "/post/1", false}, {"like", "Like", "https://nine.example/r", false},
			{"no", "Reject", "x", true}, {"away", "Block", "x", true}, {"undo", "Undo", actor + "/follow", true}, {"del", "Delete", actor + "/post/1", true},
		} {
			if got := w.takes(host, x.name, x.kind, x.about, "{}"); got != x.applied {
				t.Errorf("%s is to be applied: %v", x.name, got)
			}
		}
		page, err := desk.List(ctx, staff, "", "")
		if err != nil || len(page.Rows) != 2 || page.Rows[0].ID != actor+"/follow2" || page.Rows[1].Words != "words of like" || len(page.Hosts) != 1 || page.Hosts[0].N != 2 {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, v := range []music.Viewer{{}, {Account: "jo"}} {
			if err := desk.Decide(ctx, v, actor+"/like", true); err == nil {
				t.Error("anybody lets it pass")
			}
			if err := desk.DecideAll(ctx, v, host, true); err == nil {
				t.Error("anybody lets all pass")
			}
		}
		if err := desk.Decide(ctx, staff, actor+"/like", true); err != nil || arrived != 1 {
			t.Fatal(err, arrived)
		}
		if w.takes(host, "like", "Like", "https://nine.example/r", "{}") { // delivered once more
			t.Error("it is applied twice")
		}
		if err := desk.Decide(ctx, staff, actor+"/like", true); !fault.Is(err, fault.NotFound) {
			t.Errorf("it waits again: %v", err)
		}
		if err := desk.Decide(ctx, staff, actor+"/follow2", false); err != nil || len(w.unapplied()) != 5 {
			t.Errorf("%v, %q", err, w.unapplied())
		}
		for i := range 120 {
			w.takes(host, fmt.Sprint("n", i), "Like", "x", "{}")
		}
		if err := desk.DecideAll(ctx, staff, host, true); err != nil || len(w.unapplied()) != 125 {
			t.Errorf("%v, %d", err, len(w.unapplied()))
		}
		if !w.takes("far.example.other", "x", "Like", "x", "{}") {
			t.Error("of another server it waits")
		}
		w.takes(host, "bye", "Like", "x", "{}")
		if !w.takes(host, "gone", "Delete", actor, "{}") {
			t.Error("a farewell waits")
		}
		if page, err := desk.List(ctx, staff, host, ""); err != nil || len(page.Rows) != 0 {
			t.Errorf("%+v, %v", page, err)
		}
	})
}

// What waits is bounded: the oldest goes, and how many went is said.
func TestQuarantineIsBounded(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx, staff := t.Context(), music.Viewer{Moderator: true}
		desk := &social.HeldDesk{Store: w.DB, Arrived: func() {}}
		w.decide(w.desk(false), "far.example", social.Quarantine)
		large := strings.Repeat("x", 1<<20)
		for i := range 6 {
			w.takes("far.example", fmt.Sprint(i), "Create", "x", large)
			w.Pass(time.Second)
		}
		page, err := desk.List(ctx, staff, "", "")
		if err != nil || len(page.Rows) != 4 || page.Hosts[0].Lost != 2 || page.Hosts[0].Bytes != 4<<20 || page.Rows[0].ID != "https://far.example/u/2" {
			t.Fatalf("%d, %+v, %v", len(page.Rows), page.Hosts, err)
		}
		if err := desk.DecideAll(ctx, staff, "far.example", false); err != nil {
			t.Fatal(err)
		}
		for i := range 503 {
			w.takes("far.example", fmt.Sprint("n", i), "Like", "x", "{}")
		}
		page, err = desk.List(ctx, staff, "", "")
		if err != nil || page.Hosts[0].N != 500 || page.Hosts[0].Lost != 3 || page.Next == "" {
			t.Fatalf("%+v, %v", page.Hosts, err)
		}
		seen := len(page.Rows)
		for page.Next != "" {
			if page, err = desk.List(ctx, staff, "", page.Next); err != nil {
				t.Fatal(err)
			}
			seen += len(page.Rows)
		}
		if seen != 500 {
			t.Errorf("paged to %d", seen)
		}
		w.Pass(social.HeldKept + time.Hour)
		if _, err := social.Expire(ctx, w.DB); err != nil {
			t.Fatal(err)
		}
		if page, err := desk.List(ctx, staff, "", ""); err != nil || len(page.Hosts) != 0 {
			t.Errorf("it waits for ever: %+v, %v", page.Hosts, err)
		}
	})
}

// One person is in quarantine, or a server; a list of others lifts neither, and is
// not given one.
func TestWhoIsInQuarantine(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		const actor = "https://far.example/u"
		w.meet(actor, "far.example")
		d := w.desk(false)
		w.decide(d, actor, social.Quarantine)
		if w.takes("far.example", "1", "Like", "x", "{}") {
			t.Error("it does not wait")
		}
		w.decide(d, actor, social.Block)
		w.update(func(tx social.Tx) error {
			_, err := social.Take(t.Context(), tx, social.Held{Received: social.Received{ID: actor + "/2", Host: "far.example", Actor: actor, Body: []byte("{}")}, Kind: "Like"})
			if !fault.Is(err, fault.Forbidden) {
				t.Errorf("blocked: %v", err)
			}
			return nil
		})
		w.decide(d, "held.example", social.Quarantine)
		if got, err := d.Import(t.Context(), strings.NewReader("domain,severity\nheld.example,silence\n")); err != nil || got.Silenced != 0 || got.Left != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		var b strings.Builder
		if err := d.Export(t.Context(), &b); err != nil || strings.Contains(b.String(), "held.example") {
			t.Errorf("%s, %v", b.String(), err)
		}
		w.decide(d, "held.example", social.Block)
		if err := d.Policy.Allow(t.Context(), "held.example"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%v", err)
		}
	})
}
