package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// envCourier has the child apply and deliver what waits in the directory.
const envCourier = "NINETEN_TEST_COURIER"

// federatedConfig is a node that other servers on this machine can be reached by.
func federatedConfig(dir string) (*Config, error) {
	cfg, _, err := LoadConfig("", map[string]string{
		"data_dir": dir, "base_url": "https://nine.example", "federation.reach": "127.0.0.0/8", "log.level": "error", "media.ffmpeg": "off",
	}, noenv)
	return cfg, err
}

// deliverUntilKilled is the child: it dies at a step, or ends when nothing waits.
func deliverUntilKilled(dir string, at int) error {
	cfg, err := federatedConfig(dir)
	if err != nil {
		return err
	}
	steps := make(chan struct{}, 1)
	steps <- struct{}{}
	begun, i := false, -1
	n, err := openNodeIn(context.Background(), cfg, slog.New(slog.DiscardHandler), world{step: func(string) error {
		<-steps
		defer func() { steps <- struct{}{} }()
		if begun {
			if i++; i == at {
				return syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		}
		return nil
	}})
	if err != nil {
		return err
	}
	defer n.Close()
	<-steps
	begun = true
	steps <- struct{}{}
	if err := takePost(n, dir); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return n.federation.applier.Run(ctx) })
	g.Go(func() error { return n.federation.courier.Run(ctx) })
	g.Go(func() error { return n.jobs.Run(ctx) })
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for range look.C {
		idle, err := idleFederation(ctx, n)
		if err != nil {
			return err
		}
		if idle, err = idleJobs(ctx, n, idle); err != nil {
			return err
		}
		if idle {
			break
		}
	}
	stop()
	return errors.Join(g.Wait(), nil)
}

// A posting is what another server sends.
type posting struct {
	Header http.Header
	Body   []byte
}

// postFile is where the child finds one, in the node's directory.
const postFile = "post.json"

// accepted is what the child says once it has answered with 202.
const accepted = "it is taken"

// takePost is the child that is sent something, where there is something.
func takePost(n *node, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, postFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var p posting
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	handler, err := n.handler()
	if err != nil {
		return err
	}
	r := httptest.NewRequest(http.MethodPost, "/ap/inbox", bytes.NewReader(p.Body))
	r.Host, r.Header = "nine.example", p.Header
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusAccepted {
		return fmt.Errorf("%d: %s", w.Code, w.Body)
	}
	_, err = fmt.Println(accepted)
	return err
}

// idleJobs reports whether no job about other servers waits, where nothing else does.
func idleJobs(ctx context.Context, n *node, idle bool) (bool, error) {
	err := n.db.JobsView(ctx, func(tx jobs.Tx) error {
		for _, kind := range []string{music.JobTell, social.JobListens, social.JobPaid} {
			list, err := tx.Pending(ctx, kind)
			if err != nil {
				return err
			}
			idle = idle && len(list) == 0
		}
		return nil
	})
	return idle, err
}

// idleFederation reports whether nothing waits to be applied or delivered.
func idleFederation(ctx context.Context, n *node) (idle bool, err error) {
	err = n.db.SocialView(ctx, func(tx social.Tx) error {
		in, err := tx.Unapplied(ctx, 1)
		if err != nil {
			return err
		}
		hosts, err := tx.ToAsk(ctx, tx.Now().Add(24*time.Hour), 1)
		if err != nil {
			return err
		}
		out, err := tx.Queues(ctx)
		idle = len(in)+len(hosts)+len(out) == 0
		return err
	})
	return idle, err
}

// earned has a month have given an act elsewhere something, and the ledger have told it.
func earned(h *residence, by *fedtest.Actor) {
	h.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(h.path, "9ten.db"))
	h.ok(err)
	act, settled := string(actID(9)), fedtest.JSON(h.t, contract.Settled{Node: "nine.example", Period: crashMonth, Tx: "tx-9", Attested: []string{}})
	for query, with := range map[string][]any{
		"insert into remote_payee (act, actor, host, handle, name, proof, proved) values (?, ?, ?, 'ada', 'Ada', x'00', 1)": {act, by.ID, by.Server().Host()},
		"insert into month_line (period, act, micro, plus, minus, count, subroot) values (?, ?, 1234567, 0, 0, 7, x'00')":   {int64(crashMonth), act},
		"insert into ledger_told (fn, args, answer, at) values ('GetSettlement', ?, ?, 1)":                                  {args("nine.example", crashMonth.String()), settled},
	} {
		_, err := db.ExecContext(h.t.Context(), query, with...)
		h.ok(err)
	}
	h.ok(db.Close())
}

