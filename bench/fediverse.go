package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	rand2 "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store"
)

const (
	hosts  = 500 // the last one never answers
	people = 20  // of each
	pairs  = 16  // of RSA keys, which the hosts share: making 500 would take longer than all the rest
)

// A fediverse is other servers, on as many addresses of this machine.
type fediverse struct {
	port         string
	keys, forged []sig.Key
	signs        string // what signs with them
	server       *http.Server
	silent       net.Listener
	old          string
}

// newFediverse starts them, with certificates that a node started from now on
// trusts.
func newFediverse(dir string) (*fediverse, error) {
	f := &fediverse{old: os.Getenv("SSL_CERT_FILE")}
	cert, err := f.certify(filepath.Join(dir, "fediverse.pem"))
	if err != nil {
		return nil, err
	}
	for i := range 2 * pairs {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		key := sig.Key{}
		key.Private, f.signs = signer(k)
		if i < pairs {
			f.keys = append(f.keys, key)
		} else {
			f.forged = append(f.forged, key)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, f.port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, err
	}
	_ = l.Close()
	if f.silent, err = net.Listen("tcp", address(hosts-1)+":"+f.port); err != nil { // it takes connections and says nothing
		return nil, err
	}
	f.server = &http.Server{Handler: http.HandlerFunc(f.serve), TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}, ErrorLog: log.New(io.Discard, "", 0)}
	for i := range hosts - 1 {
		l, err := net.Listen("tcp", address(i)+":"+f.port)
		if err != nil {
			return nil, err
		}
		go f.server.ServeTLS(l, "", "") //nolint:errcheck // it ends when the run does
	}
	return f, nil
}

func (f *fediverse) close() {
	_ = f.server.Close()
	_ = f.silent.Close()
	_ = os.Setenv("SSL_CERT_FILE", f.old)
}

func (f *fediverse) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body) // what was sent is counted where it is sent from
	w.WriteHeader(http.StatusAccepted)
}

// address is the i-th server's.
func address(i int) string { return fmt.Sprintf("127.1.%d.%d", i/200, 1+i%200) }

func (f *fediverse) host(i int) string { return address(i) + ":" + f.port }

func (f *fediverse) person(host, k int) string {
	return fmt.Sprintf("https://%s/users/%d", f.host(host), k)
}

// certify makes a certificate for all of them, which is its own authority.
func (f *fediverse) certify(file string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	for i := range hosts {
		c.IPAddresses = append(c.IPAddresses, net.ParseIP(address(i)))
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, os.Setenv("SSL_CERT_FILE", file)
}

// follow has everybody follow the world's act, in the database of a node that
// does not run: as if it had been told and had asked who they are.
func (f *fediverse) follow(ctx context.Context, w *world) error {
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(w.data, "9ten.db"), Now: time.Now})
	if err != nil {
		return err
	}
	defer db.Close()
	now := time.Now()
	for i := range hosts {
		public, err := x509.MarshalPKIXPublicKey(f.keys[i%pairs].Private.Public())
		if err != nil {
			return err
		}
		err = db.SocialUpdate(ctx, func(tx social.Tx) error {
			p := social.Peer{Host: f.host(i), Software: "mastodon", Informed: now, Form: string(sig.RFC9421), Formed: now}
			if err := tx.PutPeer(ctx, p); err != nil {
				return err
			}
			for k := range people {
				a := social.Actor{ID: f.person(i, k), Host: p.Host, Kind: "Person", Inbox: f.person(i, k) + "/inbox", SharedInbox: "https://" + p.Host + "/inbox", Fetched: now}
				if err := tx.PutActor(ctx, a); err != nil {
					return err
				}
				if err := tx.SetKeys(ctx, a.ID, []social.Key{{ID: form.HTTPKey(a.ID), Owner: a.ID, Public: public, Fetched: now}}); err != nil {
					return err
				}
				if _, err := social.Follow(ctx, tx, w.act, a.ID, a.ID+"/follow"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return db.Close()
}

// fill gives a release tracks while the node runs.
func (w *world) fill(ctx context.Context, rel string) error {
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(w.data, "9ten.db"), Now: time.Now})
	if err != nil {
		return err
	}
	defer db.Close()
	r := rand2.New(rand2.NewPCG(uint64(len(rel)), 10))
	if err := db.Music().Update(ctx, func(tx music.Tx) error { return addTracks(ctx, tx, r, w.act, id.Release(rel)) }); err != nil {
		return err
	}
	return db.Close()
}
