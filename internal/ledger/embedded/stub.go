package embedded

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// queryLimit is how many keys one range may yield: it is read at once.
const queryLimit = 1_000_000

// errLong is for what is longer: an answer that leaves something out would be
// taken for a whole one.
var errLong = fmt.Errorf("a range has more than %d keys", queryLimit)

// A reader is the committed state an invoke sees.
type reader interface {
	get(key string) ([]byte, error)
	scan(from, to string, limit int) ([]*queryresult.KV, error)
	history(key string) ([]*queryresult.KeyModification, error)
}

// stub is one invoke's view of the ledger. Writes are kept to the end, so an
// invoke does not read its own writes, as in Fabric.
type stub struct {
	state     reader
	channel   string
	id        string
	at        time.Time
	args      [][]byte
	creator   []byte
	transient map[string][]byte

	writes  map[string][]byte // nil deletes
	event   string
	payload []byte
}

var _ shim.ChaincodeStubInterface = (*stub)(nil)

var (
	errRich    = errors.New("rich queries are not part of this ledger: state is keys and values")
	errPrivate = errors.New("private collections are not part of this ledger: what is personal travels in transient data")
	errPolicy  = errors.New("key-level endorsement is not part of this ledger")
	errWrites  = errors.New("keys are not empty and are valid UTF-8")
)

