// Package contract is what the nodes agreed to compute together: the registry
// of nodes and acts, the daily roots, settlements, payout batches, the beacon
// and the proof of faults. It is written once against Fabric's contract API and
// runs on the embedded ledger and on a Fabric network alike.
//
// It holds nothing about one person: no listener, play, invoice or row. What it
// stores grows with nodes, acts and days. Rows and salts that prove a fault come
// in transient data and are not recorded, nor is a hash of them.
//
// Every endorsing peer must come to the same bytes, so there is no clock (a
// transaction's time is the client's, checked by the ledger), float, chance,
// network, environment, goroutine or iteration over a map; a test over the
// syntax tree keeps it so. As on Fabric, a function does not read its own
// writes. Keys are per node, act, period or day, never a shared counter.
//
// Writing functions take an operation id and one JSON argument (the types of
// this package) and return the id of the transaction that recorded them; sent
// again they change nothing. Only the organisation a thing belongs to may write
// it; a proof of fault may come from any registered node. An error is a fault in
// the form of [ledger.Refuse].
package contract

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/cid"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

// Version is the contract's on a network, where all members run the same. It is
// raised with any change of what a function writes or answers, and the version
// before stays in the binary until networks have moved on.
const Version = "1"

// Ctx is what a function is called with.
type Ctx = contractapi.TransactionContextInterface

// Contract holds the functions. It has no state of its own.
type Contract struct{ contractapi.Contract }

// New makes the chaincode.
func New() (*contractapi.ContractChaincode, error) {
	c := new(Contract)
	c.Name = "nineten"
	return contractapi.NewChaincode(c)
}

// The organisational units of Fabric's NodeOUs that may write.
const (
	roleAdmin  = "admin"
	roleClient = "client"
)

// maxArg bounds an argument, in bytes. The longest that any function needs is a
// tenth of it.
const maxArg = 1 << 20

// call is one invoke: who, when and on what.
type call struct {
	stub shim.ChaincodeStubInterface
	base *ahead // the bottom of stub
	msp  string // the caller's organisation, equal to its node's id
	role string // organisational unit
	now  uint64 // Unix milliseconds, as the client dated the transaction
	tx   string
}

func begin(ctx Ctx) (*call, error) {
	stub := &ahead{ChaincodeStubInterface: ctx.GetStub()}
	who, err := cid.New(stub)
	if err != nil {
		return nil, fault.New(fault.Forbidden, "The caller shows no certificate.")
	}
	c := &call{stub: stub, base: stub, tx: stub.GetTxID()}
	if c.msp, err = who.GetMSPID(); err != nil {
		return nil, err
	}
	cert, err := who.GetX509Certificate()
	if err != nil || cert == nil {
		return nil, fault.New(fault.Forbidden, "The caller shows no certificate.")
	}
	for _, r := range []string{roleAdmin, roleClient} {
		if slices.Contains(cert.Subject.OrganizationalUnit, r) {
			c.role = r
			break
		}
	}
	t, err := stub.GetTxTimestamp()
	if err != nil {
		return nil, err
	}
	if t.GetSeconds() < 0 {
		return nil, fault.New(fault.Invalid, "The transaction is dated before 1970.")
	}
	c.now = uint64(t.GetSeconds())*1000 + uint64(t.GetNanos())/1_000_000
	return c, nil
}

// operation is what remains of an operation id.
type operation struct {
	Tx    string `json:"tx"`
	Input Digest `json:"input"` // SHA-256 of function and argument
}

// A reader is an argument that tells which keys its function reads in any case, so that
// they are asked for with what every function reads.
type reader interface{ reads() [][]string }

// perform is the frame of every writing function: who may call at all, has this
// been done before, is the argument what the function takes, do it, remember it.
func perform[In any](ctx Ctx, fn, op, arg string, do func(*call, *In) error) (string, error) {
	c, err := begin(ctx)
	if err != nil {
		return "", refuse(err)
	}
	if c.role == "" {
		return "", refuse(fault.New(fault.Forbidden, "Only a node's client or administrator may write to the ledger."))
	}
	if err := c.place(fn); err != nil {
		return "", refuse(err)
	}
	if !printable(op, 200) {
		return "", refuse(fault.New(fault.Invalid, "An operation id is 1 to 200 printable ASCII characters."))
	}
	key, err := shim.CreateCompositeKey("op", []string{c.msp, fn, op})
	if err != nil {
		return "", err
	}
	if len(arg) > maxArg {
		return "", refuse(fault.New(fault.TooLarge, "An argument has at most %d bytes.", maxArg))
	}
	c.stub.StartWriteBatch() // writes go to the peer together, when the function has ended
	var in In
	unread := decode(arg, &in) // of what was done before under an older contract it may be
	reads := [][]string{{"op", c.msp, fn, op}, {"node", c.msp}}
	if r, ok := any(&in).(reader); ok && unread == nil {
		reads = append(reads, r.reads()...)
	}
	if err := c.ahead(reads...); err != nil {
		return "", refuse(err)
	}
	input := Digest(sha256.Sum256([]byte(fn + "\x00" + arg)))
	var done operation
	if found, err := c.load(key, &done); err != nil {
		return "", err
	} else if found {
		if done.Input != input {
			return "", refuse(fault.New(fault.Conflict, "The operation %s was already used for something else.", op))
		}
		return done.Tx, nil
	}
	if unread != nil {
		return "", refuse(unread)
	}
	if err := do(c, &in); err != nil {
		return "", refuse(err)
	}
	return c.tx, c.save(key, operation{c.tx, input})
}

