package fabric

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// Who is missing is waited for, and not for ever, unless nothing would work without.
func TestWhoIsWaitedFor(t *testing.T) {
	v, now := view{}, time.Now()
	for _, x := range []struct {
		after, took time.Duration // since the last answer, and until this one
		n           int
		begins      bool
	}{
		{0, 0, 2, false},
		{time.Hour, 0, 2, false}, // of four, three must order
		{0, 0, 3, false},
		{straggling - time.Millisecond, 0, 3, false},
		{time.Millisecond, 0, 3, true},
		{0, 0, 3, false}, // the next step waits anew
		{0, 0, 2, false}, // one went again
		{straggling, 0, 3, false},
		{straggling, 0, 3, true},
		{0, straggling, 3, true}, // one hangs
		{0, 0, 4, true},
	} {
		asked := now.Add(x.after)
		now = asked.Add(x.took)
		if got := v.begins(x.n, 4, asked, now); got != x.begins {
			t.Errorf("%d of 4, %v later: %v", x.n, x.after+x.took, got)
		}
	}
}

// What an orderer answers tells whether it runs, and whether it is in the channel.
// One whose clock differs says nothing about the latter.
func TestWhatAnOrdererIs(t *testing.T) {
	failed := errors.New("it said something")
	for name, x := range map[string]struct {
		hearing
		there, takesPart bool
	}{
		"orders":        {hearing{}, true, true},
		"silent":        {hearing{err: failed}, false, false},
		"not in it":     {hearing{err: failed, absent: true}, true, false},
		"no member's":   {hearing{err: failed, forbidden: true}, true, true},
		"another clock": {hearing{err: failed, apart: true}, true, false},
	} {
		if x.hearing.there() != x.there || x.hearing.takesPart() != x.takesPart {
			t.Errorf("%s: there %v, takes part %v", name, x.hearing.there(), x.hearing.takesPart())
		}
	}
}

// Nothing is put before orderers that are not in their new channel, and what a node
// says of them tells what is wrong. Once they have begun it waits for nobody again.
func TestNothingIsRecordedBeforeThereAreOrderers(t *testing.T) {
	ln := anyPort(t)
	homes := []*Home{homeAt(t, "a.example", port(ln), false)}
	var others []*liar
	var at []net.Listener
	for _, node := range []string{"b.example", "c.example", "d.example"} {
		l := anyPort(t)
		homes, at, others = append(homes, homeAt(t, node, port(l)-child.Config{}.Ports().Orderer, false)), append(at, l), append(others, new(liar))
	}
	f := channel.Founding{Channel: channel.Name}
	for _, h := range homes {
		f.Founders = append(f.Founders, founder(t, h, true))
	}
	first, err := f.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range others {
		l.serve(t, at[i], homes[i+1])
	}
	// The peer has the contract, which nobody approved yet, and tells what it is asked for.
	a := homes[0]
	var calls []string
	installed := pack(t, &lifecycle.QueryInstalledChaincodesResult{InstalledChaincodes: []*lifecycle.QueryInstalledChaincodesResult_InstalledChaincode{{PackageId: a.packages[contract.Version]}}})
	own := &liar{config: first, answers: map[string][]byte{"QueryInstalledChaincodes": installed}, reads: map[string]any{"QueryChaincodeDefinition": status.Error(codes.Unknown, "namespace 9ten is not defined"), "QueryApprovedChaincodeDefinition": status.Error(codes.Unknown, "it knows of none")}}
	own.refuse = func(fn string) error {
		calls = append(calls, fn)
		return status.Error(codes.Unavailable, "that was all it wanted")
	}
	own.serve(t, ln, a)
	if err := a.Take(channel.Name, first); err != nil {
		t.Fatal(err)
	}
	v, err := a.current(t.Context(), channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		what     string
		say      []cb.Status
		waits    error
		says     string
		approves bool
	}{
		{"nobody is in it", []cb.Status{cb.Status_NOT_FOUND, cb.Status_NOT_FOUND, cb.Status_NOT_FOUND}, nil, "1 of the network's 4 orderers are there so far.", false},
		{"one is in it", []cb.Status{cb.Status_FORBIDDEN, cb.Status_NOT_FOUND, cb.Status_NOT_FOUND}, nil, "2 of the network's 4 orderers are there so far.", false},
		{"its clock is wrong", []cb.Status{cb.Status_BAD_REQUEST, cb.Status_BAD_REQUEST, cb.Status_BAD_REQUEST}, nil, "do not believe its clock", false},
		{"one has another time", []cb.Status{cb.Status_BAD_REQUEST, cb.Status_NOT_FOUND, cb.Status_NOT_FOUND}, nil, "1 of the network's 4 orderers are there so far.", false},
		{"its own is not in it", []cb.Status{cb.Status_FORBIDDEN, cb.Status_FORBIDDEN, cb.Status_FORBIDDEN}, errors.New("so many"), "so many", false},
		{"all are in it", []cb.Status{cb.Status_FORBIDDEN, cb.Status_FORBIDDEN, cb.Status_FORBIDDEN}, nil, "that was all it wanted", true},
		{"one went, which was there", []cb.Status{cb.Status_FORBIDDEN, cb.Status_FORBIDDEN, cb.Status_NOT_FOUND}, nil, "that was all it wanted", true},
	} {
		for i, l := range others {
			l.refuses = x.say[i]
		}
		calls, v.waits = nil, x.waits
		_, err := a.stepContract(t.Context(), channel.Name, v)
		if err == nil || !strings.Contains(err.Error()+fault.Message(err), x.says) || slices.Contains(calls, "ApproveChaincodeDefinitionForMyOrg") != x.approves {
			t.Errorf("%s: %v; it asks for %q", x.what, err, calls)
		}
	}
}
