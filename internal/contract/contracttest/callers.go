package contracttest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

// Functions are the names of all functions of the contract: those that write and
// those that read, which begin with Get.
func Functions() (writing, reading []string) {
	of := reflect.TypeFor[*contract.Contract]()
	for m := range of.Methods() {
		if m.Type.NumIn() < 2 || m.Type.In(1) != reflect.TypeFor[contract.Ctx]() {
			continue // contractapi's own
		}
		if strings.HasPrefix(m.Name, "Get") {
			reading = append(reading, m.Name)
		} else {
			writing = append(writing, m.Name)
		}
	}
	return writing, reading
}

// A writer is a writing function and who may call it.
type writer struct {
	fn string
	// arg is something of home's.
	arg any
	// client says that the node's client may call it, not only its administrator.
	client bool
	// anybody says that any registered node may call it.
	anybody bool
}

func writers(w *world) []writer {
	day, period := w.period.Day(1), contract.PeriodRef{Node: home, Period: w.period}
	settlement := w.filing(emptyMonth(w.period))
	return []writer{
		{"RegisterNode", contract.Registration{Node: home, LogKey: public(key("l")), SettlementKey: public(key("s"))}, false, false},
		{"UpdateNode", contract.Registration{Node: home, Name: "Mine"}, false, false},
		{"RotateKey", contract.Rotation{Node: home, Use: "log", Public: *public(key("n"))}, false, false},
		{"RegisterAct", contract.ActRegistration{Node: home, Act: act(1)}, true, false},
		{"MergeActs", contract.ActMerge{A: act(1), B: act(2)}, true, false},
		{"AnchorDay", contract.DayAnchor{Node: home, Day: day, Commit: digest("c")}, true, false},
		{"RecordPayments", contract.DayPayments{Node: home, Day: day}, true, false},
		{"PayOperators", contract.OperatorPay{Node: home, Period: w.period}, true, false},
		{"PublishSettlement", settlement, true, false},
		{"Finalize", period, true, false},
		{"FixPayoutBatch", contract.BatchLines{Node: home, Period: w.period}, true, false},
		{"ForfeitBalance", contract.BalanceRef{Node: home, Act: act(1), Period: w.period}, true, false},
		{"ProveFault", contract.FaultClaim{Node: home, Period: w.period, Kind: contract.WrongSum}, true, true},
		{"JoinCluster", contract.Membership{Node: home, Cluster: "one"}, false, false},
		{"NameDelegate", contract.Delegation{Cluster: "one", Node: home}, false, false},
		{"RelayDay", contract.Relay{Day: day, Anchors: []contract.DayAnchor{{Node: home, Day: day}}}, true, true},
		{"BeginAdoption", contract.AdoptionFiling{Node: home, Head: digest(1), Height: 1, Chunks: 1, Hash: digest(2)}, false, false},
		{"StageAdoption", contract.AdoptionData{Node: home}, false, false},
		{"VerifyAdoption", contract.AdoptionRef{Node: home}, false, false},
		{"ApplyAdoption", contract.AdoptionStep{Node: home}, false, false},
		{"ProposeIntent", contract.IntentProposal{Kind: contract.RemoveMember, Subject: "z.example"}, false, true},
		{"ApproveIntent", contract.Consent{ID: digest("i")}, false, true},
		{"DeclineIntent", contract.Objection{ID: digest("i")}, false, true},
		{"WithdrawIntent", contract.IntentRef{ID: digest("i")}, false, true},
		{"ConcludeIntent", contract.Conclusion{ID: digest("i"), Outcome: contract.Applied}, false, true},
	}
}

