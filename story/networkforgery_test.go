package story

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// forgery builds a 9ten whose contract writes something else than everybody's.
func forgery(t *testing.T) string {
	t.Helper()
	source, err := filepath.Abs("../internal/contract/contract.go")
	if err != nil {
		t.Fatal(err)
	}
	honest, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	const write = "return c.stub.PutState(key, b)"
	if bytes.Count(honest, []byte(write)) != 1 {
		t.Fatalf("%s does not write where it did", source)
	}
	dir := t.TempDir()
	forged, overlay, exe := filepath.Join(dir, "contract.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "9ten")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {source: forged}})
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string][]byte{forged: bytes.Replace(honest, []byte(write), []byte("return c.stub.PutState(key, append(b, ' '))"), 1), overlay: list} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("go", "build", "-tags", "grpcnotrace", "-overlay", overlay, "-o", exe, "../cmd/9ten").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exe
}

// TestForgedContract has one of three organisations put another contract in place
// than the others', and one use its keys for what is another's. Neither is
// recorded; the first is named, and the others go on.
func TestForgedContract(t *testing.T) {
	exe, month := binary(t), settledMonth(time.Now())
	a, b, c := newNetworkNode(t, exe, "a"), newNetworkNode(t, exe, "b"), newNetworkNode(t, exe, "c")
	a.playsMonth(month, 1)
	a.run("ledger", "init")
	a.start()
	a.ready()
	join(b, a)
	everyCopySays([]*networkNode{a, b}, a, month)
	overwrites(b, a, month)
	join(c, a, b)
	for _, n := range []*networkNode{a, b, c} {
		n.eventually("three endorse, says "+n.id, func() error {
			w, err := n.network()
			for _, m := range w.Members {
				if err == nil && !m.Endorses {
					err = fmt.Errorf("%s does not", m.Node)
				}
			}
			return err
		})
	}

	c.end(syscall.SIGTERM)
	c.exe = forgery(t)
	c.start()
	c.rename("The Forger")
	c.eventually("c hears who does not agree with it", func() error {
		s, err := c.standing()
		if err != nil {
			return err
		}
		for _, w := range s.Waiting {
			if strings.Contains(w.Said, "came to different results") && (strings.Contains(w.Said, a.id) || strings.Contains(w.Said, b.id)) {
				return nil
			}
		}
		return fmt.Errorf("what waits is %+v", s.Waiting)
	})
	tries := 0
	a.eventually("a's log names c, whose peer was asked and came to something else", func() error {
		tries++
		name := fmt.Sprintf("Pier %d", tries)
		a.rename(name)
		b.knows(a, name)
		log, err := os.ReadFile(a.path("node.log"))
		for line := range strings.Lines(string(log)) {
			if strings.Contains(line, "response mismatch") && strings.Contains(line, "("+c.id+")") {
				return err
			}
		}
		return fmt.Errorf("not in %d bytes (%w)", len(log), err)
	})
	b.rename("The Long Pier")
	a.knows(b, "The Long Pier")
	for _, n := range []*networkNode{a, b} {
		if r, err := n.recorder(c.id); err != nil || r.Name == "The Forger" {
			t.Errorf("%s has what only the forged contract wrote: %+v (%v)", n.id, r, err)
		}
	}
}

// overwrites has one organisation try, with its own keys and at both their peers,
// to write what is another's.
func overwrites(thief, owner *networkNode, p calendar.Period) {
	t := thief
	t.Helper()
	var before, after struct {
		Settlement []byte
		Tx         string
	}
	at := "/api/v1/ledger/settlements/" + p.String() + "?node=" + owner.id
	t.must(http.MethodGet, at, "", nil, &before)
	if len(before.Settlement) == 0 {
		t.Fatal("there is no report to write over")
	}
	for _, at := range []*networkNode{thief, owner} {
		c := thief.ledgerAt(at)
		_, err := c.PublishSettlement(t.Context(), "steal/report/"+at.id, contract.SettlementFiling{Settlement: before.Settlement, Signature: make([]byte, 64)})
		_, err2 := c.UpdateNode(t.Context(), "steal/name/"+at.id, contract.Registration{Node: owner.id, Name: "mine"})
		if !fault.Is(err, fault.Forbidden) || !fault.Is(err2, fault.Forbidden) {
			t.Errorf("%s writes over what is of %s, at the peer of %s: %v, %v", thief.id, owner.id, at.id, err, err2)
		}
	}
	t.must(http.MethodGet, at, "", nil, &after)
	if after.Tx != before.Tx || !bytes.Equal(after.Settlement, before.Settlement) {
		t.Errorf("the report of %s is another one", owner.id)
	}
}

// ledgerAt is the contract as somebody calls it who has this node's keys and
// another's address.
func (n *networkNode) ledgerAt(at *networkNode) contract.Client {
	n.Helper()
	o, err := org.Keep(n.path("fabric"), n.id, []string{n.ip}, time.Now)
	if err != nil {
		n.Fatal(err)
	}
	id, err := o.Identity(org.Admin)
	if err != nil {
		n.Fatal(err)
	}
	cert, err := o.TLS(org.Admin)
	if err != nil {
		n.Fatal(err)
	}
	authority, err := os.ReadFile(at.path("fabric/ca/tls.pem")) // which the channel shows to everybody
	if err != nil {
		n.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	conn, err := fabric.Dial(fmt.Sprintf("%s:%d", at.ip, at.first), &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}})
	if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { _ = conn.Close() })
	sum := sha256.Sum256(cert.Certificate[0])
	c, err := fabric.NewClient(conn, id, sum[:], channel.Name)
	if err != nil {
		n.Fatal(err)
	}
	return contract.Client{Ledger: c}
}