// Wherever a node is killed, from the moment at which another server posts a Follow until
// all is told: what was answered with 202 is applied once, and its answer arrives; what
// became of an act reaches each server that follows it, how often a track was played and
// what a month gave an act its node. What was sent when the node died before it could note that is sent again under
// the same id, by which the other server knows it. Who got no answer posts again.
func TestKilledBetweenPostAndDelivery(t *testing.T) {
	ctx := t.Context()
	servers := []*fedtest.Server{fedtest.NewServer(t), fedtest.NewServer(t), fedtest.NewServer(t)}
	eve := servers[0].Actor("eve")
	var roots []byte
	for _, s := range servers { // they have one certificate
		roots = append(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})...)
	}
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	base := &residence{t: t, path: filepath.Join(t.TempDir(), "node")}
	base.ok(os.WriteFile(trusted, roots, 0o600))
	act := actID(1)
	open := func(dir string) *node {
		t.Helper()
		cfg, err := federatedConfig(dir)
		base.ok(err)
		n, err := openNodeIn(ctx, cfg, slog.New(slog.DiscardHandler), world{})
		base.ok(err)
		return n
	}
	n := open(base.path)
	_, err := n.accounts.SetupHere(ctx, account.Setup{SignUp: account.SignUp{Handle: "ada", Password: "a long enough password"}, Settings: account.Settings{Name: "Quayside"}})
	base.ok(err)
	base.ok(n.Close())
	catalogue(t, "sqlite", filepath.Join(base.path, "9ten.db"), 2)
	earned(base, servers[2].Actor("ada"))
	n = open(base.path)
	base.ok(n.db.SocialUpdate(ctx, func(tx social.Tx) error {
		for i, s := range servers {
			a, software := s.Actor("ada"), []string{"mastodon", "mastodon", "9ten"}[i]
			base.ok(tx.PutActor(ctx, social.Actor{ID: a.ID, Host: s.Host(), Kind: "Person", Inbox: a.ID + "/inbox", SharedInbox: s.URL + "/inbox", Fetched: tx.Now()}))
			base.ok(tx.PutPeer(ctx, social.Peer{Host: s.Host(), Software: software, Informed: tx.Now(), Form: string(sig.RFC9421), Formed: tx.Now()}))
			_, err := social.Follow(ctx, tx, act, a.ID, a.ID+"/1")
			base.ok(err)
		}
		what := music.Telling("act", string(act))
		base.ok(tx.Enqueue(ctx, music.JobTell, what, []byte(what), tx.Now()))
		base.ok(tx.Enqueue(ctx, social.JobPaid, crashMonth.String(), []byte(crashMonth.String()), tx.Now()))
		played, err := json.Marshal(struct {
			social.Untold
			Until time.Time
			Root  string
		}{social.Untold{Track: "01KAZ0000000000000000000T2", IRI: servers[1].URL + "/t", Actor: servers[1].URL + "/a", Inbox: servers[1].URL + "/a/inbox", Host: servers[1].Host(), First: fedtest.Moment, Plays: 9, Counted: 8, Seconds: 800}, fedtest.Moment.Add(24 * time.Hour), "ab"})
		base.ok(err)
		return tx.Enqueue(ctx, social.JobListens, "x", played, tx.Now())
	}))
	base.ok(n.Close())
	child := func(dir string, at int) (killed, taken bool) {
		t.Helper()
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), envStory+"="+dir, envCourier+"=1", envKill+"="+strconv.Itoa(at), "SSL_CERT_FILE="+trusted)
		out, err := c.CombinedOutput()
		if err != nil && c.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("%v\n%s", err, out)
		}
		return err != nil, strings.Contains(string(out), accepted)
	}
	kills, after := 0, 0
	for at, killed := 0, true; killed; at++ {
		dir, follow := fresh(t, base.path), fmt.Sprint(eve.ID, "/follows/", at)
		body := fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/activitystreams","id":%q,"type":"Follow","actor":%q,"object":"https://nine.example/ap/acts/%s"}`, follow, eve.ID, act)
		base.ok(os.WriteFile(filepath.Join(dir, postFile), fedtest.JSON(t, posting{eve.Request(sig.RFC9421, body, time.Now()).Header, body}), 0o600))
		before := make([]int, len(servers))
		for i, s := range servers {
			before[i] = len(s.Got())
		}
		var taken bool
		if killed, taken = child(dir, at); killed {
			kills++
			if taken {
				after++
				base.ok(os.Remove(filepath.Join(dir, postFile)))
			}
			if killed, _ := child(dir, -1); killed {
				t.Fatal("killed twice")
			}
		}
		n := open(dir)
		base.ok(n.db.SocialView(ctx, func(tx social.Tx) error {
			acts, err := tx.FollowedBy(ctx, eve.ID)
			if len(acts) != 1 || acts[0] != act {
				t.Errorf("killed at step %d: follows %v", at, acts)
			}
			return err
		}))
		if idle, err := idleFederation(ctx, n); err != nil || !idle {
			t.Errorf("killed at step %d: something waits, %v", at, err)
		}
		base.ok(n.Close())
		for i, s := range servers {
			ids := map[string]map[string]bool{"Accept": {}, "Update": {}, "Listen": {}, "Offer": {}}
			for _, got := range s.Got()[before[i]:] {
				ids[got.Object.Type[0]][got.Object.ID] = true
			}
			for kind, want := range map[string]int{"Accept": [3]int{1, 0, 0}[i], "Update": 1, "Listen": [3]int{0, 1, 0}[i], "Offer": [3]int{0, 0, 1}[i]} {
				if len(ids[kind]) != want {
					t.Errorf("killed at step %d: of %s the server %d got %v", at, kind, i, ids[kind])
				}
			}
		}
	}
	if kills < 12 || after < 8 {
		t.Errorf("only %d steps, %d of them after it was taken", kills, after)
	}
	t.Logf("%d kills, %d of them after the 202", kills, after)
}
