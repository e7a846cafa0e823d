package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the node's own driver, for the bare insert

	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/store"
)

const (
	plays   = 2000
	beats   = 12 // claims of one play
	players = 64 // connections
)

// claims sends heartbeats over HTTP: each is verified, counted, durable
// (synchronous=FULL, group commit) and answered with a signed receipt. Beside
// it, the same database driver inserts bare rows.
func claims(ctx context.Context, b *bench) error {
	w, err := b.makeWorld(ctx)
	if err != nil {
		return err
	}
	var ours, single, hundred, each []float64
	for range min(3, b.rounds) {
		requests, err := w.claims(ctx)
		if err != nil {
			return err
		}
		n, err := b.start(ctx, w.data)
		if err != nil {
			return err
		}
		before := n.cpu()
		rate, err := send(n, requests)
		each = append(each, float64((n.cpu()-before).Microseconds())/float64(len(requests)))
		if err := n.stop(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		ours = append(ours, rate)
		one, many, err := inserts(filepath.Join(b.dir, "bare.db"))
		if err != nil {
			return err
		}
		single, hundred = append(single, one), append(hundred, many)
	}
	b.add(result{name: "claims over HTTP, verified and durable", unit: "/s", runs: ours, least: 2000,
		beside: fmt.Sprintf("bare inserts with FULL: %s/s one a transaction (claims are %.2f×), %s/s a hundred a transaction; the node used %s µs of CPU a claim", number(median(single)), median(ours)/median(single), number(median(hundred)), number(median(each)))})
	return nil
}

// claims begins plays an hour ago, by the desk itself while the node does not
// run, and signs all that their players will say, in the order of time.
func (w *world) claims(ctx context.Context) ([][]byte, error) {
	began := time.Now().Add(-time.Hour)
	db, err := store.Open(ctx, store.Config{Path: filepath.Join(w.data, "9ten.db"), Now: func() time.Time { return began }})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	desk := listen.NewDesk("localhost", db, nil) // it only begins: receipts are the node's
	type play struct {
		listener
		claim listen.Claim
	}
	list := make([]play, plays)
	for i := range list {
		p := &list[i]
		p.listener = w.listeners[i%len(w.listeners)]
		x, err := desk.Begin(ctx, listen.Start{Account: p.account, Track: w.track, Device: p.device})
		if err != nil {
			return nil, err
		}
		p.claim = listen.Claim{Node: "localhost", Play: x.Play, Device: p.device, Track: x.Track, Sheet: x.Sheet, Begin: x.Begin, End: x.Begin, Nonce: x.Nonce}
		began = began.Add(time.Millisecond)
	}
	var out [][]byte
	for range beats {
		for i := range list {
			p := &list[i]
			p.claim.Counter++
			p.claim.End += listen.Heartbeat.Milliseconds()
			p.claim.Heard = []listen.Interval{{Length: uint32(min(p.claim.End-p.claim.Begin, 115_000))}}
			r, err := p.request(&p.claim)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, db.Close()
}

// request is a claim as it goes over the line.
func (l *listener) request(c *listen.Claim) ([]byte, error) {
	text, err := c.Encode()
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"claim": base64.StdEncoding.EncodeToString(text), "signature": base64.StdEncoding.EncodeToString(ed25519.Sign(l.key, text))})
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("POST /api/v1/plays/%s/claim HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		hex.EncodeToString(c.Play[:]), l.token, len(body))
	return append([]byte(head), body...), nil
}

// send gives all requests to a node over a number of connections, the next in
// turn to whichever is free, and returns how many a second were taken. It is a
// client of few instructions: it shares the cores with the node.
func send(n *node, requests [][]byte) (rate float64, err error) {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for range players {
		wg.Go(func() {
			if err := sendSome(n, requests, &next); err != nil {
				failed.Store(&err)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(len(requests)) / time.Since(began).Seconds(), nil
}

func sendSome(n *node, requests [][]byte, next *atomic.Int64) error {
	c, err := net.Dial("tcp", strings.TrimPrefix(n.url, "http://"))
	if err != nil {
		return err
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		i := int(next.Add(1)) - 1
		if i >= len(requests) {
			return nil
		}
		if _, err := c.Write(requests[i]); err != nil {
			return err
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(`"signature"`)) {
			return fmt.Errorf("claim: %s: %.300s", res.Status, text)
		}
	}
}

// inserts returns how many rows a second the driver makes durable by itself,
// one and a hundred to a transaction.
func inserts(path string) (one, hundred float64, err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("create table if not exists line (id integer primary key, body blob)"); err != nil {
		return 0, 0, err
	}
	run := func(each int) (float64, error) {
		body := make([]byte, 300)
		rows, began := 0, time.Now()
		for time.Since(began) < 2*time.Second {
			tx, err := db.Begin()
			if err != nil {
				return 0, err
			}
			insert, err := tx.Prepare("insert into line (body) values (?)")
			if err != nil {
				return 0, err
			}
			for range each {
				if _, err := insert.Exec(body); err != nil {
					return 0, err
				}
			}
			if err := tx.Commit(); err != nil {
				return 0, err
			}
			rows += each
		}
		return float64(rows) / time.Since(began).Seconds(), nil
	}
	if one, err = run(1); err != nil {
		return 0, 0, err
	}
	hundred, err = run(100)
	return one, hundred, err
}