// query is the frame of every reading function. It asks for a certificate and no
// more: whoever is a member has all of it in its peer's blocks, and hands it on with
// receipts. docs/protocol/ledger.md says so.
func query[Out any](ctx Ctx, do func(*call) (Out, error)) (string, error) {
	c, err := begin(ctx)
	if err != nil {
		return "", refuse(err)
	}
	c.stub = reading{c.stub}
	out, err := do(c)
	if err != nil {
		return "", refuse(err)
	}
	b, err := json.Marshal(out)
	return string(b), err
}

// reading is a stub that only reads, whatever a reading function tries.
type reading struct{ shim.ChaincodeStubInterface }

var errReading = errors.New("a reading function writes")

func (reading) PutState(string, []byte) error { return errReading }
func (reading) DelState(string) error         { return errReading }
func (reading) SetEvent(string, []byte) error { return errReading }

// refuse writes a fault as a message. Anything else is the ledger's failure and
// stays as it is.
func refuse(err error) error {
	if k := fault.KindOf(err); k != fault.Internal {
		return errors.New(ledger.Refuse(k, fault.Message(err)))
	}
	return err
}

// decode reads one JSON argument strictly: no unknown field, nothing after it.
func decode(arg string, into any) error {
	d := json.NewDecoder(strings.NewReader(arg))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fault.New(fault.Invalid, "The argument is not what the function takes.")
	}
	if d.More() {
		return fault.New(fault.Invalid, "The argument goes on after its end.")
	}
	return nil
}

// load reads a value and reports whether there is one.
func (c *call) load(key string, into any) (bool, error) {
	b, err := c.stub.GetState(key)
	if err != nil || b == nil {
		return false, err
	}
	return true, json.Unmarshal(b, into)
}

// save writes a value; a struct's JSON has one order, and no value holds a map.
func (c *call) save(key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.stub.PutState(key, b)
}

// ahead reads together what the function is going to read in any case; a key is
// its kind and its parts.
func (c *call) ahead(named ...[]string) error {
	keys := make([]string, len(named))
	for i, n := range named {
		var err error
		if keys[i], err = shim.CreateCompositeKey(n[0], n[1:]); err != nil {
			return fault.New(fault.Invalid, "That is not a name the ledger can hold.")
		}
	}
	return c.base.ask(keys...)
}

// get and put are load and save under a composite key.
func (c *call) get(into any, kind string, parts ...string) (bool, error) {
	key, err := shim.CreateCompositeKey(kind, parts)
	if err != nil {
		return false, fault.New(fault.Invalid, "That is not a name the ledger can hold.")
	}
	return c.load(key, into)
}

func (c *call) put(v any, kind string, parts ...string) error {
	key, err := shim.CreateCompositeKey(kind, parts)
	if err != nil {
		return fault.New(fault.Invalid, "That is not a name the ledger can hold.")
	}
	return c.save(key, v)
}

// del removes a value, if there is one.
func (c *call) del(kind string, parts ...string) error {
	key, err := shim.CreateCompositeKey(kind, parts)
	if err != nil {
		return fault.New(fault.Invalid, "That is not a name the ledger can hold.")
	}
	return c.stub.DelState(key)
}

// must reads what has to be there, or returns NotFound with the sentence.
func (c *call) must(into any, sentence string, kind string, parts ...string) error {
	found, err := c.get(into, kind, parts...)
	if err == nil && !found {
		return fault.New(fault.NotFound, "%s", sentence)
	}
	return err
}

// each reads all values under a partial composite key in order of their keys
// and hands over the rest of the key's parts.
func each[T any](c *call, kind string, parts []string, do func(rest []string, v T) error) error {
	it, err := c.stub.GetStateByPartialCompositeKey(kind, parts)
	if err != nil {
		return err
	}
	defer it.Close()
	for it.HasNext() {
		kv, err := it.Next()
		if err != nil {
			return err
		}
		_, all, err := c.stub.SplitCompositeKey(kv.GetKey())
		if err != nil {
			return err
		}
		var v T
		if err := json.Unmarshal(kv.GetValue(), &v); err != nil {
			return err
		}
		if err := do(all[len(parts):], v); err != nil {
			return err
		}
	}
	return nil
}

// any reports whether there is a value under a partial composite key.
func (c *call) any(kind string, parts ...string) (bool, error) {
	it, err := c.stub.GetStateByPartialCompositeKey(kind, parts)
	if err != nil {
		return false, err
	}
	defer it.Close()
	return it.HasNext(), nil
}

// pageOf reads one page of the values of a kind in order of their keys, whose
// parts have no slash. A page is named by the key it begins with.
func pageOf[T any](c *call, kind, page string, most int32, do func(v T) error) (next string, err error) {
	from := ""
	if page != "" {
		if from, err = shim.CreateCompositeKey(kind, strings.Split(page, "/")); err != nil {
			return "", fault.New(fault.Invalid, "There is no such page.")
		}
	}
	it, meta, err := c.stub.GetStateByPartialCompositeKeyWithPagination(kind, nil, most, from)
	if err != nil {
		return "", err
	}
	defer it.Close()
	for it.HasNext() {
		kv, err := it.Next()
		if err != nil {
			return "", err
		}
		var v T
		if err := json.Unmarshal(kv.GetValue(), &v); err != nil {
			return "", err
		}
		if err := do(v); err != nil {
			return "", err
		}
	}
	if meta.GetBookmark() == "" {
		return "", nil
	}
	_, parts, err := c.stub.SplitCompositeKey(meta.GetBookmark())
	return strings.Join(parts, "/"), err
}

// announce sets the transaction's event; there is one per transaction.
func (c *call) announce(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.stub.SetEvent(name, b)
}

func printable(s string, most int) bool {
	for _, b := range []byte(s) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return s != "" && len(s) <= most
}
