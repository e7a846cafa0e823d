package elsewhere_test

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
)

// recorded is a ledger that has one statement for every month of this node.
type recorded string

func (r recorded) Statement(_ context.Context, node string, _ calendar.Period) (string, string, error) {
	if node != string(r) {
		return "", "", fault.New(fault.NotFound, "nothing")
	}
	return strings.Repeat("cd", 32), "tx-9", nil
}

// months does the jobs that tell of a month, and those they make.
func (s *scene) months(p calendar.Period) {
	s.t.Helper()
	if err := s.desk.TellPaid(s.t.Context(), []byte(p.String())); err != nil {
		s.t.Fatal(err)
	}
	for len(s.waiting) > 0 {
		j := s.next()
		if j.kind != social.JobPaid {
			s.t.Fatalf("%+v", j)
		}
		if err := s.desk.TellPaid(s.t.Context(), j.payload); err != nil {
			s.t.Fatal(err)
		}
	}
}

// An act's node is told once what a month gave the act here, with a proof: the amount
// to the millionth, and how many paid from five on. Nobody else is told.
func TestPaid(t *testing.T) {
	s, act, _ := paid(t)
	s.waiting, s.desk.Statements = nil, recorded("nine.example")
	month := calendar.PeriodOf(fedtest.Moment).Add(-1)
	due := social.Due{Act: "01KAZ0000000000000000000AC", Actor: act.ID, Host: s.host(), Listeners: 4, Micro: 1_234_567}
	s.due = []social.Due{due}
	s.months(month)
	s.months(month) // again
	d := s.taken()
	if next := s.taken(); next.ID != "" {
		t.Errorf("twice: %+v", next)
	}
	sealed, err := sig.Open(d.Body)
	if err != nil {
		t.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	if err := sealed.Verify(key); err != nil || sealed.Method != s.Site.Node()+"#ed25519-key" {
		t.Errorf("%s: %v", sealed.Method, err)
	}
	fedtest.Means(t, d.Body, fedtest.AS+"Offer", fedtest.Nine+"SubscriptionActivity", fedtest.AS+"result", fedtest.SC+"InteractionCounter", fedtest.Nine+"micro", fedtest.Nine+"statement", fedtest.Nine+"transaction", fedtest.Sec+"proof")
	o, err := vocab.Parse(d.Body)
	if err != nil || o.IsPublic() || strings.Join(o.Addressed(), " ") != act.ID || o.Type[0] != "Offer" || !o.Is("nineten:SubscriptionActivity") || vocab.FirstID(o.Object) != act.ID || d.Inbox != act.ID+"/inbox" {
		t.Errorf("%s, %v", d.Body, err)
	}
	if !o.StartTime.Equal(month.Start()) || !o.EndTime.Equal(month.End()) || !o.Expires.Equal(s.Now().Add(7*24*time.Hour)) || !d.Expires.Equal(o.Expires) {
		t.Errorf("%s", d.Body)
	}
	for _, want := range []string{`"nineten:micro":1234567`, `"nineten:transaction":"tx-9"`, `"nineten:statement":"cdcd`} {
		if !strings.Contains(string(d.Body), want) {
			t.Errorf("without %s: %s", want, d.Body)
		}
	}
	for _, who := range []string{string(s.ada), string(s.bo), "listener0"} {
		if strings.Contains(string(d.Body), who) {
			t.Errorf("it names %s: %s", who, d.Body)
		}
	}
	if o.Result[0].Object.Extra["userInteractionCount"] != nil {
		t.Errorf("it tells how few they are: %s", d.Body)
	}
	s.due[0].Listeners = 5
	s.months(month.Add(-1))
	d = s.taken()
	if n, err := vocab.Parse(d.Body); err != nil || n.ID == o.ID || n.Result[0].Object.Extra["userInteractionCount"] == nil {
		t.Errorf("of five: %s, %v", d.Body, err)
	}
}

// taken is what waits first for the act's server, nothing for nothing.
func (s *scene) taken() (d social.Delivery) {
	s.t.Helper()
	if err := s.DB.SocialUpdate(s.t.Context(), func(tx social.Tx) (err error) {
		if d, err = tx.Next(s.t.Context(), s.host()); err != nil {
			return err
		}
		return tx.Delivered(s.t.Context(), d)
	}); err != nil && !fault.Is(err, fault.NotFound) {
		s.t.Fatal(err)
	}
	return d
}

// Who is no node is told nothing, nor is anybody before the ledger has the statement;
// a server that does not answer what it is is asked again.
func TestPaidToNobody(t *testing.T) {
	for name, c := range map[string]struct {
		runs   string
		ledger recorded
		fails  fault.Kind
	}{
		"no node":      {"mastodon", "nine.example", 0},
		"silent":       {"", "nine.example", fault.Unavailable},
		"not recorded": {"9ten", "other.example", fault.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.desk.Statements = c.ledger
			s.find()
			if c.runs != "" {
				s.server.Runs(c.runs)
			} else {
				s.server.Fetches(503)
			}
			s.due = []social.Due{{Act: "01KAZ0000000000000000000AC", Actor: s.act.ID, Host: s.host(), Listeners: 9, Micro: 1}}
			err := s.desk.TellPaid(t.Context(), []byte(calendar.PeriodOf(fedtest.Moment).Add(-1).String()+" 01KAZ0000000000000000000AC"))
			if c.fails == 0 && err != nil || c.fails != 0 && !fault.Is(err, c.fails) {
				t.Errorf("%v", err)
			}
			if out := s.sentOut(); len(out) != 0 {
				t.Errorf("%+v", out)
			}
		})
	}
}
