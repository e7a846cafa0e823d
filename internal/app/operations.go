package app

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/id"
)

// An operation names what the node wants recorded, so that sending it again
// records nothing twice; see ledger.Call. The name is made of the intention
// alone, never of the try: whoever does not know whether it was recorded makes
// the same name again. Four kinds are fresh each time, because they set what may
// be set to an old value again; they are sent only while the ledger says
// something else. docs/protocol/operations.md holds the same table.
var operations = []struct {
	fn, form string
	fresh    bool
}{
	{fn: "RegisterNode", form: "register"},
	{fn: "UpdateNode", form: "describe/RANDOM", fresh: true},
	{fn: "AnchorDay", form: "anchor/DAY"},
	{fn: "RecordPayments", form: "payments/DAY"},
	{fn: "PayOperators", form: "operators/MONTH/RANDOM", fresh: true},
	{fn: "PublishSettlement", form: "settle/MONTH/SETTLEMENT"},
	{fn: "ProveFault", form: "contest/RECEIPT"},
	{fn: "Finalize", form: "finalize/MONTH"},
	{fn: "FixPayoutBatch", form: "batch/MONTH/CHUNK"},
	{fn: "RegisterAct", form: "act/ACT/VERSION"},
	{fn: "ForfeitBalance", form: "forfeit/ACT/MONTH"},
	{fn: "BeginAdoption", form: "adopt/LEDGER/begin"},
	{fn: "StageAdoption", form: "adopt/LEDGER/CHUNK"},
	{fn: "VerifyAdoption", form: "adopt/LEDGER/verify"},
	{fn: "ApplyAdoption", form: "adopt/LEDGER/CHUNK"},
	{fn: "JoinCluster", form: "cluster/NAME/RANDOM", fresh: true},
	{fn: "NameDelegate", form: "delegate/NAME/RANDOM", fresh: true},
	{fn: "RelayDay", form: "relay/DAY/CONTENT"},
}

const opRegister = "register"

func opDescribe() string                           { return "describe/" + rand.Text() }
func opAnchor(d calendar.Day) string               { return "anchor/" + d.String() }
func opPayments(d calendar.Day) string             { return "payments/" + d.String() }
func opOperators(p calendar.Period) string         { return "operators/" + p.String() + "/" + rand.Text() }
func opContest(receipt string) string              { return "contest/" + receipt }
func opFinalize(p calendar.Period) string          { return "finalize/" + p.String() }
func opBatch(p calendar.Period) string             { return "batch/" + p.String() } // the client adds the chunk
func opAct(a id.Act, version uint32) string        { return fmt.Sprintf("act/%s/%d", a, version) }
func opForfeit(a id.Act, p calendar.Period) string { return "forfeit/" + string(a) + "/" + p.String() }
func opCluster(name string) string                 { return "cluster/" + name + "/" + rand.Text() }
func opDelegate(cluster string) string             { return "delegate/" + cluster + "/" + rand.Text() }
func opSettle(p calendar.Period, b []byte) string {
	return "settle/" + p.String() + "/" + contract.Digest(sha256.Sum256(b)).String()[:16]
}
