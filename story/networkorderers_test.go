package story

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"syscall"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/network"
)

// agree has operators approve by command what one of them proposed: as many as are
// still needed, as a further one is too late.
func agree(id string, operators ...*networkNode) {
	for _, n := range operators {
		n.Helper()
		n.saysSoon([]string{id}, "ledger", "intents")
		n.says([]string{"Approved for this node."}, "ledger", "approve", id)
	}
}

// intentID finds a proposal in a command's answer, which is the same for one that is
// given again because the first answer was lost.
var intentID = regexp.MustCompile(`"intent": *"([0-9a-f]{64})"`)

// orders makes a member one of those that order.
func orders(n *networkNode, others ...*networkNode) {
	n.Helper()
	var id string
	n.eventually(n.id+" proposes to order", func() error {
		out, err := n.command("ledger", "orderer", "add", "--json").CombinedOutput()
		m := intentID.FindSubmatch(out)
		if m == nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		id = string(m[1])
		return nil
	})
	approve(id, n.id+" as an orderer", others...)
	n.eventually(n.id+" orders", func() error {
		w, err := n.network()
		if err != nil {
			return err
		}
		for _, m := range w.Members {
			if m.Self && m.Orders {
				_, err := childOf(n.cmd.Process.Pid, "orderer")
				return err
			}
		}
		return fmt.Errorf("it does not, of %d members", len(w.Members))
	})
}

// outlivesItsLeader kills the orderer that leads and keeps it from coming back, while
// something is recorded all the time: the network goes on under another one. The nodes
// are in the order in which they came to order.
func outlivesItsLeader(nodes []*networkNode) {
	n := nodes[0]
	n.Helper()
	at := n.ledgerAt(n).Ledger.(*fabric.Client)
	var next, view uint64
	signed := map[uint32]bool{} // who signed a block of that view, by their numbers from 1
	read := func() error {
		s, err := at.Status(n.Context())
		if next == 0 {
			next = s.Height
		}
		for ; err == nil && next < s.Height; next++ {
			var in uint64
			var by []uint32
			if in, by, err = sealed(n.Context(), at, next); err != nil {
				break
			}
			if in != view {
				view = in
				clear(signed)
			}
			for _, x := range by {
				signed[x] = true
			}
		}
		return err
	}
	allSign := func(what string) {
		n.Helper()
		clear(signed)
		n.eventually("all orderers sign, "+what, func() error {
			err := read()
			if err == nil && len(signed) < len(nodes) {
				err = fmt.Errorf("only %v do", slices.Sorted(maps.Keys(signed)))
			}
			return err
		})
	}
	allSign("those that were restarted, too")
	was := view
	led := was % uint64(len(nodes)) // they lead in turn
	dead := nodes[led]
	dead.Logf("kill -9 the orderer of %s (%d), which leads in view %d", dead.id, dead.child("orderer"), was)
	dead.takeAway("orderer")
	n.eventually("the network records on without the orderer of "+dead.id, func() error {
		err := read()
		if err == nil && view == was {
			err = fmt.Errorf("it leads still, in view %d", view)
		}
		return err
	})
	if signed[uint32(led+1)] {
		n.Errorf("the orderer of %s signs in view %d, and it is dead", dead.id, view)
	}
	dead.giveBack("orderer")
	allSign("the one that was away, too")
}

// sealed is in which view a block was ordered, and which orderers signed it.
func sealed(ctx context.Context, at *fabric.Client, number uint64) (view uint64, by []uint32, err error) {
	b, err := at.Block(ctx, number)
	if err != nil {
		return 0, nil, err
	}
	var signed cb.Metadata
	var of cb.OrdererBlockMetadata
	if err := errors.Join(proto.Unmarshal(b.Metadata.Metadata[cb.BlockMetadataIndex_SIGNATURES], &signed), proto.Unmarshal(signed.Value, &of)); err != nil {
		return 0, nil, err
	}
	for _, s := range signed.Signatures {
		var who cb.IdentifierHeader
		if err := proto.Unmarshal(s.IdentifierHeader, &who); err != nil {
			return 0, nil, err
		}
		by = append(by, who.Identifier)
	}
	// SmartBFT's ViewMetadata: view_id is its first field, and not written for 0.
	if field, kind, size := protowire.ConsumeTag(of.ConsenterMetadata); field == 1 && kind == protowire.VarintType {
		view, _ = protowire.ConsumeVarint(of.ConsenterMetadata[size:])
	}
	return view, by, nil
}

