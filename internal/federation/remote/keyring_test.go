package remote_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
)

// actorCounter counts how often somebody is read.
type actorCounter struct {
	social.Tx
	n *int
}

func (c actorCounter) Actor(ctx context.Context, id string) (social.Actor, error) {
	*c.n++
	return c.Tx.Actor(ctx, id)
}

// Who said something a moment ago is not read again; what is decided or learned of them
// meanwhile counts at once, and who says much of themselves is not kept in memory.
func TestActorIsRemembered(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	n := fedtest.NewNode(t, s)
	update := func(do func(social.Tx) error) func() error {
		return func() error { return n.DB.SocialUpdate(t.Context(), do) }
	}
	doc := ada.Document()
	renew := func(name, summary string) func() error {
		return func() error {
			doc.Name, doc.Summary = name, summary
			s.Publish(doc, "")
			_, err := n.Servers.Renew(t.Context(), ada.ID)
			return err
		}
	}
	renewAt := func(more string) func() error {
		return func() error {
			doc.Outbox = ada.ID + "/outbox" + more
			return renew("Ada L.", "")()
		}
	}
	rule := func(v social.Verdict) func() error {
		return update(func(tx social.Tx) error {
			return tx.PutRule(t.Context(), social.Rule{Actor: ada.ID, Verdict: v, Since: n.Now()})
		})
	}
	if err := renew("Ada", "")(); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what string
		do   func() error
		name string // "" she is not known, or not heard
		read bool
	}{
		{"at first", func() error { return nil }, "Ada", true},
		{"then", func() error { return nil }, "Ada", false},
		{"she has another name", renew("Ada L.", ""), "Ada L.", true},
		{"she is blocked", rule(social.Block), "", false},
		{"and not any more", rule(social.Silence), "Ada L.", false},
		{"eleven minutes pass", func() error { n.Pass(11 * time.Minute); return nil }, "Ada L.", true},
		{"she says much", renew("Ada L.", strings.Repeat("x", 2001)), "Ada L.", true},
		{"and is read each time", func() error { return nil }, "Ada L.", true},
		{"she has a long address", renewAt("/" + strings.Repeat("x", 1950)), "Ada L.", true},
		{"and is read each time", func() error { return nil }, "Ada L.", true},
		{"she says less", renewAt(""), "Ada L.", true},
		{"then", func() error { return nil }, "Ada L.", false},
		{"she is forgotten", update(func(tx social.Tx) error { return social.Forget(t.Context(), tx, ada.ID) }), "", true},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		reads, got := 0, social.Actor{}
		err := n.DB.SocialUpdate(t.Context(), func(tx social.Tx) (err error) {
			reads = 0
			got, err = n.Servers.LatelyIn(t.Context(), actorCounter{tx, &reads}, ada.ID)
			return err
		})
		if step.name != "" && (err != nil || got.Name != step.name) || step.name == "" && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %q, %v", step.what, got.Name, err)
		}
		if (reads > 0) != step.read {
			t.Errorf("%s: she was read %d times", step.what, reads)
		}
	}
}

// What is not durable yet counts in its own transaction: who is forgotten in it is not
// remembered there.
func TestForgottenInATransaction(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	n := fedtest.NewNode(t, s)
	if _, err := n.Servers.Actor(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	err := n.DB.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if _, err := n.Servers.LatelyIn(t.Context(), tx, ada.ID); err != nil {
			return err
		}
		if err := social.Forget(t.Context(), tx, ada.ID); err != nil {
			return err
		}
		if a, err := n.Servers.LatelyIn(t.Context(), tx, ada.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("she is known as %q, %v", a.ID, err)
		}
		return context.Canceled // so that she is not forgotten after all
	})
	if err != context.Canceled {
		t.Fatal(err)
	}
	if err := n.DB.SocialUpdate(t.Context(), func(tx social.Tx) error {
		_, err := n.Servers.LatelyIn(t.Context(), tx, ada.ID)
		return err
	}); err != nil {
		t.Errorf("and then: %v", err)
	}
}
