package contract

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
)

// sly is a contract whose reading functions write.
type sly struct{ contractapi.Contract }

func (*sly) GetPut(ctx Ctx, key string) (string, error) {
	return query(ctx, func(c *call) (bool, error) { return true, c.put(true, "sly", key) })
}

func (*sly) GetDel(ctx Ctx, key string) (string, error) {
	return query(ctx, func(c *call) (bool, error) { return true, c.del("sly", key) })
}

func (*sly) GetTold(ctx Ctx, key string) (string, error) {
	return query(ctx, func(c *call) (bool, error) { return true, c.announce("sly", key) })
}

func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// ledgerOf is a ledger that runs a contract, as the administrator of a.example uses it.
func ledgerOf(t *testing.T, cc shim.Chaincode) ledger.Ledger {
	t.Helper()
	l, err := embedded.Open(t.Context(), embedded.Config{File: filepath.Join(t.TempDir(), "ledger.db"), Contract: cc, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	who, err := embedded.NewIdentity("a.example", roleAdmin, noon())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.As(who, noon)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReadingCannotWrite(t *testing.T) {
	cc, err := contractapi.NewChaincode(new(sly))
	if err != nil {
		t.Fatal(err)
	}
	c := ledgerOf(t, cc)
	for _, fn := range []string{"GetPut", "GetDel", "GetTold"} {
		if _, err := c.Submit(t.Context(), ledger.Call{Fn: fn, Op: "key"}); err == nil {
			t.Errorf("%s wrote", fn)
		}
		if _, err := c.Evaluate(t.Context(), fn, "key"); err == nil {
			t.Errorf("%s did not notice", fn)
		}
	}
	if st, err := c.Status(t.Context()); err != nil || st.Height != 0 {
		t.Errorf("status = %+v, %v", st, err)
	}
}