// outgrowsItsFounder takes a fifth orderer in while people use four, and then the
// founder's out, by commands: nobody is refused anything, and the one that is out
// stops its own and stays a member.
func outgrowsItsFounder(founder, e *networkNode, others ...*networkNode) {
	t := founder
	t.Helper()
	join(e, founder, others[0], others[1])
	five := slices.Concat([]*networkNode{founder}, others, []*networkNode{e})
	quiet := busy("fay", five...)
	orders(e, founder, others[0], others[1])
	doctors := func(words string) {
		t.Helper()
		for _, n := range []*networkNode{founder, e} { // who have lost no child lately
			n.saysSoon([]string{words}, "ledger", "doctor")
		}
	}
	doctors("5 of 5 orderers take part; 4 must.")
	id := others[0].proposes("ledger", "orderer", "remove", founder.id, "--note", "It is far away.")
	founder.saysSoon([]string{id, others[0].id + " proposes that " + founder.id, "It is far away.", "1 approved, 3 needed"}, "ledger", "intents")
	agree(id, others[1], e)
	founder.eventually("the orderer of "+founder.id+" has ended", func() error {
		if pid, err := childOf(founder.cmd.Process.Pid, "orderer"); err == nil {
			return fmt.Errorf("it runs as %d", pid)
		}
		return nil
	})
	founder.child("peer")
	quiet()
	founder.rename("The Founder")
	for _, n := range five {
		n.knows(founder, "The Founder")
		n.eventually("all but "+founder.id+" order, says "+n.id, func() error {
			w, err := n.network()
			if err != nil {
				return err
			}
			if len(w.Members) != len(five) || slices.ContainsFunc(w.Members, func(m network.MemberNode) bool { return m.Orders == (m.Node == founder.id) }) {
				return fmt.Errorf("it knows %+v", w.Members)
			}
			return nil
		})
	}
	doctors("4 of 4 orderers take part; 3 must.")
	// What it has no more it cannot replace, and nobody removes it twice.
	founder.refused("ledger", "orderer", "replace")
	others[0].refused("ledger", "orderer", "remove", founder.id)
}

// endorsesAgain takes a member that is down out of those who endorse, and, while it
// still is, in again, by commands.
func endorsesAgain(n, by, other *networkNode) {
	n.Helper()
	endorses := func(want bool) {
		by.Helper()
		by.eventually(fmt.Sprintf("that %s endorses is %v", n.id, want), func() error {
			w, err := by.network()
			if err != nil {
				return err
			}
			i := slices.IndexFunc(w.Members, func(m network.MemberNode) bool { return m.Node == n.id })
			if i < 0 || w.Members[i].Endorses != want {
				return fmt.Errorf("they are %+v", w.Members)
			}
			return nil
		})
	}
	endorses(true)
	by.saysSoon([]string{"Nothing is to be decided."}, "ledger", "intents") // what it asked for itself is concluded
	n.end(syscall.SIGTERM)
	by.refused("ledger", "validator", "add", n.id) // it is one
	agree(by.proposes("ledger", "validator", "remove", n.id, "--note", "It is down."), other)
	endorses(false)
	by.refused("ledger", "validator", "remove", n.id)
	by.rename("Robin Hood's Bay") // by the two that are left
	other.knows(by, "Robin Hood's Bay")
	agree(by.proposes("ledger", "validator", "add", n.id, "--note", "It is being repaired."), other)
	endorses(true)
	n.start()
	n.ready()
}
