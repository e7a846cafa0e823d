package contract

import (
	"slices"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

// ahead is the stub at the bottom of a call. Each question to the peer is a
// message there and back, in each organisation that endorses; what a function
// surely reads is therefore asked for at once. What the ledger holds does not
// change while a transaction runs, so an answer holds for the whole call.
type ahead struct {
	shim.ChaincodeStubInterface
	keys []string // known, in the order they were asked for
	vals [][]byte // nil: there is none
}

// ask reads the keys in one message. It records the same reads as asking for
// each.
func (a *ahead) ask(keys ...string) error {
	keys = slices.DeleteFunc(keys, func(k string) bool { return slices.Contains(a.keys, k) })
	if len(keys) == 0 {
		return nil
	}
	vals, err := a.GetMultipleStates(keys...)
	if err != nil {
		return err
	}
	a.keys, a.vals = append(a.keys, keys...), append(a.vals, vals...)
	return nil
}

func (a *ahead) GetState(key string) ([]byte, error) {
	if i := slices.Index(a.keys, key); i >= 0 {
		return a.vals[i], nil
	}
	return a.ChaincodeStubInterface.GetState(key)
}
