package story

import (
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/federation/sig"
)

// acrossAllThree: a third node joins two that know each other. Its listener hears
// the first's act and reports it there, and its own act is heard on both.
func (w *internet) acrossAllThree(a, b, c *networkNode, release, other string) {
	t := c.T
	t.Helper()
	atA, atB := a.signIn(operator, "read", "library"), b.signIn(operator, "read", "library")
	a.follows(atA, "high-water@pier.test")
	b.follows(atB, "high-water@pier.test")
	c.must(http.MethodPost, "/api/v1/studio/releases/"+other+"/publish", c.token, struct{}{}, nil)
	listener := c.signIn(operator, "read", "library")
	c.follows(listener, "low-tide@shore.test")
	heard := c.hearsOf(listener, "low-tide@shore.test")
	c.must(http.MethodPost, "/api/v1/reports", listener, map[string]any{"kind": "release-elsewhere", "id": heard, "text": "Two of its names are wrong.", "forward": true}, nil)
	a.eventually("a hears what is said of it at c", func() error {
		var reports struct {
			Rows []struct {
				Host, Text string
				About      []struct{ ID string }
			}
		}
		a.must(http.MethodGet, "/api/v1/moderation/reports", a.token, nil, &reports)
		for _, r := range reports.Rows {
			for _, about := range r.About { // whose it is, and what
				if r.Host == c.id && r.Text == "Two of its names are wrong." && about.ID == release {
					return nil
				}
			}
		}
		return fmt.Errorf("it knows %+v", reports)
	})
	a.hearsOf(atA, "high-water@pier.test")
	b.hearsOf(atB, "high-water@pier.test")
	var act struct{ Followers int }
	c.must(http.MethodGet, "/api/v1/acts/high-water", "", nil, &act)
	if act.Followers != 3 { // the two nodes, whoever follows on them, and the server of another make
		t.Errorf("c's act has %d followers", act.Followers)
	}
}

// toldOfPlays: the day ends at both nodes, and some hours later the act's own hears
// how often it was played at the other, in a word that the other has proved and that
// fits what it asked for.
func (w *internet) toldOfPlays(a, b *networkNode, act string) {
	t := a.T
	t.Helper()
	night := (calendar.DayOf(time.Now()) + 1).Start()
	a.exe, b.exe = w.path("rehearsal"), w.path("rehearsal") // a demonstration federates there
	both := func(at time.Time) {
		t.Helper()
		a.sleepsUntil(at)
		b.sleepsUntil(at)
	}
	both(night.Add(15 * time.Minute))
	b.eventually("the day is in the log", func() error { return b.has("select count(*) from day_batch where root is not null and entries >= 5") })
	both(night.Add(3*time.Hour + 5*time.Minute))
	b.eventually("it is to be told", func() error { return b.has("select count(*) from job where kind = 'social.listens'") })
	var told []struct {
		Node                    string
		Plays, Counted, Seconds int64
	}
	if a.must(http.MethodGet, "/api/v1/acts/"+act+"/elsewhere", a.token, nil, &told); len(told) != 0 {
		t.Errorf("it was told at once: %+v", told)
	}
	b.end(syscall.SIGTERM)
	b.hurries("social.listens")
	both(night.Add(10 * time.Hour))
	a.eventually("the act's node is told", func() error {
		a.must(http.MethodGet, "/api/v1/acts/"+act+"/elsewhere", a.token, nil, &told)
		if len(told) != 1 || told[0].Node != b.id || told[0].Plays != 5 || told[0].Counted != 5 || told[0].Seconds != 45 {
			return fmt.Errorf("it knows %+v", told)
		}
		return nil
	})
	a.provedBy(b)
	var health struct {
		Rows []struct {
			Host           string
			Claimed, Asked int64
			Doubtful       bool
		}
	}
	a.must(http.MethodGet, "/api/v1/federation/servers", a.token, nil, &health)
	seen := false
	for _, s := range health.Rows {
		if s.Host == b.id {
			seen = true
			if s.Claimed != 5 || s.Asked != 6 || s.Doubtful { // one asked before anybody paid
				t.Errorf("what b tells, beside what it asked for: %+v", s)
			}
		}
	}
	if !seen {
		t.Errorf("a knows nothing of b: %+v", health)
	}
	if page := a.page(operator, "/studio/act/"+act+"/statement"); !strings.Contains(page, "Plays on other nodes") || !strings.Contains(page, "<td>"+b.id+"</td><td class=\"n\">5</td>") {
		t.Errorf("the statement's page does not say it:\n%s", page)
	}
}

// provedBy holds what a node keeps of what it was told against the key that the
// other shows everybody.
func (n *networkNode) provedBy(other *networkNode) {
	n.Helper()
	var body []byte
	n.reads(func(db *sql.DB) error {
		return db.QueryRowContext(n.Context(), "select p.body from listens l join remote_proof p on p.hash = l.proof where l.host = ?", other.id).Scan(&body)
	})
	sealed, err := sig.Open(body)
	if err != nil {
		n.Fatal(err)
	}
	var actor struct {
		AssertionMethod []struct {
			ID  string `json:"id"`
			Key string `json:"publicKeyMultibase"`
		} `json:"assertionMethod"`
	}
	var text []byte
	other.must(http.MethodGet, "/ap/node", "", nil, &text)
	if err := json.Unmarshal(text, &actor); err != nil || len(actor.AssertionMethod) != 1 || actor.AssertionMethod[0].ID != sealed.Method {
		n.Fatalf("%s, %v, beside %s", text, err, sealed.Method)
	}
	key, err := sig.ParseMultikey(actor.AssertionMethod[0].Key)
	if err != nil {
		n.Fatal(err)
	}
	if err := sealed.Verify(key.(ed25519.PublicKey)); err != nil {
		n.Error(err)
	}
	for _, handle := range []string{"bob", "cleo", "dan", "eve", "fay"} {
		if strings.Contains(string(body), handle) {
			n.Errorf("it names who listened: %s", body)
		}
	}
}

// hurries has jobs of a kind begin as soon as the node's clock says so: the queue
// goes by the machine's own, which no setting moves.
func (n *networkNode) hurries(kind string) {
	n.Helper()
	db, err := sql.Open("sqlite", n.path("9ten.db"))
	if err != nil {
		n.Fatal(err)
	}
	_, err = db.ExecContext(n.Context(), "update goqite set timeout = created where id in (select id from job where kind = ?)", kind)
	if err := errors.Join(err, db.Close()); err != nil {
		n.Fatal(err)
	}
}

// reads looks into the node's database while it runs.
func (n *networkNode) reads(look func(*sql.DB) error) {
	n.Helper()
	db, err := sql.Open("sqlite", "file:"+n.path("9ten.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		n.Fatal(err)
	}
	if err := errors.Join(look(db), db.Close()); err != nil {
		n.Fatal(err)
	}
}

// has is whether the node's database has any of what a query counts.
func (n *networkNode) has(query string) (missing error) {
	n.Helper()
	n.reads(func(db *sql.DB) error {
		var count int
		if err := db.QueryRowContext(n.Context(), query).Scan(&count); err != nil {
			return err
		}
		if count == 0 {
			missing = fmt.Errorf("%s: none", query)
		}
		return nil
	})
	return missing
}
