package embedded

import (
	"errors"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
)

// long is a state of as many keys as are asked for.
type long struct{ keys int }

func (long) get(string) ([]byte, error)                             { return nil, nil }
func (long) history(string) ([]*queryresult.KeyModification, error) { return nil, nil }
func (l long) scan(_, _ string, n int) ([]*queryresult.KV, error) {
	return make([]*queryresult.KV, min(n, l.keys)), nil
}

// A range is whole or refused: nobody takes the beginning of a list for all of it.
func TestARangeIsWhole(t *testing.T) {
	for keys, want := range map[int]error{100_001: nil, queryLimit: nil, queryLimit + 1: errLong} {
		s := &stub{state: long{keys}}
		for what, ask := range map[string]func() (int, error){
			"simple": func() (int, error) {
				it, err := s.GetStateByRange("", "")
				return count(it), err
			},
			"composite": func() (int, error) {
				it, err := s.GetStateByPartialCompositeKey("act", nil)
				return count(it), err
			},
		} {
			n, err := ask()
			if !errors.Is(err, want) || err == nil && n != keys {
				t.Errorf("a %s range of %d keys: %d (%v)", what, keys, n, err)
			}
		}
	}
}

func count(it any) int {
	if all, ok := it.(*kvs); ok {
		return len(all.rest)
	}
	return 0
}
