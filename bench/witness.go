package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/identity"
	"google.golang.org/grpc"

	"github.com/michaelperna/9ten/internal/contract"
	port "github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A witness reads what the copy of the ledger at one organisation's peer holds.
// It asks nothing of the node, whose processor time is measured.
type witness struct {
	*fabric.Client
	conn *grpc.ClientConn
	sees chan sight
	end  context.CancelFunc
}

// A sight is an event and when it was there.
type sight struct {
	port.Event
	at time.Time
}

// A door is a connection to an organisation's peer, as its administrator.
type door struct {
	conn *grpc.ClientConn
	id   identity.SigningIdentity
	hash []byte // of the connection's certificate
}

func (o *organisation) door() (d door, err error) {
	keys, err := org.Keep(filepath.Join(o.data, "fabric"), o.id, []string{"127.0.0.1", o.id, "127.0.0.1"}, time.Now)
	if err != nil {
		return d, err
	}
	roots, err := keys.Pool()
	if err != nil {
		return d, err
	}
	cert, err := keys.TLS(org.Admin)
	if err != nil {
		return d, err
	}
	if d.id, err = keys.Identity(org.Admin); err != nil {
		return d, err
	}
	sum := sha256.Sum256(cert.Certificate[0])
	d.hash = sum[:]
	d.conn, err = fabric.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(o.first)), &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	return d, err
}

// client is the ledger as the organisation's administrator uses it.
func (o *organisation) client() (*fabric.Client, *grpc.ClientConn, error) {
	d, err := o.door()
	if err != nil {
		return nil, nil, err
	}
	c, err := fabric.NewClient(d.conn, d.id, d.hash, channel.Name)
	return c, d.conn, err
}

// witness follows the ledger at the organisation's peer from its start, also one
// that does not run yet.
func (o *organisation) witness(ctx context.Context) (*witness, error) {
	c, conn, err := o.client()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	w := &witness{c, conn, make(chan sight, 10_000), stop}
	go func() {
		defer close(w.sees)
		for after := uint64(0); ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			conn.ResetConnectBackoff()
			for e, err := range c.Events(ctx, after) {
				if err != nil {
					break
				}
				if after = e.Checkpoint; e.Name != "" {
					w.sees <- sight{e, time.Now()}
				}
			}
		}
	}()
	return w, nil
}

func (w *witness) stop() {
	w.end()
	for range w.sees { // until it has ended
	}
	_ = w.conn.Close() // nothing is under way
}

// next is the next event, false when none came in time.
func (w *witness) next(ctx context.Context, within time.Duration) (sight, bool) {
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case s, ok := <-w.sees:
		return s, ok
	case <-t.C:
	case <-ctx.Done():
	}
	return sight{}, false
}

// registered is when a node was entered on the ledger.
func (w *witness) registered(ctx context.Context, id string) (time.Time, error) {
	for s := range w.sees {
		var n contract.Node
		if s.Name == "node" && json.Unmarshal(s.Payload, &n) == nil && n.ID == id {
			return s.at, nil
		}
	}
	return time.Time{}, ctx.Err()
}
