package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/network"
)

// Who carries a day, and when: the delegates one after the other, and everybody
// else when they have let it lie.
func TestDelegatesTakeTurns(t *testing.T) {
	d := calendar.Day(20261125)
	north := []contract.Cluster{{Name: "north", Delegates: []contract.Delegate{{Node: "a", Since: 3}, {Node: "b", Since: 1}, {Node: "c", Since: 2}}}}
	for _, tt := range []struct{ node, want string }{
		{"b", "2026-11-26T00:20:00Z"}, {"c", "2026-11-26T00:25:00Z"}, {"a", "2026-11-26T00:30:00Z"}, {"d", "2026-11-26T02:00:00Z"},
	} {
		if got := carryAt(d, place(north, "north", tt.node)).UTC().Format(time.RFC3339); got != tt.want {
			t.Errorf("%s carries at %s, want %s", tt.node, got, tt.want)
		}
	}
	// Days from before are carried at any hour, the last one at its own.
	for _, tt := range []struct {
		at, last, next string
		place          int
	}{
		{"2026-11-26T00:05:00Z", "2026-11-24", "2026-11-26T00:20:00Z", 0},
		{"2026-11-26T00:20:00Z", "2026-11-25", "2026-11-27T00:20:00Z", 0},
		{"2026-11-26T01:59:00Z", "2026-11-24", "2026-11-26T02:00:00Z", -1},
		{"2026-11-26T23:59:00Z", "2026-11-25", "2026-11-27T02:00:00Z", -1},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if last, next := carriable(at, tt.place); last.String() != tt.last || next.UTC().Format(time.RFC3339) != tt.next {
			t.Errorf("at %s the one at place %d carries up to %s and again at %s", tt.at, tt.place, last, next)
		}
	}
	if place(north, "south", "a") != -1 {
		t.Error("a delegate of another cluster")
	}
}

// However long nobody carried, everything since then is carried.
func TestCarryFrom(t *testing.T) {
	near := calendar.Day(20261124)
	for _, tt := range []struct{ far, want calendar.Day }{{20261123, 20261123}, {20261124, 20261124}, {20260401, 20260401}, {0, 20260923}} {
		if got := carryFrom(near, tt.far); got != tt.want {
			t.Errorf("on the network up to %v: from %v, want %v", tt.far, got, tt.want)
		}
	}
}

// A house is a running node of a network on this machine.
type house struct {
	*node
	t     *testing.T
	flags []string
	url   string
}

