package store

import (
	"context"
	"errors"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
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

func (tx reportTx) ExpireListeners(ctx context.Context, p calendar.Period, n int) (int, error) {
	list, err := tx.Q.ListenerMonthSome(ctx, sqlgen.ListenerMonthSomeParams{Period: int64(p), N: int32(n)})
	low, high := int64(p.Day(1)), int64(p.LastDay())
	for _, a := range list {
		err = errors.Join(err,
			tx.Q.DayActExpire(ctx, sqlgen.DayActExpireParams{Account: a, Low: low, High: high}),
			tx.Q.MonthActExpire(ctx, sqlgen.MonthActExpireParams{Account: a, Period: int64(p)}),
			tx.Q.ListenerDayExpire(ctx, sqlgen.ListenerDayExpireParams{Account: a, Low: low, High: high}),
			tx.Q.ListenerMonthExpire(ctx, sqlgen.ListenerMonthExpireParams{Account: a, Period: int64(p)}))
	}
	return len(list), wrap(err, "expire listeners")
}

func (tx reportTx) ExpireKeys(ctx context.Context, p calendar.Period) error {
	return wrap(errors.Join(tx.Q.NodeMonthExpire(ctx, int64(p)), tx.Q.ChargeUnname(ctx, sqlgen.ChargeUnnameParams{Empty: []byte{}, Period: int64(p)})), "expire keys")
}

func (tx reportTx) PaidPeriods(ctx context.Context, a id.Account) ([]calendar.Period, error) {
	rows, err := tx.Q.ChargePeriods(ctx, string(a))
	out := make([]calendar.Period, len(rows))
	for i, p := range rows {
		out[i] = calendar.Period(p)
	}
	return out, wrap(err, "paid months")
}
