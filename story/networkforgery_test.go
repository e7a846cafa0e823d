package story

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// forgesAlone has one of four organisations put another contract in place than the
// others'. What only that one says is not recorded, it is named, and the others go
// on.
func forgesAlone(forger, a, b *networkNode, more ...*networkNode) {
	t := forger
	t.Helper()
	for _, n := range append([]*networkNode{a, b, forger}, more...) {
		n.eventually("all endorse, says "+n.id, func() error {
			w, err := n.network()
			for _, m := range w.Members {
				if err == nil && !m.Endorses {
					err = fmt.Errorf("%s does not", m.Node)
				}
			}
			return err
		})
	}
	forger.mood(forges)
	forger.rename("The Forger")
	forger.eventually(forger.id+" hears who does not agree with it", func() error {
		s, err := forger.standing()
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
	a.eventually("the log of "+a.id+" names "+forger.id+", whose peer was asked and came to something else", func() error {
		tries++
		name := fmt.Sprintf("Pier %d", tries)
		a.rename(name)
		b.knows(a, name)
		log, err := os.ReadFile(a.path("node.log"))
		for line := range strings.Lines(string(log)) {
			if strings.Contains(line, "response mismatch") && strings.Contains(line, "("+forger.id+")") {
				return err
			}
		}
		return fmt.Errorf("not in %d bytes (%w)", len(log), err)
	})
	b.rename("The Long Pier")
	a.knows(b, "The Long Pier")
	for _, n := range append([]*networkNode{a, b}, more...) {
		if r, err := n.recorder(forger.id); err != nil || r.Name == "The Forger" {
			t.Errorf("%s has what only the forged contract wrote: %+v (%v)", n.id, r, err)
		}
	}
	forger.mood()
}

// overwrites has one organisation try, with its own keys and at every member's peer,
// to write what is another's.
func overwrites(thief, owner *networkNode, p calendar.Period, peers ...*networkNode) {
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
	for _, at := range peers {
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

// accuse has a listener whom their own node cheats hand in the receipt that shows
// it. Their node carries no proof against itself; another one does, and what it
// proves stands in every copy of the ledger.
func accuse(accused, by *networkNode, p calendar.Period, seed int, all ...*networkNode) {
	t := accused
	t.Helper()
	accused.mood(unfair, refuses)
	elsewhere := by.newcomer("carol")
	const path = "/api/v1/receipts/contest"
	holds := true
	for i := 0; holds && i < 10; i++ { // who heard both acts alike is paid rightly
		handle := fmt.Sprintf("sim%d_%s_%d", seed, p.Start().Format("200601"), i)
		accused.newPassword(handle)
		token := accused.signIn(handle, "money")
		var receipt []byte
		t.must(http.MethodGet, "/api/v1/receipts/"+p.String(), token, nil, &receipt)
		handIn := map[string]string{"receipt": string(receipt)}
		if err := accused.ask(http.MethodPost, path, token, handIn, nil); err == nil || !strings.Contains(err.Error(), "I do not carry that.") {
			t.Fatalf("%s carries a proof against itself: %v", accused.id, err)
		}
		var said struct{ Holds bool }
		by.must(http.MethodPost, path, elsewhere, handIn, &said)
		holds = said.Holds
	}
	if holds {
		t.Fatal("no receipt of a month that was divided unfairly shows it")
	}
	for _, n := range all {
		n.eventually(n.id+" knows the fault of "+accused.id, func() error {
			r, err := n.recorder(accused.id)
			if err == nil && r.Faults != 1 {
				err = fmt.Errorf("it knows %+v", r)
			}
			return err
		})
	}
	accused.mood()
}

// datedAhead has a node date what it sends an hour ahead. Nobody takes it, its
// operator is told why, and once the time is right it is recorded.
func datedAhead(n, other *networkNode) {
	n.Helper()
	n.mood(early)
	n.rename("Tomorrow's Pier")
	n.eventually(n.id+" hears that its clock is wrong", func() error {
		s, err := n.standing()
		if err != nil {
			return err
		}
		for _, w := range s.Waiting {
			if w.What == "name" && strings.Contains(w.Said, "more than 15 minutes apart") {
				return nil
			}
		}
		return fmt.Errorf("what waits is %+v", s.Waiting)
	})
	if said := n.refused("ledger", "doctor"); !strings.Contains(said, "too far from another node's") {
		n.Errorf("the doctor of %s says nothing of the clock: %s", n.id, said)
	}
	if r, err := other.recorder(n.id); err != nil || r.Name == "Tomorrow's Pier" {
		n.Errorf("%s knows what is dated an hour ahead: %+v (%v)", other.id, r, err)
	}
	n.mood()
	n.rename("Today's Pier")
	other.knows(n, "Today's Pier")
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
	return contract.Client{Ledger: c.Through(at.id)}
}
