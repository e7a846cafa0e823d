package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

const (
	federated = "https://nine.bench"
	said      = 8000 // activities of a round
	lasting   = 3    // rounds without a pause between them
)

// inbox lets 10,000 people on 500 servers follow an act, tells them of a release
// while one server never answers, and then has them all speak at once: every
// request signed with RSA as it is sent, on the same cores. Beside it, the same
// number of requests that are signed with a key that does not fit.
func inbox(ctx context.Context, b *bench) error {
	w, err := b.newWorld(ctx, "federated", "base_url="+federated) // a node's name is for good
	if err != nil {
		return err
	}
	f, err := newFediverse(b.dir)
	if err != nil {
		return err
	}
	defer f.close()
	if err := f.follow(ctx, w); err != nil {
		return err
	}
	n, err := b.start(ctx, w.data, "base_url="+federated, "trusted_proxies=127.0.0.1/32", "federation.reach=127.0.0.0/8")
	if err != nil {
		return err
	}
	defer n.stop() //nolint:errcheck // what matters was said before
	for _, part := range []func(context.Context, *bench, *world, *node) error{f.told, f.documents, f.speak, f.forge} {
		if err := part(ctx, b, w, n); err != nil {
			return err
		}
	}
	return nil
}

// told publishes a release and waits until all have heard of it who answer.
func (f *fediverse) told(ctx context.Context, b *bench, w *world, n *node) error {
	db, err := reading(w)
	if err != nil {
		return err
	}
	defer db.Close()
	var queued, drained []float64
	for range min(3, b.rounds) {
		var rel struct{ ID string }
		if err := n.json(ctx, w.token, http.MethodPost, "/api/v1/studio/acts/"+string(w.act)+"/releases", music.Facts{Title: "Told", Kind: music.Album, Date: "2026", Licence: music.CCBY}, &rel); err != nil {
			return err
		}
		if err := w.fill(ctx, rel.ID); err != nil {
			return err
		}
		if err := n.json(ctx, w.token, http.MethodPost, "/api/v1/studio/releases/"+rel.ID+"/publish", nil, nil); err != nil {
			return err
		}
		// A change is told when twenty seconds have passed: from then on it is measured,
		// and what is told of the act besides is not this.
		due := count(db, "select coalesce(min(due), 0) from job where kind = 'music.tell' and key = 'release "+rel.ID+"'")
		if due <= 0 {
			return errors.New("nothing is to be told")
		}
		began := time.UnixMilli(due)
		of := " from delivery d join outgoing o on o.id = d.outgoing where o.about = '" + form.Site{Origin: federated}.ReleaseNote(id.Release(rel.ID)) + "'"
		if err := until(ctx, func() bool { return count(db, "select count(*)"+of) > 0 }); err != nil {
			return fmt.Errorf("nothing is queued: %w", err)
		}
		queued = append(queued, time.Since(began).Seconds())
		if err := until(ctx, func() bool { return count(db, "select count(*)"+of) == 1 }); err != nil {
			return fmt.Errorf("%d have not heard: %w", count(db, "select count(*)"+of), err)
		}
		drained = append(drained, time.Since(began).Seconds())
	}
	b.add(result{name: "federation: a release for 10,000 followers on 500 servers, until it is queued", unit: "s", runs: queued, most: 1})
	b.add(result{name: "federation: the same, until 499 servers have it", unit: "s", runs: drained, beside: "one server takes the connection and never answers; each delivery is signed, over TLS"})
	return nil
}

// documents loads an act's document, as everybody does who hears of it.
func (f *fediverse) documents(ctx context.Context, b *bench, w *world, n *node) error {
	var runs []float64
	for range b.rounds {
		rate, err := b.wrk(ctx, n.url+form.Root+"acts/"+string(w.act), `wrk.headers["Accept"] = "application/activity+json"`)
		if err != nil {
			return err
		}
		runs = append(runs, rate)
	}
	b.add(result{name: "federation: an act's document", unit: "/s", runs: runs, least: 9000})
	return nil
}

