package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// A port is one of the six.
type port struct {
	number int
	role   child.Role
	use    string
	own    bool // for this machine alone
}

func (p Patient) six() []port {
	n := p.Ports()
	return []port{
		{n.Peer, child.Peer, "peer", false},
		{n.Orderer, child.Orderer, "orderer", false},
		{n.Chaincode, child.Peer, "the peer's chaincode", true},
		{n.Admin, child.Orderer, "the orderer's administration", true},
		{n.PeerOperations, child.Peer, "the peer's health", true},
		{n.OrdererOperations, child.Orderer, "the orderer's health", true},
	}
}

// ports looks whether the six are free, or used by the node's own children.
func (p Patient) ports(ctx context.Context) Finding {
	f := Finding{Name: "ports"}
	ours := map[child.Role]bool{}
	for _, r := range child.Roles {
		ours[r] = p.ours(ctx, r) || p.settled(r)
	}
	for _, q := range p.six() {
		if ours[q.role] {
			continue
		}
		switch err := p.try(q); {
		case err == nil:
		case errors.Is(err, syscall.EADDRINUSE):
			f.Detail = fmt.Sprintf("Port %d (%s) is in use by another program.", q.number, q.use)
			f.Remedy = fmt.Sprintf("End that program (ss -ltnp 'sport = :%d' shows it). ", q.number)
			if p.Member {
				f.Remedy += "Other nodes know this one by its ports, so they should stay as they are."
			} else {
				f.Remedy += "Or set ledger.fabric.port to the first of six free ports in a row" + p.free() + "."
			}
			return f
		default:
			f.Detail = fmt.Sprintf("Port %d (%s) cannot be listened on: %v.", q.number, q.use, err)
			if k, ok := recognise(err.Error()); ok {
				f.Remedy = k.remedy
			}
			return f
		}
	}
	f.OK = true
	f.Detail = fmt.Sprintf("The six ports %d to %d are free, or used by this node's own peer and orderer.", p.Port, p.Port+5)
	return f
}

// try listens for a moment where a child would.
func (p Patient) try(q port) error {
	host := p.Listen
	if q.own {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(q.number)))
	if err != nil {
		return err
	}
	return l.Close()
}

// ours reports whether what listens on a role's port holds the key of this
// node's own: it may have to be renewed, and is no stranger for that.
func (p Patient) ours(ctx context.Context, r child.Role) bool {
	b, err := os.ReadFile(filepath.Join(p.Dir(r), "tls", "server.crt"))
	if err != nil || p.Trust == nil {
		return false
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return false
	}
	own, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return false
	}
	n := p.Ports().Peer
	if r == child.Orderer {
		n = p.Ports().Orderer
	}
	host := p.Listen
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	c := p.Trust.Clone()
	c.InsecureSkipVerify = true // whoever holds the key, whatever its certificate says
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if key, ok := s.PeerCertificates[0].PublicKey.(*ecdsa.PublicKey); !ok || !key.Equal(own.PublicKey) {
			return errStranger
		}
		return nil
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 3 * time.Second}, Config: c}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(n)))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// settled reports whether a role's child runs long enough to have its ports, though
// it may not answer.
func (p Patient) settled(r child.Role) bool {
	s := p.status(r)
	return p.Running(s) && (s.Exit == nil || p.Now.Sub(s.Since) > steady)
}

var errStranger = errors.New("another server's key")

// free names six ports in a row that are free, if there are some near.
func (p Patient) free() string {
	for first := p.Port + 10; first+5 < 65536 && first < p.Port+2000; first += 10 {
		other := p
		other.Port = first
		good := true
		for _, q := range other.six() {
			good = good && other.try(q) == nil
		}
		if good {
			return fmt.Sprintf(", such as %d", first)
		}
	}
	return ""
}