// newHouse sets a node up and runs it until the test ends.
func newHouse(t *testing.T, name string, more ...string) *house {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	h := &house{t: t, flags: []string{"--data-dir", dir}}
	values := map[string]string{"data_dir": dir, "base_url": "http://" + name + ".localhost:9010", "ledger.mode": "fabric", "log.level": "warn",
		"ledger.fabric.bin": fabrictest.Bin(t), "ledger.fabric.port": strconv.Itoa(fabrictest.Ports(t))}
	for _, x := range more {
		k, v, _ := strings.Cut(x, "=")
		values[k] = v
	}
	for k, v := range values {
		if k != "data_dir" {
			h.flags = append(h.flags, "--set", k+"="+v)
		}
	}
	cfg, _, err := LoadConfig("", values, noenv)
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.make(); err != nil {
		t.Fatal(err)
	}
	// It was set up the day before yesterday, when somebody paid.
	before, err := openNodeIn(t.Context(), cfg, newLogger(cfg.Log, os.Stderr), world{now: func() time.Time { return time.Now().AddDate(0, 0, -2) }})
	if err != nil {
		t.Fatal(err)
	}
	who, err := before.accounts.SetupHere(t.Context(), account.Setup{
		SignUp:   account.SignUp{Handle: "ada", Password: "a long enough password"},
		Settings: account.Settings{Name: "Node " + name, OperatorName: "Ada"},
	})
	if err == nil {
		_, err = before.wallet.Declare(t.Context(), "", who.ID, 10*money.Dollar, "bank", "1")
	}
	if err := errors.Join(err, before.Close()); err != nil {
		t.Fatal(err)
	}
	if h.node, err = openNode(t.Context(), cfg, newLogger(cfg.Log, os.Stderr)); err != nil {
		t.Fatal(err)
	}
	handler, err := h.handler()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(handler)
	h.url = srv.URL
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { h.runNetwork(ctx) })
	work.Go(func() { _ = h.feed.follow(ctx) })
	work.Go(func() { _ = h.tendCluster(ctx) })
	t.Cleanup(func() {
		srv.Close()
		stop()
		work.Wait()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// command is one as the node's operator types it, beside the running node.
func (h *house) command(args ...string) string {
	h.t.Helper()
	return must(h.t, "", append(args, h.flags...)...)
}

// eventually tries until it succeeds, or a minute is over.
func (h *house) eventually(what string, try func() error) {
	h.t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if err = try(); err == nil {
			return
		}
		sleep(h.t.Context(), 100*time.Millisecond)
	}
	h.t.Fatalf("%s: %s: %v", h.cfg.NodeID(), what, err)
}

// admits waits until somebody asks this node, and admits it.
func (h *house) admits(node string) {
	h.t.Helper()
	h.eventually("admits "+node, func() error {
		r, err := h.fabric.Request(node)
		if err == nil {
			_, err = h.fabric.Admit(h.t.Context(), r)
		}
		return err
	})
}

func (h *house) inCluster(want string) {
	h.t.Helper()
	h.eventually("is in the cluster "+want, func() error {
		name, err := h.clusterName(h.t.Context())
		if err == nil && name != want {
			m, _ := h.council().Membership(h.t.Context())
			err = fmt.Errorf("it is in %q: %+v", name, m.Cluster)
		}
		return err
	})
}

// A network splits by its operators' commands alone: a cluster is founded, joined,
// its days are carried, and it is left. Its second node is a client of the
// network's channel from the start.
func TestANetworkSplits(t *testing.T) {
	ctx := t.Context()
	b := newHouse(t, "b")
	b.command("ledger", "init")
	b.eventually("is on its ledger", func() error { return b.settle(ctx) })
	a := newHouse(t, "a", "ledger.fabric.federation=client")
	a.command("ledger", "request-join", b.url)
	b.admits("a.localhost")
	a.eventually("is on the ledger", func() error { return a.settle(ctx) })
	if m, err := a.council().Membership(ctx); err != nil || !m.Client || m.Through != "b.localhost" {
		t.Errorf("a stands as %+v, %v", m, err)
	}

	b.command("ledger", "cluster", "found", "north")
	b.inCluster("north")
	if code, _, errs := run(t, "", append([]string{"ledger", "cluster", "found", "north"}, a.flags...)...); code == exitOK || !strings.Contains(errs, "already") {
		t.Errorf("a second cluster of that name: %d %s", code, errs)
	}
	a.command("ledger", "cluster", "join", "north", b.url)
	b.admits("a.localhost")
	a.inCluster("north")

	// Both record their days in the cluster.
	closes := func(h *house) {
		t.Helper()
		h.eventually("closes its days", func() error {
			_, err := h.report.CloseDays(ctx)
			return err
		})
	}
	closes(a)
	yesterday := calendar.DayOf(time.Now().Add(-10 * time.Minute)).Add(-1)
	near := contract.Client{Ledger: a.cluster.ledger}
	if last, err := near.LastAnchor(ctx, "a.localhost"); err != nil || last.Day != yesterday {
		t.Fatalf("the cluster has %+v, %v", last, err)
	}
	if _, err := a.recorder.contract.LastAnchor(ctx, "a.localhost"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the network has a's day before it was carried: %v", err)
	}
	if err := a.recorder.carried(ctx); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a would settle without its days: %v", err)
	}
	if _, err := a.recorder.Anchored(ctx, yesterday); !fault.Is(err, fault.NotFound) {
		t.Errorf("anchored on the network: %v", err)
	}

	// b, the delegate, withholds it; a carries it itself, and b's job the rest.
	if err := a.carry(ctx, "north", yesterday); err != nil {
		t.Fatal(err)
	}
	closes(b)
	if err := b.relay(ctx); err != nil { // due, or put off until it is
		t.Fatal(err)
	}
	if err := b.carry(ctx, "north", yesterday); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*house{a, b} {
		h.eventually("knows of both days", func() error {
			for _, node := range []string{"a.localhost", "b.localhost"} {
				if last, err := h.recorder.told(h.db).contract.LastAnchor(ctx, node); err != nil || last.Day != yesterday {
					return fmt.Errorf("%s is at %v, %w", node, last.Day, err)
				}
			}
			return nil
		})
	}
	if err := a.recorder.carried(ctx); err != nil {
		t.Error(err)
	}
	if p, err := b.recorder.contract.Payments(ctx, "a.localhost", yesterday.Add(-1)); err != nil || p.Received != 10*money.Dollar {
		t.Errorf("the network has of a's payments %+v, %v", p, err)
	}
	closes(a) // again: nothing is recorded twice

	// What does not hold is left out and named.
	r, err := near.Relay(ctx, yesterday)
	if err != nil || len(r.Anchors) != 2 {
		t.Fatal(r, err)
	}
	r.Cluster = "north"
	r.Anchors[0].Size++
	if err := b.carryDay(ctx, r); err != nil {
		t.Error(err)
	}
	m, err := b.council().Membership(ctx)
	if err != nil || m.Cluster == nil || m.Cluster.Name != "north" || m.Cluster.Carried != yesterday.String() || len(m.Cluster.Nodes) != 2 || !strings.Contains(m.Cluster.Nodes[0].LeftOut, "signed") {
		t.Errorf("b stands as %+v, %v", m.Cluster, err)
	}
	if out := a.command("ledger", "cluster", "list"); !strings.Contains(out, "north, days on the network up to "+yesterday.String()) || !strings.Contains(out, "delegate") {
		t.Errorf("the clusters are listed as\n%s", out)
	}
	a.eventually("knows of the cluster", func() error {
		n, err := a.council().Network(ctx)
		if err == nil && (len(n.Clusters) != 1 || len(n.Clusters[0].Nodes) != 2) {
			err = fmt.Errorf("%+v", n.Clusters)
		}
		return err
	})
	// Who keeps the cluster's channel, and what it is worth on disk, by command.
	if out := a.command("ledger", "members", "--cluster"); !strings.Contains(out, "a.localhost") || !strings.Contains(out, "b.localhost") || strings.Contains(a.command("ledger", "members"), strings.Fields(out)[2]) {
		t.Errorf("the cluster's members are listed as\n%s", out)
	}
	var snap struct {
		Channel string `json:"channel_name"`
	}
	if err := json.Unmarshal([]byte(a.command("ledger", "snapshot", filepath.Join(t.TempDir(), "north"), "--cluster", "--json")), &snap); err != nil || snap.Channel != "nineten-cluster-north" {
		t.Errorf("a snapshot of %q, %v", snap.Channel, err)
	}
	if out := b.command("ledger", "doctor"); !strings.Contains(out, "The channel of the cluster north answers") || strings.Count(out, "1 of 1 orderers take part") != 2 {
		t.Errorf("the doctor says\n%s", out)
	}

	// A client carries nobody's days, and founds no cluster.
	refused := func(h *house, want string, args ...string) {
		t.Helper()
		if code, _, errs := run(t, "", append(args, h.flags...)...); code == exitOK || !strings.Contains(errs, want) {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	refused(b, "a.localhost is a client", "ledger", "cluster", "delegate", "a.localhost")
	refused(b, "is no member of the network", "ledger", "cluster", "delegate", "z.localhost")
	refused(b, "is the last delegate", "ledger", "cluster", "resign")

	// a leaves, and b agrees to it; then b is alone there.
	approve := func(h *house, kind string) {
		t.Helper()
		h.eventually("approves "+kind, func() error {
			list, err := h.council().Intents(ctx)
			if err != nil {
				return err
			}
			for _, i := range list {
				if i.Kind == kind && i.Cluster == "north" {
					return h.council().approve(ctx, i.ID)
				}
			}
			return fmt.Errorf("there is none among %+v", list)
		})
	}
	a.command("ledger", "cluster", "leave")
	approve(b, network.RemoveMember)
	a.eventually("is in no cluster", func() error {
		if c, in := a.fabric.Cluster(); in {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	a.inCluster("")
	closes(a) // with the network from now on
	refused(a, "a peer on the network's channel", "ledger", "cluster", "found", "south")
	refused(a, "in no cluster", "ledger", "members", "--cluster")
	b.command("ledger", "cluster", "leave")
	b.eventually("has dissolved it", func() error {
		if c, in := b.fabric.Cluster(); in {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
}