// sortedWrites returns the keys written, ascending.
func (s *stub) sortedWrites() []string {
	keys := make([]string, 0, len(s.writes))
	for k := range s.writes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (s *stub) put(key string, val []byte) error {
	if key == "" || !utf8.ValidString(key) {
		return errWrites
	}
	if s.writes == nil {
		s.writes = make(map[string][]byte)
	}
	s.writes[key] = val
	return nil
}

func (s *stub) GetState(key string) ([]byte, error) {
	if key == "" {
		return nil, errWrites
	}
	return s.state.get(key)
}

func (s *stub) GetMultipleStates(keys ...string) ([][]byte, error) {
	out := make([][]byte, len(keys))
	for i, k := range keys {
		var err error
		if out[i], err = s.GetState(k); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *stub) PutState(key string, val []byte) error {
	return s.put(key, append([]byte{}, val...))
}

func (s *stub) DelState(key string) error { return s.put(key, nil) }

// kvs iterates over a range that was read at once.
type kvs struct{ rest []*queryresult.KV }

func (i *kvs) HasNext() bool { return len(i.rest) > 0 }
func (i *kvs) Close() error  { return nil }
func (i *kvs) Next() (*queryresult.KV, error) {
	if len(i.rest) == 0 {
		return nil, errors.New("the range has no more keys")
	}
	kv := i.rest[0]
	i.rest = i.rest[1:]
	return kv, nil
}

// GetStateByRange yields simple keys from a (inclusive) to b (exclusive); empty
// bounds are open. Composite keys are a name space of their own.
func (s *stub) GetStateByRange(a, b string) (shim.StateQueryIteratorInterface, error) {
	a, b, err := simpleRange(a, b)
	if err != nil {
		return nil, err
	}
	return s.all(a, b)
}

// all is a whole range.
func (s *stub) all(a, b string) (shim.StateQueryIteratorInterface, error) {
	rows, err := s.state.scan(a, b, queryLimit+1)
	if err == nil && len(rows) > queryLimit {
		err = errLong
	}
	if err != nil {
		return nil, err
	}
	return &kvs{rows}, nil
}

func simpleRange(a, b string) (from, to string, err error) {
	if a == "" {
		a = "\x01"
	}
	if b == "" {
		b = string(utf8.MaxRune)
	}
	if a[0] == 0 || b[0] == 0 {
		return "", "", errors.New("a range over simple keys cannot begin or end at a composite key")
	}
	return a, b, nil
}

func (s *stub) page(from, to string, size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	if size <= 0 {
		return nil, nil, errors.New("a page has at least one key")
	}
	if bookmark != "" {
		if bookmark < from || bookmark >= to {
			return nil, nil, errors.New("the bookmark is not of this range")
		}
		from = bookmark
	}
	rows, err := s.state.scan(from, to, min(int(size), queryLimit)+1)
	if err != nil {
		return nil, nil, err
	}
	meta := &peer.QueryResponseMetadata{}
	if len(rows) > int(size) {
		meta.Bookmark, rows = rows[size].Key, rows[:size]
	}
	meta.FetchedRecordsCount = int32(len(rows))
	return &kvs{rows}, meta, nil
}

func (s *stub) GetStateByRangeWithPagination(a, b string, size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	a, b, err := simpleRange(a, b)
	if err != nil {
		return nil, nil, err
	}
	return s.page(a, b, size, bookmark)
}

func compositeRange(kind string, parts []string) (from, to string, err error) {
	k, err := shim.CreateCompositeKey(kind, parts)
	return k, k + string(utf8.MaxRune), err
}

func (s *stub) GetStateByPartialCompositeKey(kind string, parts []string) (shim.StateQueryIteratorInterface, error) {
	a, b, err := compositeRange(kind, parts)
	if err != nil {
		return nil, err
	}
	return s.all(a, b)
}

func (s *stub) GetStateByPartialCompositeKeyWithPagination(kind string, parts []string, size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	a, b, err := compositeRange(kind, parts)
	if err != nil {
		return nil, nil, err
	}
	return s.page(a, b, size, bookmark)
}

func (s *stub) GetAllStatesCompositeKeyWithPagination(size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	return s.page("\x00", "\x01", size, bookmark)
}

func (s *stub) CreateCompositeKey(kind string, parts []string) (string, error) {
	return shim.CreateCompositeKey(kind, parts)
}

func (s *stub) SplitCompositeKey(key string) (string, []string, error) {
	if len(key) < 2 || key[0] != 0 || key[len(key)-1] != 0 {
		return "", nil, errors.New("that is no composite key")
	}
	parts := strings.Split(key[1:len(key)-1], "\x00")
	return parts[0], parts[1:], nil
}

// mods iterates over a key's history, the latest first.
type mods struct {
	rest []*queryresult.KeyModification
}

func (i *mods) HasNext() bool { return len(i.rest) > 0 }
func (i *mods) Close() error  { return nil }
func (i *mods) Next() (*queryresult.KeyModification, error) {
	if len(i.rest) == 0 {
		return nil, errors.New("the key has no older value")
	}
	m := i.rest[0]
	i.rest = i.rest[1:]
	return m, nil
}

func (s *stub) GetHistoryForKey(key string) (shim.HistoryQueryIteratorInterface, error) {
	rows, err := s.state.history(key)
	return &mods{rows}, err
}

func (s *stub) GetArgs() [][]byte { return s.args }

func (s *stub) GetStringArgs() []string {
	out := make([]string, len(s.args))
	for i, a := range s.args {
		out[i] = string(a)
	}
	return out
}

func (s *stub) GetFunctionAndParameters() (string, []string) {
	a := s.GetStringArgs()
	if len(a) == 0 {
		return "", nil
	}
	return a[0], a[1:]
}

func (s *stub) GetArgsSlice() ([]byte, error) { return slices.Concat(s.args...), nil }

func (s *stub) GetTxID() string                          { return s.id }
func (s *stub) GetChannelID() string                     { return cmp.Or(s.channel, "embedded") }
func (s *stub) GetCreator() ([]byte, error)              { return s.creator, nil }
func (s *stub) GetTransient() (map[string][]byte, error) { return s.transient, nil }
func (s *stub) GetBinding() ([]byte, error)              { return hex.DecodeString(s.id) }
func (s *stub) GetDecorations() map[string][]byte        { return nil }
func (s *stub) GetTxTimestamp() (*timestamppb.Timestamp, error) {
	return timestamppb.New(s.at), nil
}

func (s *stub) GetSignedProposal() (*peer.SignedProposal, error) {
	return nil, errors.New("an embedded transaction has no signed proposal")
}

func (s *stub) SetEvent(name string, payload []byte) error {
	if name == "" {
		return errors.New("an event has a name")
	}
	s.event, s.payload = name, append([]byte{}, payload...)
	return nil
}

func (s *stub) InvokeChaincode(string, [][]byte, string) *peer.Response {
	return shim.Error("there is no other chaincode on this ledger")
}

// Writes are kept to the end anyway, so a batch changes nothing.
func (s *stub) StartWriteBatch()        {}
func (s *stub) FinishWriteBatch() error { return nil }

func (s *stub) GetQueryResult(string) (shim.StateQueryIteratorInterface, error) { return nil, errRich }
func (s *stub) GetQueryResultWithPagination(string, int32, string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	return nil, nil, errRich
}
func (s *stub) SetStateValidationParameter(string, []byte) error           { return errPolicy }
func (s *stub) GetStateValidationParameter(string) ([]byte, error)         { return nil, errPolicy }
func (s *stub) GetPrivateData(string, string) ([]byte, error)              { return nil, errPrivate }
func (s *stub) GetMultiplePrivateData(string, ...string) ([][]byte, error) { return nil, errPrivate }
func (s *stub) GetPrivateDataHash(string, string) ([]byte, error)          { return nil, errPrivate }
func (s *stub) PutPrivateData(string, string, []byte) error                { return errPrivate }
func (s *stub) DelPrivateData(string, string) error                        { return errPrivate }
func (s *stub) PurgePrivateData(string, string) error                      { return errPrivate }
func (s *stub) SetPrivateDataValidationParameter(string, string, []byte) error {
	return errPrivate
}
func (s *stub) GetPrivateDataValidationParameter(string, string) ([]byte, error) {
	return nil, errPrivate
}
func (s *stub) GetPrivateDataByRange(string, string, string) (shim.StateQueryIteratorInterface, error) {
	return nil, errPrivate
}
func (s *stub) GetPrivateDataByPartialCompositeKey(string, string, []string) (shim.StateQueryIteratorInterface, error) {
	return nil, errPrivate
}
func (s *stub) GetPrivateDataQueryResult(string, string) (shim.StateQueryIteratorInterface, error) {
	return nil, errRich
}