// speak has everybody send something, and waits until all of it is applied: in rounds, and
// then in some that follow each other at once, of which a node lays by the first ten seconds.
func (f *fediverse) speak(ctx context.Context, b *bench, w *world, n *node) error {
	db, err := reading(w)
	if err != nil {
		return err
	}
	defer db.Close()
	var taken, applied, each []float64
	rounds := min(b.rounds, len(w.liked)-lasting)
	all := func() bool { return count(db, "select exists (select 1 from inbox where applied = 0)") == 0 }
	for round := range rounds {
		before, began := n.cpu(), time.Now()
		if err := f.send(n, round*said, said, f.keys, http.StatusAccepted, w); err != nil {
			return err
		}
		taken = append(taken, said/time.Since(began).Seconds())
		if err := until(ctx, all); err != nil {
			return err
		}
		applied = append(applied, said/time.Since(began).Seconds())
		each = append(each, float64((n.cpu()-before).Microseconds())/1000/said)
	}
	began := time.Now()
	if err := f.send(n, rounds*said, lasting*said, f.keys, http.StatusAccepted, w); err != nil {
		return err
	}
	sent := lasting * said / time.Since(began).Seconds()
	if err := until(ctx, all); err != nil {
		return err
	}
	lasts := lasting * said / time.Since(began).Seconds()
	if refused := count(db, "select count(*) from inbox where error <> ''"); refused > 0 {
		return fmt.Errorf("%d activities were not applied", refused)
	}
	check, err := checks(anRSA)
	if err != nil {
		return err
	}
	b.add(result{name: "federation: activities, verified and durable before the 202", unit: "/s", runs: taken, least: 1300, beside: fmt.Sprintf("RSA of 2048 bits, half by RFC 9421 and half by draft-cavage, signed by %s on the same cores while they are sent; all cores check %.0f a second, in Go", f.signs, float64(runtime.GOMAXPROCS(0))/check.Seconds())})
	b.add(result{name: "federation: the same, until all are applied", unit: "/s", runs: applied, least: 1000})
	b.add(result{name: "federation: activities of a flood that lasts, taken and applied", unit: "/s", runs: []float64{lasts}, least: 1000, beside: fmt.Sprintf("%d without a pause; %.0f a second were taken", lasting*said, sent)})
	b.add(result{name: "federation: CPU an activity, taken and applied", unit: "CPU ms", runs: each, most: 1})
	return nil
}

// forge sends what is signed with a key that is not the sender's.
func (f *fediverse) forge(ctx context.Context, b *bench, w *world, n *node) error {
	var each []float64
	for round := range min(3, b.rounds) {
		before := n.cpu()
		if err := f.send(n, round*said, said, f.forged, http.StatusUnauthorized, w); err != nil {
			return err
		}
		each = append(each, float64((n.cpu()-before).Microseconds())/1000/said)
	}
	b.add(result{name: "federation: CPU of a forged activity", unit: "CPU ms", runs: each, most: 0.3})
	return nil
}

// send signs and sends so many from the first on, over as many connections as there are
// servers, and wants one status of all.
func (f *fediverse) send(n *node, first, many int, keys []sig.Key, status int, w *world) error {
	// Real servers do not collect their memory on the node's cores: the load seldom does.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	var next atomic.Int64
	next.Store(int64(first))
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range hosts - 1 {
		wg.Go(func() {
			if err := f.sendSome(n, &next, first+many, keys, status, w); err != nil {
				failed.Store(&err)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

func (f *fediverse) sendSome(n *node, next *atomic.Int64, end int, keys []sig.Key, status int, w *world) error {
	c, err := net.Dial("tcp", strings.TrimPrefix(n.url, "http://"))
	if err != nil {
		return err
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		i := int(next.Add(1)) - 1
		if i >= end {
			return nil
		}
		r, err := f.request(i, keys, w)
		if err != nil {
			return err
		}
		if err := r.Write(c); err != nil {
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
		if res.StatusCode != status {
			return fmt.Errorf("inbox: %s: %.300s", res.Status, text)
		}
	}
}

// request is the i-th person's activity.
func (f *fediverse) request(i int, keys []sig.Key, w *world) (*http.Request, error) {
	host := i % (hosts - 1)
	actor := f.person(host, i/(hosts-1)%people)
	// As Mastodon says it: an activity without words has no context but the common one. Each
	// round likes something else, since a like that is there already costs less.
	body := fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/activitystreams","id":"%s#likes/%d","type":"Like","actor":"%s","object":"%s"}`,
		actor, i, actor, form.Site{Origin: federated}.Track(w.liked[i/said%len(w.liked)]))
	r, err := http.NewRequest(http.MethodPost, federated+form.Root+"inbox", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/activity+json")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.%d.%d", host/200, host%200))
	key := keys[host%len(keys)]
	key.ID = form.HTTPKey(actor)
	as := sig.RFC9421
	if i%2 == 0 {
		as = sig.Cavage
	}
	return r, key.Sign(r, body, as, time.Now())
}

// reading opens the node's database to look on.
func reading(w *world) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+filepath.Join(w.data, "9ten.db")+"?mode=ro&_pragma=busy_timeout(5000)")
}

func count(db *sql.DB, query string) (n int64) {
	if err := db.QueryRow(query).Scan(&n); err != nil {
		return -1
	}
	return n
}

// until waits for something for at most two minutes.
func until(ctx context.Context, is func() bool) error {
	for end := time.Now().Add(2 * time.Minute); !is(); time.Sleep(2 * time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if time.Now().After(end) {
			return errors.New("it takes more than two minutes")
		}
	}
	return nil
}
