package contract_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/contract/contracttest"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

// faceless is a transaction whose caller shows something that is no certificate.
// Nothing of the ledger may be asked for in it.
type faceless struct {
	shim.ChaincodeStubInterface
	creator []byte
}

func (f faceless) GetCreator() ([]byte, error) { return f.creator, nil }
func (faceless) GetTxID() string               { return "tx" }

// No function answers who does not say who they are, whether it writes or reads.
// Who may call the writing ones is a table of contracttest.
func TestNobodyCallsWithoutACertificate(t *testing.T) {
	writing, reading := contracttest.Functions()
	for what, id := range map[string]*msp.SerializedIdentity{
		"nothing":                   {},
		"a name alone":              {Mspid: "a.example"},
		"a name and no certificate": {Mspid: "a.example", IdBytes: []byte("a.example")},
		"a name and no certificate, in its armour": {Mspid: "a.example", IdBytes: []byte("-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n")},
	} {
		creator, err := proto.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		ctx := new(contractapi.TransactionContext)
		ctx.SetStub(faceless{creator: creator})
		for _, fn := range slices.Concat(writing, reading) {
			f := reflect.ValueOf(new(contract.Contract)).MethodByName(fn)
			args := []reflect.Value{reflect.ValueOf(ctx)}
			for range f.Type().NumIn() - 1 {
				args = append(args, reflect.ValueOf("{}"))
			}
			out := f.Call(args)
			err, _ := out[len(out)-1].Interface().(error)
			if err == nil || !fault.Is(ledger.Refusal(err.Error()), fault.Forbidden) {
				t.Errorf("%s to who shows %s: %v", fn, what, err)
			}
		}
	}
}
