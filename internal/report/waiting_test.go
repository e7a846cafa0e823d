package report_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
)

// The hash that the ledger holds of where an act is paid, made by hand:
// printf '9ten/payout/v1\0\0\x1a01JD3ZKQ4Y8X5T2N7B6V9C1X00\0\0\0\x01\0\x2a0x52908400098527886E0F7030069857D2E4169EE7\x27\x10' | sha256sum
func TestPayoutHash(t *testing.T) {
	const want = "6f07c9287a8100062a53948a7bdadbff37fcaa2b0806fa2f1aada2e28a5461db"
	got, err := report.PayoutHash("01JD3ZKQ4Y8X5T2N7B6V9C1X00", []report.Payout{{Address: "0x52908400098527886E0F7030069857D2E4169EE7", Bps: 10_000}})
	if err != nil || fmt.Sprintf("%x", got) != want {
		t.Errorf("%x, %v", got, err)
	}
}

// told is a ledger on which nothing waits, and a store with two acts, of which one
// has a wallet that no form of the ledger takes. It keeps what it was told.
type told struct {
	report.Ledger
	report.Tx
	payouts map[id.Act]royalty.Hash
}

func (l *told) SetPayouts(_ context.Context, payouts map[id.Act]royalty.Hash) error {
	l.payouts = payouts
	return nil
}

func (l *told) Waiting(context.Context, id.Act) ([]report.Waiting, error)      { return nil, nil }
func (l *told) Forfeits(context.Context, id.Act) ([]report.Forfeit, error)     { return nil, nil }
func (l *told) Learn(context.Context) error                                    { return nil }
func (l *told) Now() time.Time                                                 { return time.Unix(0, 0) }
func (l *told) ReportView(_ context.Context, fn func(report.Tx) error) error   { return fn(l) }
func (l *told) ReportUpdate(_ context.Context, fn func(report.Tx) error) error { return fn(l) }

func (l *told) Sheets(context.Context) (map[id.Act][]report.Payout, error) {
	const wallet = "0x52908400098527886E0F7030069857D2E4169EE7"
	return map[id.Act][]report.Payout{"01JD3ZKQ4Y8X5T2N7B6V9C1X00": {{Address: wallet, Bps: 10_000}}, "01JD3ZKQ4Y8X5T2N7B6V9C1X01": {{Address: "\u2000" + wallet, Bps: 10_000}}}, nil
}

// An act whose wallets cannot be told waits; the others are paid.
func TestWalletsThatCannotBeTold(t *testing.T) {
	l := &told{}
	d := &report.Desk{Store: l, Ledger: l, Logger: slog.New(slog.DiscardHandler)}
	if _, err := d.Forfeit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := l.payouts["01JD3ZKQ4Y8X5T2N7B6V9C1X00"]; !ok || len(l.payouts) != 1 {
		t.Errorf("%v", l.payouts)
	}
}
