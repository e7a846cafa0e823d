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
	l.act(t, t.Context(), l.b) // which the new one signs, or not
	// Without d's, each of the other three is needed. Changing the leader twice,
	// with one that the others have yet to find again, takes a minute.
	l.freeze(t, true, l.d)
	defer l.freeze(t, false, l.d)
	l.actWithin(t, t.Context(), l.b, 3*time.Minute)
}

func orderGoes(t *testing.T, l *life) {
	// With the one back that was frozen they may change the leader once more.
	l.actWithin(t, t.Context(), l.a, 3*time.Minute)
	var id contract.Digest
	eventually(t, "a proposes it, in whatever time they take", func() (err error) {
		id, err = l.a.RemoveOrderer(t.Context(), channel.Name, "d.example", "It is too far away.")
		if err != nil && !fault.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
		return err
	})
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
