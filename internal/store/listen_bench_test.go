package store

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
)

// crowd makes n accounts with a device each.
func (h *house) crowd(n int) []id.Account {
	out := make([]id.Account, n)
	for i := range out {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(nil, uint32(i)))
		out[i] = id.Account(base32.StdEncoding.EncodeToString(sum[:])[:26])
		h.account(out[i])
	}
	return out
}

// BenchmarkClaim is one heartbeat: verified, counted, durable (synchronous=FULL,
// group commit), answered with a signed receipt. 64 players at a time for each
// processor; every play is claimed sixteen times, most of them past its mark.
func BenchmarkClaim(b *testing.B) {
	h := newHouse(b, openSQLite)
	const beats = 16
	crowd := h.crowd(512)
	claims := make(chan []listen.SignedClaim, b.N/beats+1)
	for i := 0; i*beats < b.N; i++ {
		who := crowd[i%len(crowd)]
		p := h.begin(who, longTrack, h.device(who))
		list := make([]listen.SignedClaim, beats)
		for j := range list {
			p.claim.End += 15_000
			p.claim.Counter++
			p.claim.Heard = []listen.Interval{{Length: uint32(p.claim.End - p.claim.Begin)}}
			list[j] = p.sign()
		}
		h.wait(50 * time.Second) // nonces stay those of the beginning
		claims <- list
	}
	h.wait(time.Hour)
	b.SetParallelism(64)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var list []listen.SignedClaim
		for pb.Next() {
			if len(list) == 0 {
				select {
				case list = <-claims:
				default:
					return
				}
			}
			if _, err := h.desk.Claim(b.Context(), list[0]); err != nil {
				b.Error(err)
				return
			}
			list = list[1:]
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "claims/s")
}

// BenchmarkMonth takes offline claims the way a simulated month does: 2,000
// listeners, day by day, in batches, signing included.
func BenchmarkMonth(b *testing.B) {
	h := newHouse(b, openSQLite)
	crowd := h.crowd(2000)
	for i := range 300 {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		h.track(id.Track(base32.StdEncoding.EncodeToString(sum[:])[:26]), "", 180, listen.Share{Act: h.acts[i%3], BPS: 10000})
	}
	tracks := make([]id.Track, 300)
	for i := range tracks {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		tracks[i] = id.Track(base32.StdEncoding.EncodeToString(sum[:])[:26])
	}
	h.clock.Store(calendar.Period(202611).End().UnixMilli())
	const perDay = 6500
	r := rand.New(rand.NewPCG(1, 2))
	b.ResetTimer()
	for done, day := 0, 0; done < b.N; day++ {
		start := calendar.Day(20261101 + day%30).Start()
		n := min(perDay, b.N-done)
		batch := make([]listen.SignedClaim, 0, n)
		at := 0
		who := crowd[r.IntN(len(crowd))]
		for range n {
			if at += 200; r.IntN(8) == 0 {
				who, at = crowd[r.IntN(len(crowd))], r.IntN(80_000)
			}
			begin := start.Add(time.Duration(at) * time.Second)
			batch = append(batch, h.offline(who, tracks[r.IntN(len(tracks))], begin, 180*time.Second).sign())
		}
		answers, err := h.desk.Claims(b.Context(), batch)
		if err != nil {
			b.Fatal(err)
		}
		for _, a := range answers {
			if a.Err != nil {
				b.Fatal(a.Err)
			}
		}
		done += n
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "claims/s")
}
