package fabric_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
)

// door serves what a member's node answers to newcomers.
func door(t *testing.T, n *node) string {
	mux := http.NewServeMux()
	fail := func(w http.ResponseWriter, err error) {
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(map[string]string{"detail": fault.Message(err)})
	}
	mux.HandleFunc("POST "+fabric.RequestsPath, func(w http.ResponseWriter, r *http.Request) {
		var req fabric.Request
		err := json.NewDecoder(r.Body).Decode(&req)
		if err == nil {
			err = n.Receive(req)
		}
		if err != nil {
			fail(w, err)
		}
	})
	mux.HandleFunc("GET "+fabric.RequestsPath+"/{node}", func(w http.ResponseWriter, r *http.Request) {
		a, err := n.Answer(r.PathValue("node"), r.URL.Query().Get("cluster"))
		if err != nil {
			fail(w, err)
			return
		}
		_ = json.NewEncoder(w).Encode(a)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// found makes a network of one whose node is registered.
func found(t *testing.T, name string) *node {
	t.Helper()
	h := open(t, name)
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	n := start(t, h, name)
	n.register(t)
	return n
}

func (n *node) register(t *testing.T) {
	t.Helper()
	eventually(t, n.name+" registers", func() error {
		_, err := n.contract(t).RegisterNode(t.Context(), "register", contracttest.Registration(n.name))
		return err
	})
}

// join takes a newcomer in: it asks at url, the members approve, it is there.
func join(t *testing.T, name, url string, first *node, more ...*node) *node {
	t.Helper()
	n := start(t, open(t, name), name)
	if err := n.Ask(t.Context(), url, "", "Please."); err != nil {
		t.Fatal(err)
	}
	req, err := first.Request(name)
	if err != nil {
		t.Fatal(err)
	}
	id, err := first.Admit(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range more {
		eventually(t, m.name+" approves "+name, func() error { return m.Approve(t.Context(), channel.Name, id) })
	}
	n.register(t)
	return n
}

func (n *node) validators(t *testing.T) []string {
	t.Helper()
	v, err := n.Config(t.Context(), channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := v.Validators()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestThreeStrangersRunOneLedger(t *testing.T) {
	a := found(t, "a.example")
	url := door(t, a)
	b := join(t, "b.example", url, a)
	eventually(t, "b endorses", func() error {
		if v := a.validators(t); !slices.Equal(v, []string{"a.example", "b.example"}) {
			return fmt.Errorf("validators are %v", v)
		}
		return nil
	})
	needEachOther(t, a, true)
	c := join(t, "c.example", url, a, b)
	needEachOther(t, a, false)
	eventually(t, "all endorse", func() error {
		if v := c.validators(t); len(v) != 3 {
			return fmt.Errorf("validators are %v", v)
		}
		return nil
	})
	nodes, err := c.contract(t).Nodes(t.Context())
	if err != nil || len(nodes) != 3 {
		t.Fatalf("c sees %v (%v)", nodes, err)
	}
	eventually(t, "every intent is concluded", func() error {
		open, err := b.contract(t).Intents(t.Context())
		if err == nil && len(open) > 0 {
			err = fmt.Errorf("%d are open: %+v", len(open), open)
		}
		return err
	})
	past, err := b.contract(t).PastIntents(t.Context(), "")
	if err != nil || len(past.Intents) != 4 {
		t.Errorf("%d intents are past (%v), want two admissions and two validators", len(past.Intents), err)
	}
	for _, i := range past.Intents {
		if i.State != contract.Applied {
			t.Errorf("%s %s is %s", i.Kind, i.Subject, i.State)
		}
	}
	tx, err := c.contract(t).UpdateNode(t.Context(), "rename", contract.Registration{Node: "c.example", Name: "Cee"})
	if err != nil {
		t.Fatal(err)
	}
	offline(t, c, tx)
	snapshots(t, b, c)
}

// needEachOther looks whether the doctor says what two members risk.
func needEachOther(t *testing.T, n *node, want bool) {
	t.Helper()
	list, err := n.Examine(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if said := slices.ContainsFunc(list, func(f doctor.Finding) bool {
		return f.Name == "members" && f.OK && strings.Contains(f.Detail, "two members")
	}); said != want {
		t.Errorf("it says that two members need each other: %v, of %+v", said, list)
	}
}

// offline shows that what a block holds can be checked without asking anybody,
// and what cannot be passed off for it.
func offline(t *testing.T, n *node, tx string) {
	chain, err := n.Chain(t.Context(), channel.Name, tx)
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(chain)
	if err = errors.Join(err, chain.Close()); err != nil {
		t.Fatal(err)
	}
	again := func() (c fabrictest.Chain) {
		var all []*cb.Block
		for b, err := range block.Blocks(bytes.NewReader(file)) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b)
		}
		return fabrictest.Chain{First: all[0], Configs: all[1 : len(all)-1], Block: all[len(all)-1]}
	}
	if n := len(again().Configs); n != 4 {
		t.Errorf("%d configurations came after the first, want two admissions and two validators", n)
	}
	proved, err := again().Verify(fabric.ContractName)
	if err != nil {
		t.Fatal(err)
	}
	if first, _ := n.First(channel.Name); proved.First() != block.Hash(first) || len(proved.Txs) != 1 || proved.Txs[0].ID != tx || len(proved.Txs[0].Writes) == 0 {
		t.Errorf("the chain shows %+v", proved)
	}
	other := open(t, "a.example")
	if err := other.Found(); err != nil {
		t.Fatal(err)
	}
	foreign, err := other.First(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	for what, spoil := range map[string]func(c *fabrictest.Chain){
		"changed data":            func(c *fabrictest.Chain) { c.Block.Data.Data[0][len(c.Block.Data.Data[0])/2] ^= 1 },
		"changed header":          func(c *fabrictest.Chain) { c.Block.Header.Number++ },
		"no signatures":           func(c *fabrictest.Chain) { c.Block.Metadata.Metadata[0] = nil },
		"another block's":         func(c *fabrictest.Chain) { c.Block.Metadata = c.Configs[3].Metadata },
		"a configuration is gone": func(c *fabrictest.Chain) { c.Configs = c.Configs[1:] },
		"configurations in another order": func(c *fabrictest.Chain) {
			c.Configs[0], c.Configs[1] = c.Configs[1], c.Configs[0]
		},
		"a configuration is left out at the end": func(c *fabrictest.Chain) { c.Configs = c.Configs[:len(c.Configs)-1] },
		"a changed configuration":                func(c *fabrictest.Chain) { c.Configs[2].Data.Data[0][900] ^= 1 },
		"another network":                        func(c *fabrictest.Chain) { c.First = foreign },
		"a later block first":                    func(c *fabrictest.Chain) { c.First = c.Configs[0] },
	} {
		c := again()
		spoil(&c)
		if _, err := c.Verify(fabric.ContractName); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, cut := range [][]byte{nil, {5}, file[:len(file)-1], file[:20]} {
		if _, err := block.Prove(block.Blocks(bytes.NewReader(cut)), fabric.ContractName); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d bytes were read as a chain: %v", len(cut), err)
		}
	}
	if _, err := n.Chain(t.Context(), channel.Name, "0000"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the chain of an unknown transaction: %v", err)
	}
	st, err := n.Verify(t.Context(), channel.Name)
	if err != nil || st.Height < 8 {
		t.Errorf("the whole ledger: %+v %v", st, err)
	}
}

// A node that was put out and asks again has no part in its old channel until it
// is admitted: it would find out again that it was put out, and ask no more.
func TestWhoAsksRunsNothing(t *testing.T) {
	h := open(t, "a.example")
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_ = json.NewEncoder(w).Encode(fabric.Answer{State: fabric.Waiting, Needed: 2})
	}))
	t.Cleanup(s.Close)
	record := fmt.Sprintf(`{"phase":"asking","via":%q,"channels":[%q]}`, s.URL, channel.Name)
	if err := os.WriteFile(filepath.Join(h.Dir(), "home.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	n := start(t, h, "a.example")
	eventually(t, "it asks twice", func() error {
		if asked.Load() < 2 {
			return fmt.Errorf("it asked %d times", asked.Load())
		}
		return nil
	})
	if p := n.Phase(); p != fabric.Asking {
		t.Errorf("it is %q", p)
	}
	if _, err := os.Stat(filepath.Join(h.Dir(), "peer", "core.yaml")); err == nil {
		t.Error("its peer runs")
	}
}
