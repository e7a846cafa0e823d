package music_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// words are what titles of the benchmarked store are made of.
var words = strings.Fields(`low tide arithmetic harbour lantern copper winter meadow glass river paper engine salt north
	violet hollow orchard static marble ember canyon silver thread morning signal velvet island granite feather mirror
	thunder cedar amber falcon quiet garden rust comet willow frost echo sparrow delta prism cobalt drift maple anchor`)

// library fills a node with 50 acts, 200 releases and 2,000 tracks, the same
// each time, in two transactions for each act.
func library(b testing.TB) (*node, []id.Act, []id.Release) {
	b.Helper()
	n := newNode(b)
	r := rand.New(rand.NewPCG(9, 10))
	phrase := func(k int) string {
		w := make([]string, k)
		for i := range w {
			word := words[r.IntN(len(words))]
			w[i] = strings.ToUpper(word[:1]) + word[1:]
		}
		return strings.Join(w, " ")
	}
	var acts []id.Act
	var releases []id.Release
	for range 50 {
		a := n.act(ada, phrase(2)).ID
		acts = append(acts, a)
		for range 4 {
			n.pass(time.Minute)
			rel := n.draft(ada, a, music.Facts{Title: phrase(2), Kind: music.Album, Date: "2026", Tags: []string{words[r.IntN(8)], words[8+r.IntN(8)]}})
			n.ok(n.db.Music().Update(n.ctx, func(tx music.Tx) error {
				for i := range 10 {
					t := music.Track{ID: id.New[id.Track](tx.Now()), Release: rel.ID, Act: a, Title: phrase(1 + r.IntN(3)), Disc: 1, Number: i + 1, State: music.Ready, Sheet: 1, Created: tx.Now(), Changed: tx.Now()}
					t.Original = "original/" + string(t.ID)
					if err := tx.InsertTrack(n.ctx, &t); err != nil {
						return err
					}
					if err := tx.SetAsset(n.ctx, &music.Asset{Track: t.ID, Original: t.Original, SHA256: string(t.ID), Codec: "flac", Rate: 44_100, Samples: 44_100 * 200, DurationMS: 200_000, Peaks: make([]byte, 256)}); err != nil {
						return err
					}
					if err := tx.InsertSheet(n.ctx, &music.Sheet{Track: t.ID, Version: 1, State: music.InForce, Created: tx.Now(), Since: tx.Now(), Shares: []music.Share{{Act: a, Bps: music.Whole, Confirmed: tx.Now()}}}); err != nil {
						return err
					}
				}
				return nil
			}))
			must(n.studio.Publish(n.ctx, ada, rel.ID))(n)
			releases = append(releases, rel.ID)
		}
	}
	return n, acts, releases
}

func BenchmarkCatalogue(b *testing.B) {
	n, acts, releases := library(b)
	// 500 different queries of one and two words, and the beginnings of words.
	var queries []string
	for i := range 500 {
		a, c := words[i%len(words)], words[(i*7+3)%len(words)]
		switch i % 3 {
		case 0:
			queries = append(queries, a+" "+c)
		case 1:
			queries = append(queries, a[:3]+" "+c)
		default:
			queries = append(queries, fmt.Sprintf("%s %s", a, c[:2]))
		}
	}
	first := must(n.cat.Tracks(n.ctx, music.Filter{}, music.Page{}))(n)
	deep := music.Page{}
	for range 30 {
		deep.After = must(n.cat.Tracks(n.ctx, music.Filter{}, deep))(n).Next
	}
	var queue []id.Track
	for _, r := range first.Rows {
		queue = append(queue, r.ID)
	}
	tracks := func(f music.Filter, p music.Page) func(int) (int, error) {
		return func(int) (int, error) {
			l, err := n.cat.Tracks(n.ctx, f, p)
			return len(l.Rows), err
		}
	}
	for _, c := range []struct {
		name string
		do   func(i int) (rows int, err error)
	}{
		{"newest", tracks(music.Filter{}, music.Page{})},
		{"newest, page 31", tracks(music.Filter{}, deep)},
		{"popular", tracks(music.Filter{Order: music.Popular}, music.Page{})},
		{"act", tracks(music.Filter{Act: acts[7]}, music.Page{})},
		{"tag", tracks(music.Filter{Tag: words[0]}, music.Page{})},
		{"releases", func(int) (int, error) {
			l, err := n.cat.Releases(n.ctx, music.Filter{}, music.Page{})
			return len(l.Rows), err
		}},
		{"queue of 50", func(int) (int, error) {
			l, err := n.cat.TrackRows(n.ctx, queue)
			return len(l), err
		}},
		{"liked of 50", func(int) (int, error) {
			_, err := n.lib.Liked(n.ctx, ada, queue)
			return 50, err
		}},
		{"search", func(i int) (int, error) {
			_, err := n.cat.Search(n.ctx, queries[i%len(queries)], 20)
			return 1, err
		}},
		{"search one word", func(i int) (int, error) {
			r, err := n.cat.Search(n.ctx, words[i%len(words)], 20)
			return len(r.Tracks), err
		}},
		{"release page", func(i int) (int, error) {
			r, err := n.cat.Release(n.ctx, ada, releases[i%len(releases)], "")
			return len(r.Tracks), err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				if rows, err := c.do(i); err != nil || rows == 0 {
					b.Fatal(rows, err)
				}
			}
		})
	}
}

// BenchmarkUnderWrites reads from as many goroutines as a load test has
// connections while somebody writes every 100 ms.
func BenchmarkUnderWrites(b *testing.B) {
	n, _, _ := library(b)
	_, ids := n.public(ada, n.act(ada, "Own").ID, music.Facts{Title: "Own"}, "One")
	for _, c := range []struct {
		name string
		do   func(i int) error
	}{
		{"list", func(int) error {
			_, err := n.cat.Tracks(n.ctx, music.Filter{}, music.Page{})
			return err
		}},
		{"search", func(i int) error {
			_, err := n.cat.Search(n.ctx, words[i%len(words)]+" "+words[(i*7+3)%len(words)][:2], 20)
			return err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			stop, done := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				tick := time.NewTicker(100 * time.Millisecond)
				defer tick.Stop()
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					case <-tick.C:
						_, err := n.studio.EditTrack(n.ctx, ada, ids[0], func(t *music.Track) { t.Title = words[i%len(words)] })
						if err != nil {
							b.Error(err)
						}
					}
				}
			}()
			b.SetParallelism(16)
			var next atomic.Int64
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := c.do(int(next.Add(1))); err != nil {
						b.Error(err)
					}
				}
			})
			close(stop)
			<-done
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
		})
	}
}
