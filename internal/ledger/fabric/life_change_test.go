package fabric_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// reach connects to a node's server, showing a certificate or none.
func (n *node) reach(r org.Role, as ...tls.Certificate) (*tls.Conn, error) {
	m, err := n.Member()
	if err != nil {
		return nil, err
	}
	port := m.Port
	if r == org.Orderer {
		port++
	}
	return tls.Dial("tcp", net.JoinHostPort(m.Host, strconv.Itoa(port)), &tls.Config{InsecureSkipVerify: true, Certificates: as, NextProtos: []string{"h2"}})
}

// shows fails unless a server shows the certificate that its folder holds.
func (n *node) shows(r org.Role) error {
	cert, err := n.Org().TLS(r)
	if err != nil {
		return err
	}
	mine, err := n.Org().TLS(org.Admin)
	if err != nil {
		return err
	}
	conn, err := n.reach(r, mine)
	if err != nil {
		return err
	}
	defer conn.Close()
	if !bytes.Equal(conn.ConnectionState().PeerCertificates[0].Raw, cert.Certificate[0]) {
		return fmt.Errorf("the %s of %s shows another certificate", r, n.name)
	}
	return nil
}

func renewUnderLoad(t *testing.T, l *life) {
	before, err := l.c.Org().SignCert(org.Admin)
	if err != nil {
		t.Fatal(err)
	}
	again := l.under(t, l.b, func() {
		done, err := l.c.Renew(true)
		if err != nil || len(done) != 5 {
			t.Errorf("renewed %v (%v), want peer and administrator whole, and the orderer's TLS", done, err)
		}
		for _, r := range []org.Role{org.Peer, org.Orderer} {
			eventually(t, fmt.Sprintf("the %s uses its new certificate", r), func() error { return l.c.shows(r) })
		}
		l.act(t, t.Context(), l.c) // as the administrator with the new certificate
	})
	if again > 0 {
		t.Errorf("another node's clients noticed %d times", again)
	}
	if after, err := l.c.Org().SignCert(org.Admin); err != nil || bytes.Equal(before, after) {
		t.Errorf("the administrator's certificate is the old one (%v)", err)
	}
	l.whole(t, l.b, l.c)
	eventually(t, "all order", func() error { return l.orderers(t, l.c, l.all()...) })
}

func replaceIdentity(t *testing.T, l *life) {
	if _, err := l.c.ReplaceOrderer(t.Context(), channel.Name, false, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("nothing is replaced: %v", err)
	}
	was, err := l.c.Org().SignCert(org.Orderer)
	if err != nil {
		t.Fatal(err)
	}
	id, err := l.c.ReplaceOrderer(t.Context(), channel.Name, true, "")
	if err != nil {
		t.Fatal(err)
	}
	if now, err := l.c.Org().SignCert(org.Orderer); err != nil || !bytes.Equal(now, was) {
		t.Errorf("the orderer takes a certificate that the channel does not know (%v)", err)
	}
	l.agree(t, "c's orderer is known by another certificate", id, func() error {
		now, err := l.c.Org().SignCert(org.Orderer)
		if err != nil {
			return err
		}
		cfg, err := l.a.Config(t.Context(), channel.Name)
		if err != nil {
			return err
		}
		if c, _ := cfg.Orders(l.c.name); bytes.Equal(now, was) || !bytes.Equal(now, c.Identity) {
			return errors.New("it uses the old one, or another than the channel knows")
		}
		return l.orderers(t, l.a, l.all()...)
	}, l.a, l.b)
	// Without d's, each of the other three is needed.
	l.freeze(t, true, l.d)
	defer l.freeze(t, false, l.d)
	l.act(t, t.Context(), l.b)
}

func orderGoes(t *testing.T, l *life) {
	id, err := l.a.RemoveOrderer(t.Context(), channel.Name, "d.example", "It is too far away.")
	if err != nil {
		t.Fatal(err)
	}
	l.agree(t, "three order", id, func() error { return l.orderers(t, l.d, l.a, l.b, l.c) }, l.b, l.c)
	eventually(t, "d's orderer stops", func() error {
		if p := l.d.PID(child.Orderer); p != 0 {
			return fmt.Errorf("it runs as %d", p)
		}
		_, err := os.Stat(filepath.Join(l.d.dir, "orderer", "orderer.yaml"))
		if err == nil {
			return errors.New("it is still wanted")
		}
		return nil
	})
	l.act(t, t.Context(), l.d)
	l.whole(t, l.a, l.d)
}

// newer is the next version of the contract: it knows one more function.
type newer struct{ shim.Chaincode }

func (n newer) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	if fn, _ := stub.GetFunctionAndParameters(); fn == "Version" {
		return shim.Success([]byte("2"))
	}
	return n.Chaincode.Invoke(stub)
}

