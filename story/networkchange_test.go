package story

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/network"
)

// joinAtOnce takes two newcomers in of whom each asks another member: both are
// before the members before either is in, and each member approves the other's at
// the same moment.
func joinAtOnce(one, two, first, second *networkNode) {
	t := one
	t.Helper()
	about := map[*networkNode]string{second: asks(one, first), first: asks(two, second)}
	for member, id := range about {
		member.eventually(member.id+" sees what the other proposes", func() error {
			var i network.Intent
			err := member.get("/api/v1/ledger/intents/"+id, &i)
			if err == nil && (i.State != network.Open || len(i.Approvals) != 1) {
				err = fmt.Errorf("it is %+v", i)
			}
			return err
		})
	}
	var both sync.WaitGroup
	for member, id := range about {
		both.Go(func() {
			if err := member.ask(http.MethodPost, "/api/v1/ledger/intents/"+id+"/approve", member.token, struct{}{}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	one.ready()
	two.ready()
	for _, n := range []*networkNode{first, second, one, two} {
		n.eventually(n.id+" has four members", func() error {
			w, err := n.network()
			if err == nil && len(w.Members) != 4 {
				err = fmt.Errorf("they are %+v", w.Members)
			}
			return err
		})
	}
}

// busy has people use nodes without pause: somebody of a name plays, or looks for
// what there is to play, and the operators rename their nodes, one after the other.
// What it returns ends that, and fails when one of them was refused anything, or when
// the last that each node recorded is not known at all of them. A test that fails
// meanwhile ends it too.
func busy(name string, nodes ...*networkNode) (quiet func()) {
	t := nodes[0]
	t.Helper()
	// Every three seconds another one is renamed. None is all the time: what its operator
	// proposes depends on its own entry, and on a slow machine would meet it at each try.
	const renames = 6
	stop, turns, named := make(chan struct{}), make([]int, len(nodes)), make([]string, len(nodes))
	var people sync.WaitGroup
	end := sync.OnceFunc(func() {
		close(stop)
		people.Wait()
	})
	t.Cleanup(end)
	for i, n := range nodes {
		listener := n.newcomer(name)
		use := func() error { return n.get("/api/v1/tracks?limit=1", nil) }
		if track := n.anything(); track != "" {
			use = func() error { return n.plays(listener, track) }
		}
		people.Go(func() {
			tick := time.NewTicker(500 * time.Millisecond)
			defer tick.Stop()
			for ; ; turns[i]++ {
				used := use()
				var renamed error
				if turns[i]%(renames*len(nodes)) == renames*i {
					named[i] = turn(n, turns[i])
					renamed = n.ask(http.MethodPatch, "/api/v1/settings", n.token, map[string]string{"name": named[i]}, nil)
				}
				if n.Context().Err() != nil {
					return // the test is over, and took the requests along
				}
				if used != nil || renamed != nil {
					n.Errorf("somebody at %s, turn %d: %v, %v", n.id, turns[i], used, renamed)
				}
				select {
				case <-stop:
					return
				case <-tick.C:
				}
			}
		})
	}
	return func() {
		t.Helper()
		end()
		t.Logf("people took %v turns", turns)
		for i, of := range nodes {
			for _, n := range nodes {
				if named[i] != "" { // it was its turn
					n.knows(of, named[i])
				}
			}
		}
	}
}

func turn(n *networkNode, i int) string { return fmt.Sprintf("%s, turn %d", n.id, i) }

// newcomer is somebody new at the node, by a token.
func (n *networkNode) newcomer(handle string) (token string) {
	n.Helper()
	n.must(http.MethodPost, "/api/v1/signup", "", map[string]string{"handle": handle, "password": longWords}, nil)
	return n.signIn(handle, "listen", "read", "money")
}

// anything is a track that the node has, "" for none.
func (n *networkNode) anything() (track string) {
	n.Helper()
	var found struct{ Rows []struct{ ID string } }
	n.must(http.MethodGet, "/api/v1/tracks?limit=1", "", nil, &found)
	if len(found.Rows) == 0 {
		return ""
	}
	return found.Rows[0].ID
}

func (n *networkNode) plays(token, track string) error {
	return n.ask(http.MethodPost, "/api/v1/plays", token, map[string]string{"track": track}, nil)
}

// renews has a running node renew all its certificates, and waits until its
// servers show the new ones.
func (n *networkNode) renews() {
	n.Helper()
	servers := map[string]int{"peer": n.first, "orderer": n.first + 1}
	was := map[string][]byte{}
	for role, port := range servers {
		n.eventually("the "+role+" of "+n.id+" shows a certificate", func() (err error) {
			was[role], err = n.shown(port)
			return err
		})
	}
	var done []struct{ Of string }
	if said := n.run("ledger", "renew", "--force", "--json"); json.Unmarshal([]byte(said), &done) != nil || len(done) != 5 {
		n.Fatalf("renewed is not peer and administrator whole, and the orderer's TLS: %s", said)
	}
	for role, port := range servers {
		n.eventually("the "+role+" of "+n.id+" shows another certificate", func() error {
			is, err := n.shown(port)
			if err == nil && bytes.Equal(is, was[role]) {
				err = fmt.Errorf("it is the same")
			}
			return err
		})
	}
}

// shown is the certificate that a server of the node shows.
func (n *networkNode) shown(port int) ([]byte, error) {
	conn, err := tls.Dial("tcp", net.JoinHostPort(n.ip, strconv.Itoa(port)), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Raw, nil
}

// upgrades moves the network to the second version of the contract while people
// use it. All have the release that brings it but one, whose operator is told.
func upgrades(next string, late, by *networkNode, more ...*networkNode) {
	t := by
	t.Helper()
	by.rename("by version 1 of the contract")
	for _, n := range more {
		n.knows(by, "by version 1 of the contract")
	}
	quiet := busy("emil", append([]*networkNode{by}, more...)...)
	const outdated = "does not know version 2 of the contract. Update 9ten."
	if said := late.refused("ledger", "upgrade", "2"); !strings.Contains(said, outdated) {
		t.Errorf("%s proposes what it does not have: %s", late.id, said)
	}
	id := by.proposes("ledger", "upgrade", "--note", "It tells the truth.")
	late.saysSoon([]string{id, "It tells the truth."}, "ledger", "intents")
	if said := late.refused("ledger", "approve", id); !strings.Contains(said, outdated) {
		t.Errorf("%s approves what it does not have: %s", late.id, said)
	}
	for _, n := range more {
		n.saysSoon([]string{id, by.id + " proposes to move to version 2 of the contract."}, "ledger", "intents")
		n.says([]string{"Approved for this node."}, "ledger", "approve", id)
	}
	late.saysSoon([]string{"Update 9ten"}, "ledger", "status")
	late.end(syscall.SIGTERM)
	late.exe = next
	late.start()
	late.ready()
	quiet()
	by.rename("by version 1 of the contract")
	for _, n := range append(more, by, late) {
		n.knows(by, "by version 2 of the contract")
		// What a page shows of the channel is what the node saw at its last look.
		n.eventually(n.id+" shows version 2", func() error {
			w, err := n.network()
			if err == nil && (w.Contract != "2" || w.Newer != "") {
				err = fmt.Errorf("it runs version %q, and knows %q", w.Contract, w.Newer)
			}
			return err
		})
	}
}
