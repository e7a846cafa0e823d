package contract

import (
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/michaelperna/9ten/internal/calendar"
)

// asked counts the questions of a contract.
type asked struct {
	shim.Chaincode
	n int
}

func (a *asked) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	return a.Chaincode.Invoke(&counting{stub, &a.n})
}

type counting struct {
	shim.ChaincodeStubInterface
	n *int
}

func (c *counting) GetState(key string) ([]byte, error) {
	*c.n++
	return c.ChaincodeStubInterface.GetState(key)
}

func (c *counting) GetMultipleStates(keys ...string) ([][]byte, error) {
	*c.n++
	return c.ChaincodeStubInterface.GetMultipleStates(keys...)
}

// The keys that a node's first anchor and a day's payments read in any case are one
// question to each peer that endorses it. Ranges are not counted.
func TestAsksOnce(t *testing.T) {
	cc, err := New()
	if err != nil {
		t.Fatal(err)
	}
	a := &asked{Chaincode: cc}
	c, day := Client{Ledger: ledgerOf(t, a)}, calendar.DayOf(noon()).Add(-3)
	if _, err := c.RegisterNode(t.Context(), "register", Registration{Node: "a.example", Name: "A", Owner: "ada", LogKey: &Digest{1}, SettlementKey: &Digest{2}}); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"anchor": func() error {
			_, err := c.AnchorDay(t.Context(), "anchor", DayAnchor{Node: "a.example", Day: day, Commit: Digest{3}})
			return err
		},
		"payments": func() error {
			_, err := c.RecordPayments(t.Context(), "payments", DayPayments{Node: "a.example", Day: day})
			return err
		},
	} {
		a.n = 0
		if err := do(); err != nil || a.n != 1 {
			t.Errorf("%s: %d questions, %v", name, a.n, err)
		}
	}
}
