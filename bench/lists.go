package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// lists loads lists of fifty tracks and searches over 2,000 tracks, while
// somebody changes a title every 100 ms. Beside each, a bare Go ServeFile gives
// out the same bytes: what HTTP alone costs on this machine.
func lists(ctx context.Context, b *bench) error {
	w, err := b.makeWorld(ctx)
	if err != nil {
		return err
	}
	n, err := b.start(ctx, w.data)
	if err != nil {
		return err
	}
	defer n.stop() //nolint:errcheck // what matters was said before
	loads := []struct {
		name, path, script string
		least              float64
	}{
		{"lists of 50 tracks", "/api/v1/tracks?limit=50", "", 2800},
		{"searches, 500 queries", "/api/v1/search?q=" + url.QueryEscape(words[0]), searches(), 1200},
	}
	for _, l := range loads {
		res, err := http.Get(n.url + l.path)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			return err
		}
		bare, err := b.bare(ctx, body)
		if err != nil {
			return err
		}
		var ours, theirs, perRequest []float64
		for range b.rounds {
			before := n.cpu()
			stop := n.writing(ctx, w)
			rate, err := b.wrk(ctx, n.url+l.path, l.script)
			stop()
			if err != nil {
				return err
			}
			ours = append(ours, rate)
			perRequest = append(perRequest, float64((n.cpu()-before).Microseconds())/(rate*float64(b.seconds)))
			if rate, err = b.wrk(ctx, bare.url, ""); err != nil {
				return err
			}
			theirs = append(theirs, rate)
		}
		if err := bare.stop(); err != nil {
			return err
		}
		b.add(result{name: l.name, unit: "/s", runs: ours, least: l.least,
			beside: fmt.Sprintf("a bare Go ServeFile of the same %d bytes: %s/s; the node used %s µs of CPU a request", len(body), number(median(theirs)), number(median(perRequest)))})
	}
	b.add(result{name: "memory after the lists", unit: "MB PSS", runs: []float64{n.memory()}, most: 150})
	return nil
}

// writing changes a track's title every 100 ms until it is told to stop.
func (n *node) writing(ctx context.Context, w *world) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				title := map[string]string{"title": words[i%len(words)]}
				if err := n.json(ctx, w.token, http.MethodPatch, "/api/v1/studio/tracks/"+string(w.track), title, nil); err != nil && ctx.Err() == nil {
					panic(err) // a load without its writes would measure something else
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}

// searches is a script of 500 different queries: two words, a word after the
// beginning of another, and the beginning of one.
func searches() string {
	var queries []string
	for i := range 500 {
		a, c := words[i%len(words)], words[(i*7+i/len(words)+3)%len(words)]
		switch i % 3 {
		case 0:
			queries = append(queries, a+" "+c)
		case 1:
			queries = append(queries, a[:3]+" "+c)
		default:
			queries = append(queries, fmt.Sprintf("%s %s", a, c[:2]))
		}
	}
	var s strings.Builder
	s.WriteString("local queries = {")
	for _, q := range queries {
		fmt.Fprintf(&s, "%q,", url.QueryEscape(q))
	}
	s.WriteString("}\nlocal i = math.random(500)\nrequest = function()\n  i = i % 500 + 1\n  return wrk.format('GET', '/api/v1/search?q=' .. queries[i])\nend\n")
	return s.String()
}
