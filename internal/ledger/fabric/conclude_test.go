package fabric

import (
	"encoding/json"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// What ran out is concluded by the node that proposed it, or a while later by
// another at which it was approved: nobody has to ask for it.
func TestWhatRanOutIsConcluded(t *testing.T) {
	s := newScene(t)
	v := s.grown(t)
	now := time.Now()
	p := contract.IntentProposal{Kind: contract.RemoveMember, Subject: "liar.example"}
	id, err := p.ID()
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		by      string
		state   string
		ended   time.Duration // how long ago its time was over
		looks   time.Duration // how long after that it was approved the node looks
		expects bool
	}{
		"its own":                       {"client.example", contract.Open, time.Second, 0, true},
		"its own, after a long sleep":   {"client.example", contract.Open, time.Second, contract.IntentLife*time.Millisecond + time.Hour, true},
		"another's":                     {"liar.example", contract.Open, time.Minute, 0, true},
		"another's, who may say it now": {"liar.example", contract.Open, time.Second, 0, false},
		"it can still be approved":      {"client.example", contract.Open, -time.Minute, 0, false},
		"somebody said so already":      {"client.example", contract.Expired, time.Minute, 0, false},
	} {
		s.client.cfg.Now = func() time.Time { return now }
		i := contract.Intent{ID: id, IntentProposal: p, By: x.by, State: x.state, Until: uint64(now.Add(x.looks - x.ended).UnixMilli())}
		if err := s.client.remember(channel.Name, i); err != nil {
			t.Fatal(err)
		}
		s.client.cfg.Now = func() time.Time { return now.Add(x.looks) }
		s.reads = map[string]any{"GetIntents": []contract.Intent{}, "GetIntent": i}
		var said []contract.Conclusion
		s.endorse = func(p *peer.Proposal) *cb.Envelope {
			var c contract.Conclusion
			if args := calls(p); string(args[0]) != "ConcludeIntent" || json.Unmarshal(args[2], &c) != nil {
				t.Errorf("%s: it calls %q", name, args[0])
			}
			said = append(said, c)
			return &cb.Envelope{}
		}
		if _, err := s.client.stepIntents(t.Context(), channel.Name, v); err != nil {
			t.Fatal(err)
		}
		if concludes := len(said) == 1 && said[0] == (contract.Conclusion{ID: id, Outcome: contract.Expired, Sequence: v.config.Sequence}); concludes != x.expects || len(said) > 1 {
			t.Errorf("%s: it says %+v", name, said)
		}
		if err := s.client.forget(channel.Name, id); err != nil {
			t.Fatal(err)
		}
	}
}
