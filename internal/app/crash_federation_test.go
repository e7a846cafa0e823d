package app

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fedtest"
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
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return n.federation.applier.Run(ctx) })
	g.Go(func() error { return n.federation.courier.Run(ctx) })
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for range look.C {
		idle, err := idleFederation(ctx, n)
		if err != nil {
			return err
		}
		if idle {
			break
		}
	}
	stop()
	return errors.Join(g.Wait(), nil)
}

// idleFederation reports whether nothing waits to be applied or delivered.
func idleFederation(ctx context.Context, n *node) (idle bool, err error) {
	err = n.db.SocialView(ctx, func(tx social.Tx) error {
		in, err := tx.Unapplied(ctx, 1)
		if err != nil {
			return err
		}
		out, err := tx.Queues(ctx)
		idle = len(in)+len(out) == 0
		return err
	})
	return idle, err
}

// Wherever a node is killed after it has taken a Follow: it is applied once, and
// its answer arrives. What was sent when the node died before it could note that is
// sent again under the same id, by which the other server knows it.
func TestKilledBetweenAcceptAndDelivery(t *testing.T) {
	ctx := t.Context()
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	roots := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	base := &residence{t: t, path: filepath.Join(t.TempDir(), "node")}
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
	child := func(dir string, at int) (killed bool) {
		t.Helper()
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), envStory+"="+dir, envCourier+"=1", envKill+"="+strconv.Itoa(at), "SSL_CERT_FILE="+roots)
		out, err := c.CombinedOutput()
		if err == nil {
			return false
		}
		if c.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("%v\n%s", err, out)
		}
		return true
	}
	kills := 0
	for at, killed := 0, true; killed; at++ {
		dir, follow := fresh(t, base.path), fmt.Sprint(ada.ID, "/follows/", at)
		n := open(dir)
		body := fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/activitystreams","id":%q,"type":"Follow","actor":%q,"object":"https://nine.example/ap/acts/%s"}`, follow, ada.ID, act)
		base.ok(n.db.SocialUpdate(ctx, func(tx social.Tx) error {
			_, err := tx.Receive(ctx, social.Received{ID: follow, Host: s.Host(), Actor: ada.ID, Body: body})
			return err
		}))
		base.ok(n.Close())
		before := len(s.Got())
		if killed = child(dir, at); killed {
			kills++
			if child(dir, -1) {
				t.Fatal("killed twice")
			}
		}
		n = open(dir)
		base.ok(n.db.SocialView(ctx, func(tx social.Tx) error {
			acts, err := tx.FollowedBy(ctx, ada.ID)
			if len(acts) != 1 || acts[0] != act {
				t.Errorf("killed at step %d: follows %v", at, acts)
			}
			return err
		}))
		if idle, err := idleFederation(ctx, n); err != nil || !idle {
			t.Errorf("killed at step %d: something waits, %v", at, err)
		}
		base.ok(n.Close())
		ids := map[string]bool{}
		for _, got := range s.Got()[before:] {
			if got.Object.Is("Accept") {
				ids[got.Object.ID] = true
			}
		}
		if len(ids) != 1 {
			t.Errorf("killed at step %d: %d answers arrived: %v", at, len(ids), ids)
		}
	}
	if kills < 4 {
		t.Errorf("only %d steps", kills)
	}
}