// version asks a node what only the next version answers.
func (n *node) version(t *testing.T) string {
	c, err := n.Client(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := c.Evaluate(t.Context(), "Version")
	return string(b)
}

// restart ends a node, does something while it is down, and starts it with other
// contracts, as an operator does who puts a new binary in place.
func (l *life) restart(t *testing.T, n **node, meanwhile func(), contracts ...fabric.Contract) {
	t.Helper()
	m, err := (*n).Member()
	if err != nil {
		t.Fatal(err)
	}
	(*n).stop()
	meanwhile()
	*n = start(l.root, openIn(l.root, (*n).dir, (*n).name, m.Port, time.Now, contracts...), (*n).name)
}

func upgradeUnderLoad(t *testing.T, l *life) {
	cc, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	both := []fabric.Contract{{Version: "1", Code: cc}, {Version: "2", Code: newer{cc}}}
	for _, n := range []**node{&l.a, &l.b, &l.c} {
		l.restart(t, n, func() {}, both...)
		eventually(t, (*n).name+" is ready", (*n).ready)
	}
	if v := l.b.version(t); v != "" {
		t.Fatalf("b answers %q before the upgrade", v)
	}
	if _, err := l.d.ProposeUpgrade(t.Context(), channel.Name, "2", ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("d proposes what it does not know: %v", err)
	}
	l.under(t, l.b, func() {
		id, err := l.b.ProposeUpgrade(t.Context(), channel.Name, "2", "It answers more.")
		if err != nil {
			t.Fatal(err)
		}
		if i, err := l.c.contract(t).Intent(t.Context(), id); err != nil || i.Note != "It answers more." {
			t.Errorf("c reads the note %q (%v)", i.Note, err)
		}
		if err := l.d.Approve(t.Context(), channel.Name, id); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "Update 9ten") {
			t.Errorf("d approves what it does not know: %v", err)
		}
		l.agree(t, "the next version answers", id, func() error {
			for _, n := range []*node{l.a, l.b, l.c} {
				if v := n.version(t); v != "2" {
					return fmt.Errorf("%s answers %q", n.name, v)
				}
			}
			return nil
		}, l.a, l.c)
		l.act(t, t.Context(), l.c)
	})
	l.whole(t, l.a, l.b, l.c)
	eventually(t, "d says what is to be done", func() error {
		_, _, err := l.d.Ready(channel.Name)
		if err == nil || !strings.Contains(fault.Message(err), "Update 9ten") {
			return fmt.Errorf("it says %w", err)
		}
		return nil
	})
	l.restart(t, &l.d, func() {}, both...)
	eventually(t, "d runs it, too", func() error {
		if v := l.d.version(t); v != "2" {
			return fmt.Errorf("it answers %q", v)
		}
		return l.d.ready()
	})
	l.whole(t, l.d)
}

func memberGoes(t *testing.T, l *life) {
	id, err := l.a.RemoveMember(t.Context(), channel.Name, "d.example", "It was sold.")
	if err != nil {
		t.Fatal(err)
	}
	l.agree(t, "d knows that it is out", id, func() error {
		if p := l.d.Phase(); p != fabric.Removed {
			return fmt.Errorf("it is %q", p)
		}
		return nil
	}, l.b, l.c)
	eventually(t, "d's children stop", func() error {
		if p, o := l.d.PID(child.Peer), l.d.PID(child.Orderer); p != 0 || o != 0 {
			return fmt.Errorf("they run as %d and %d", p, o)
		}
		return nil
	})
	if _, _, err := l.d.Ready(channel.Name); !fault.Is(err, fault.Forbidden) || !strings.Contains(fault.Message(err), "put this node out") {
		t.Errorf("d says of its ledger: %v", err)
	}
	if _, err := os.Stat(filepath.Join(l.d.dir, "peer", "data")); err != nil {
		t.Errorf("what d had is gone: %v", err)
	}
	if err := l.validate(t, l.a, l.a, l.b, l.c); err != nil {
		t.Error(err)
	}
	l.act(t, t.Context(), l.c)

	if err := l.d.Ask(t.Context(), door(t, l.a), "", "It was bought back."); err != nil {
		t.Fatal(err)
	}
	if err := l.b.Approve(t.Context(), channel.Name, l.admit(t, "d.example")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "d is back", func() error {
		if p := l.d.Phase(); p != fabric.Joined {
			return fmt.Errorf("it is %q", p)
		}
		return l.d.ready()
	})
	l.act(t, t.Context(), l.d)
	l.whole(t, l.d)
}

// chooseValidators: members take one out of those who endorse; one that is up
// asks to be back, as in a network this small everybody endorses.
func chooseValidators(t *testing.T, l *life) {
	if _, err := l.a.AddValidator(t.Context(), channel.Name, l.d.name, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("one who endorses already: %v", err)
	}
	if _, err := l.a.AddValidator(t.Context(), channel.Name, "z.example", ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("one whom nobody knows: %v", err)
	}
	id, err := l.a.RemoveValidator(t.Context(), channel.Name, l.d.name, "It is down.")
	if err != nil {
		t.Fatal(err)
	}
	l.agree(t, "d endorses no longer", id, func() error {
		i, err := l.a.contract(t).Intent(t.Context(), id)
		if err == nil && i.State != contract.Applied {
			err = fmt.Errorf("it is %s", i.State)
		}
		return err
	}, l.b, l.c)
	eventually(t, "d endorses again, at its own wish", func() error {
		cfg, err := l.a.Config(t.Context(), channel.Name)
		if err != nil {
			return err
		}
		now, err := cfg.Validators()
		if err == nil && !slices.Contains(now, l.d.name) {
			err = fmt.Errorf("%v endorse", now)
		}
		return err
	})
	l.act(t, t.Context(), l.d)
}
