package embedded_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
)

// BenchmarkSubmit records payments on a file with synchronous=FULL, as many
// callers at once as -cpu says times 16, through the whole contract.
func BenchmarkSubmit(b *testing.B) {
	n := contracttest.OpenOwn(b, false)
	c := n.As("a.example", "admin")
	key, key2 := contract.Digest{1}, contract.Digest{2}
	ctx := context.Background()
	if _, err := c.RegisterNode(ctx, "node", contract.Registration{Node: "a.example", LogKey: &key, SettlementKey: &key2}); err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	first := calendar.Day(20000101)
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(next.Add(1))
			in := contract.DayPayments{Node: "a.example", Day: first.Add(i % 9000), Declared: key, DeclaredCount: 1, Received: 10}
			_, err := c.RecordPayments(ctx, fmt.Sprint("op", i), in)
			if err != nil && i <= 9000 {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}