// callers lets everybody call every writing function who may not, and everybody
// who may with arguments that are none. Nothing of it leaves a trace.
func callers(t *testing.T, w *world) {
	for n := range 2 {
		wants(t, "act", one(w.c.RegisterAct(w.ctx, w.op(), contract.ActRegistration{Node: home, Act: act(n + 1)})), fine)
	}
	b := w.register(t, "b.example")
	before, err := w.c.Ledger.Status(w.ctx)
	wants(t, "status", err, fine)
	var known []string
	for _, f := range writers(w) {
		known = append(known, f.fn)
		arg, err := json.Marshal(f.arg)
		wants(t, f.fn, err, fine)
		call := func(c contract.Client, op, arg string) error {
			return one(c.Ledger.Submit(w.ctx, ledger.Call{Fn: f.fn, Op: op, Args: []string{arg}}))
		}
		wants(t, f.fn+" by a peer", call(w.net.As(home, Peer), w.op(), string(arg)), fault.Forbidden)
		wants(t, f.fn+" by a stranger", call(w.net.As("x.example", Admin), w.op(), string(arg)), fault.Forbidden)
		if !f.anybody {
			wants(t, f.fn+" by another node", call(b, w.op(), string(arg)), fault.Forbidden)
			wants(t, f.fn+" by another node's client", call(w.net.As("b.example", Client), w.op(), string(arg)), fault.Forbidden)
		}
		if !f.client {
			wants(t, f.fn+" by a client", call(w.net.As(home, Client), w.op(), string(arg)), fault.Forbidden)
		}
		for _, op := range []string{"", "a b", "a\nb", "\x00", "ü", strings.Repeat("o", 201)} {
			wants(t, f.fn+" as "+op, call(w.c, op, string(arg)), fault.Invalid)
		}
		for _, bad := range []string{"", "null?", "[]", `"a"`, string(arg) + "{}", strings.Replace(string(arg), "{", `{"more":1,`, 1), `{"node":1,"id":1,"settlement":1,"a":1,"kind":1}`} {
			wants(t, f.fn+" with "+bad, call(w.c, w.op(), bad), fault.Invalid)
		}
		wants(t, f.fn+" at length", call(w.c, w.op(), strings.Repeat(" ", 1<<20)+string(arg)), fault.TooLarge)
	}
	writing, _ := Functions()
	slices.Sort(known)
	if diff := cmp.Diff(writing, known); diff != "" {
		t.Errorf("a function that this table does not know: %s", diff)
	}
	if after, err := w.c.Ledger.Status(w.ctx); err != nil || after.Mode == "embedded" && after.Height != before.Height {
		t.Errorf("%d transactions were recorded, %v", after.Height-before.Height, err)
	}
	// Whoever may call them is refused for other reasons, if at all.
	for _, f := range writers(w) {
		arg, err := json.Marshal(f.arg)
		wants(t, f.fn, err, fine)
		may := []contract.Client{w.c}
		if f.client {
			may = append(may, w.net.As(home, Client))
		}
		if f.anybody {
			may = append(may, b)
		}
		for i, c := range may {
			if _, err := c.Ledger.Submit(w.ctx, ledger.Call{Fn: f.fn, Op: w.op(), Args: []string{string(arg)}}); fault.Is(err, fault.Forbidden) {
				t.Errorf("%s is refused to number %d who may call it: %v", f.fn, i, err)
			}
		}
	}
}

// readers asks every reading function about a month that is settled; they record
// nothing, whoever asks.
func readers(t *testing.T, w *world) {
	w.settled(t, w.listeners(1))
	p, day, a := w.period.String(), w.period.LastDay().String(), string(act(1))
	intent := contract.IntentProposal{Kind: contract.RemoveMember, Subject: "z.example"}
	wants(t, "propose", one(w.c.ProposeIntent(w.ctx, w.op(), intent)), fine)
	wants(t, "act", one(w.c.RegisterAct(w.ctx, w.op(), contract.ActRegistration{Node: home, Act: act(1)})), fine)
	asked := []struct {
		fn   string
		args []string
		want fault.Kind
	}{
		{"GetNode", []string{home}, fine},
		{"GetNodes", nil, fine},
		{"GetAct", []string{a}, fine},
		{"GetActs", []string{home}, fine},
		{"GetParameters", []string{"1"}, fine},
		{"GetRules", []string{home, p}, fine},
		{"GetAnchor", []string{home, day}, fine},
		{"GetBeacon", []string{calendar.DayOf(w.period.End()).String()}, fine},
		{"GetPayments", []string{home, w.period.Day(1).String()}, fine},
		{"GetOperatorPay", []string{home, p}, fine},
		{"GetSettlement", []string{home, p}, fine},
		{"GetCorrections", []string{home, p}, fine},
		{"GetProof", []string{home, p}, fine},
		{"GetFaults", []string{home, p}, fine},
		{"GetBatch", []string{home, p}, fine},
		{"GetPayees", []string{home, p}, fine},
		{"GetBalances", []string{home}, fine},
		{"GetBalance", []string{home, a}, fine},
		{"GetForfeits", []string{home, ""}, fine},
		{"GetAdoption", []string{home}, fault.NotFound},
		{"GetAdoptionChunk", []string{home, "0"}, fault.NotFound},
		{"GetClusters", nil, fine},
		{"GetRelay", []string{day}, fine},
		{"GetIntents", nil, fine},
		{"GetIntent", []string{intentID(t, intent).String()}, fine},
		{"GetPastIntents", []string{""}, fine},
	}
	before, err := w.c.Ledger.Status(w.ctx)
	wants(t, "status", err, fine)
	var known []string
	for _, f := range asked {
		known = append(known, f.fn)
		for _, c := range []contract.Client{w.c, w.net.As("x.example", Client)} {
			wants(t, f.fn, one(c.Ledger.Evaluate(w.ctx, f.fn, f.args...)), f.want)
		}
		if len(f.args) > 0 && before.Mode == "embedded" { // elsewhere it would be recorded, as having changed nothing
			wants(t, f.fn+" as a transaction", one(w.c.Ledger.Submit(w.ctx, ledger.Call{Fn: f.fn, Op: f.args[0], Args: f.args[1:]})), f.want)
		}
	}
	_, reading := Functions()
	slices.Sort(known)
	if diff := cmp.Diff(reading, known); diff != "" {
		t.Errorf("a function that this table does not know: %s", diff)
	}
	if after, err := w.c.Ledger.Status(w.ctx); err != nil || after != before {
		t.Errorf("reading recorded something: %+v, %+v, %v", before, after, err)
	}
}
