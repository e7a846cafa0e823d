package contract

import (
	"errors"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
)

// overlay is a stub that reads what it wrote. A transaction that does several
// nodes' work needs it to come to what they would have come to one by one; the
// ledger below does not read its own writes.
type overlay struct {
	shim.ChaincodeStubInterface
	keys []string // written, ascending
	vals [][]byte // nil: deleted
}

func newOverlay(s shim.ChaincodeStubInterface) *overlay { return &overlay{ChaincodeStubInterface: s} }

func (o *overlay) write(key string, val []byte) {
	i, found := slices.BinarySearch(o.keys, key)
	if !found {
		o.keys, o.vals = slices.Insert(o.keys, i, key), slices.Insert(o.vals, i, nil)
	}
	o.vals[i] = val
}

func (o *overlay) PutState(key string, val []byte) error {
	o.write(key, val)
	return o.ChaincodeStubInterface.PutState(key, val)
}

func (o *overlay) DelState(key string) error {
	o.write(key, nil)
	return o.ChaincodeStubInterface.DelState(key)
}

func (o *overlay) GetState(key string) ([]byte, error) {
	if i, found := slices.BinarySearch(o.keys, key); found {
		return o.vals[i], nil
	}
	return o.ChaincodeStubInterface.GetState(key)
}

// GetStateByPartialCompositeKey merges what is written into what is there.
func (o *overlay) GetStateByPartialCompositeKey(kind string, parts []string) (shim.StateQueryIteratorInterface, error) {
	prefix, err := shim.CreateCompositeKey(kind, parts)
	if err != nil {
		return nil, err
	}
	it, err := o.ChaincodeStubInterface.GetStateByPartialCompositeKey(kind, parts)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	out := &rows{}
	for it.HasNext() {
		kv, err := it.Next()
		if err != nil {
			return nil, err
		}
		if _, written := slices.BinarySearch(o.keys, kv.GetKey()); !written {
			out.rest = append(out.rest, kv)
		}
	}
	for i, k := range o.keys {
		if strings.HasPrefix(k, prefix) && o.vals[i] != nil {
			out.rest = append(out.rest, &queryresult.KV{Key: k, Value: o.vals[i]})
		}
	}
	slices.SortFunc(out.rest, func(a, b *queryresult.KV) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// rows iterates over what was read.
type rows struct{ rest []*queryresult.KV }

func (r *rows) HasNext() bool { return len(r.rest) > 0 }
func (r *rows) Close() error  { return nil }
func (r *rows) Next() (*queryresult.KV, error) {
	if len(r.rest) == 0 {
		return nil, errors.New("there are no more keys")
	}
	kv := r.rest[0]
	r.rest = r.rest[1:]
	return kv, nil
}
