package report_test

import (
	"fmt"
	"testing"

	"github.com/michaelperna/9ten/internal/report"
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
