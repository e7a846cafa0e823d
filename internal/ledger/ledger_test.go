package ledger_test

import (
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

func TestRefusalKeepsKindAndSentence(t *testing.T) {
	for _, k := range []fault.Kind{fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict, fault.TooLarge, fault.Unsupported} {
		err := ledger.Refusal(ledger.Refuse(k, "100% of: it."))
		if fault.KindOf(err) != k || fault.Message(err) != "100% of: it." {
			t.Errorf("%v came back as %v %q", k, fault.KindOf(err), fault.Message(err))
		}
	}
	for _, m := range []string{"", "chaincode panicked", "conflict:", "internal: secret path"} {
		if err := ledger.Refusal(m); !fault.Is(err, fault.Internal) || fault.Message(err) == m {
			t.Errorf("%q must stay in the log, got %v %q", m, fault.KindOf(err), fault.Message(err))
		}
	}
}
