package store

import (
	"context"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
)

// What has been kept long enough goes in chunks, of its own period alone, and
// the entries and leaves stay.
func TestRetention(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		p := h.begin(ada, longTrack, h.device(ada))
		p.send(p.hear(40 * time.Second))
		h.seal(listenDay)
		period, later := listenDay.Period(), listenDay.Period().Add(1)
		h.report(func(ctx context.Context, tx report.Tx) error {
			for _, m := range []calendar.Period{period, later} {
				day := m.Day(2)
				if err := tx.SealBatch(ctx, day, 3); err != nil {
					return err
				}
				for i := range 3 {
					who := royalty.Pseudonym{byte(i)}
					if err := tx.InsertDayRow(ctx, day, report.DayRow{Day: day, Pseudonym: who, Sequence: 0, Salt: royalty.Salt{1}, Data: []byte("row"), Position: i}); err != nil {
						return err
					}
					if err := tx.InsertMonthRow(ctx, m, report.MonthRow{Pseudonym: who, Position: i, Salt: royalty.Salt{1}, Data: []byte("row")}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		for i, want := range []int{2, 1, 0} {
			h.report(func(ctx context.Context, tx report.Tx) error {
				days, err := tx.ExpireDays(ctx, period, 2)
				months, err2 := tx.ExpireMonths(ctx, period, 2)
				if days != want || months != want {
					t.Errorf("chunk %d: %d days and %d months, want %d", i, days, months, want)
				}
				if err2 != nil {
					return err2
				}
				return err
			})
		}
		h.report(func(ctx context.Context, tx report.Tx) error {
			if n, err := tx.DropOrigins(ctx, later, 9); n != 0 || err != nil {
				t.Errorf("%d origins of the month after, %v", n, err)
			}
			if n, err := tx.DropOrigins(ctx, period, 9); n != 1 || err != nil {
				t.Errorf("%d origins, %v", n, err)
			}
			none, err := tx.Retention(ctx, later)
			if none != (report.Retention{}) || err != nil {
				t.Errorf("%+v, %v", none, err)
			}
			if err := tx.SetRetention(ctx, period, report.Retention{Origins: tx.Now()}); err != nil {
				return err
			}
			want := report.Retention{Origins: tx.Now().UTC(), Receipts: tx.Now().UTC()}
			if err := tx.SetRetention(ctx, period, want); err != nil {
				return err
			}
			if got, err := tx.Retention(ctx, period); got != want || err != nil {
				t.Errorf("%+v, %v", got, err)
			}
			for i, want := range []int{1, 0} {
				if n, err := tx.ExpireListeners(ctx, period, 2); n != want || err != nil {
					t.Errorf("chunk %d: %d listeners, %v; want %d", i, n, err, want)
				}
			}
			return tx.ExpireKeys(ctx, period)
		})
		for what, want := range map[string]int64{
			"day_row where data is null and salt is null": 3, "day_row where data is not null": 3, "day_row where length(entry) = 32": 6,
			"month_row where data is null and salt is null": 3, "month_row where length(leaf) = 32": 6, "listener_month": 0, "node_month": 0,
		} {
			if n := h.number("select count(*) from " + what); int64(n) != want {
				t.Errorf("%s: %d, want %d", what, n, want)
			}
		}
	})
}

func (h *house) report(fn func(context.Context, report.Tx) error) {
	h.t.Helper()
	err := h.db.ReportUpdate(h.t.Context(), func(tx report.Tx) error { return fn(h.t.Context(), tx) })
	if err != nil {
		h.t.Fatal(err)
	}
}
