package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx reportTx) Retention(ctx context.Context, p calendar.Period) (report.Retention, error) {
	r, err := tx.Q.RetentionOf(ctx, int64(p))
	if err = missing(err, "Nothing was destroyed yet."); fault.Is(err, fault.NotFound) {
		return report.Retention{}, nil
	}
	return report.Retention{Origins: utc(r.Origins), Receipts: utc(r.Receipts)}, err
}

func (tx reportTx) SetRetention(ctx context.Context, p calendar.Period, r report.Retention) error {
	return wrap(tx.Q.RetentionSet(ctx, sqlgen.RetentionSetParams{Period: int64(p), Origins: ms(r.Origins), Receipts: ms(r.Receipts)}), "retention")
}

func (tx reportTx) DropOrigins(ctx context.Context, p calendar.Period, n int) (int, error) {
	gone, err := tx.Q.PlayDropOrigins(ctx, sqlgen.PlayDropOriginsParams{Empty: []byte{}, Low: p.Start().UnixMilli(), High: p.End().UnixMilli(), N: int32(n)})
	return int(gone), wrap(err, "drop origins")
}

func (tx reportTx) ExpireDays(ctx context.Context, p calendar.Period, n int) (int, error) {
	gone, err := tx.Q.DayRowExpire(ctx, sqlgen.DayRowExpireParams{Period: int64(p), N: int32(n)})
	return int(gone), wrap(err, "expire day rows")
}

func (tx reportTx) ExpireMonths(ctx context.Context, p calendar.Period, n int) (int, error) {
	gone, err := tx.Q.MonthRowExpire(ctx, sqlgen.MonthRowExpireParams{Period: int64(p), N: int32(n)})
	return int(gone), wrap(err, "expire month rows")
}

func (tx reportTx) ExpireKeys(ctx context.Context, p calendar.Period) error {
	if err := tx.Q.ListenerMonthExpire(ctx, int64(p)); err != nil {
		return wrap(err, "expire keys")
	}
	return wrap(tx.Q.NodeMonthExpire(ctx, int64(p)), "expire keys")
}
