package fabric

import (
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// configAt is the first configuration again, at a sequence, in block number of a
// channel. Its orderer signed it if that is given.
func configAt(t *testing.T, first *cb.Block, number, sequence uint64, name string, orderer *Home, edits ...func(*cb.ConfigGroup)) *cb.Block {
	t.Helper()
	env := unpack(t, first.Data.Data[0], &cb.Envelope{})
	p := unpack(t, env.Payload, &cb.Payload{})
	ce := unpack(t, p.Data, &cb.ConfigEnvelope{})
	h := unpack(t, p.Header.ChannelHeader, &cb.ChannelHeader{})
	ce.Config.Sequence, h.ChannelId = sequence, name
	for _, edit := range edits {
		edit(ce.Config.ChannelGroup)
	}
	p.Data, p.Header.ChannelHeader = pack(t, ce), pack(t, h)
	env.Payload = pack(t, p)
	raw := pack(t, env)
	b := &cb.Block{Header: &cb.BlockHeader{Number: number, PreviousHash: make([]byte, 32), DataHash: sum(raw)}, Data: &cb.BlockData{Data: [][]byte{raw}}, Metadata: &cb.BlockMetadata{Metadata: make([][]byte, 5)}}
	md := &cb.Metadata{Value: pack(t, &cb.OrdererBlockMetadata{LastConfig: &cb.LastConfig{Index: number}})}
	if orderer != nil {
		header, err := asn1.Marshal(struct {
			Number         *big.Int
			Previous, Data []byte
		}{new(big.Int).SetUint64(number), b.Header.PreviousHash, b.Header.DataHash})
		if err != nil {
			t.Fatal(err)
		}
		id, err := orderer.org.Identity(org.Orderer)
		if err != nil {
			t.Fatal(err)
		}
		who := pack(t, &cb.IdentifierHeader{Identifier: 1})
		sig, err := id.Sign(append(append(append([]byte{}, md.Value...), who...), header...))
		if err != nil {
			t.Fatal(err)
		}
		md.Signatures = []*cb.MetadataSignature{{IdentifierHeader: who, Signature: sig}}
	}
	b.Metadata.Metadata[0] = pack(t, md)
	return b
}

// A node takes no configuration that the orderers of the one before did not sign:
// not at the first look and not at the next, and it does not look for ever.
func TestForgedConfigurationsAreNotTaken(t *testing.T) {
	s := newScene(t)
	later := configAt(t, s.first, 9, 1, channel.Name, s.member)
	s.blocks = map[string]*cb.Block{"8": s.first, "9": later}
	for what, forged := range map[string]*cb.Block{
		"the first block, changed":                        configAt(t, s.first, 0, 7, channel.Name, nil),
		"a later one that nobody signed":                  configAt(t, s.first, 9, 1, channel.Name, nil),
		"one that its orderer signed for another channel": configAt(t, s.first, 9, 1, contract.ClusterChannel("north"), s.member),
		"one that leaves another out":                     configAt(t, s.first, 9, 2, channel.Name, s.member),
	} {
		s.config, s.blocks["9"] = forged, forged
		v := &view{far: true}
		for look := range 2 {
			if err := s.reach(t); err != nil {
				t.Fatal(err)
			}
			if _, err := s.client.stepConfig(t.Context(), channel.Name, v); !fault.Is(err, fault.Invalid) || v.block != nil || v.config.Sequence != 0 {
				t.Errorf("%s, look %d: taken at sequence %d (%v)", what, look, v.config.Sequence, err)
			}
		}
		if all := histories(t, s.client); len(all) != 1 {
			t.Errorf("%s: kept", what)
		}
	}
	// Blocks that name themselves, or a later one, as their configuration.
	s.config, s.blocks["8"], s.asked = later, configAt(t, s.first, 8, 1, channel.Name, nil), 0
	s.blocks["8"].Metadata = later.Metadata
	if err := s.reach(t); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.configs(t.Context(), channel.Name); !fault.Is(err, fault.Invalid) || s.asked > 1 {
		t.Errorf("after %d blocks: %v", s.asked, err)
	}
	// What was signed is taken, and a peer that is behind takes nothing back.
	v := s.grown(t)
	for _, b := range []*cb.Block{s.config, s.first} {
		s.config = b
		if _, err := s.client.stepConfig(t.Context(), channel.Name, v); err != nil || v.config.Sequence != 1 {
			t.Errorf("at sequence %d: %v", v.config.Sequence, err)
		}
	}
}

// reach has the client find the member's peer again, which it drops for a lie.
func (s *scene) reach(t *testing.T) error {
	t.Helper()
	config := s.config
	defer func() { s.config = config }()
	s.config = s.first
	_, err := s.client.stepReach(t.Context(), channel.Name, &view{})
	return err
}

// grown is what the client sees of the network after one change.
func (s *scene) grown(t *testing.T) *view {
	t.Helper()
	s.config = configAt(t, s.first, 9, 1, channel.Name, s.member)
	s.blocks = map[string]*cb.Block{"8": s.first, "9": s.config}
	if err := s.reach(t); err != nil {
		t.Fatal(err)
	}
	v := &view{far: true}
	if _, err := s.client.stepConfig(t.Context(), channel.Name, v); err != nil || v.config.Sequence != 1 {
		t.Fatalf("sequence %d: %v", v.config.Sequence, err)
	}
	return v
}

// A node signs again what was approved at it, and nothing else, whatever a peer
// says that it approved.
func TestOnlyWhatWasApprovedHereIsSignedAgain(t *testing.T) {
	s := newScene(t)
	v := s.grown(t)
	newcomer, err := homeAt(t, "newcomer.example", 9120, false).Member()
	if err != nil {
		t.Fatal(err)
	}
	intent := func(kind, subject, by string, payload any, at uint64) contract.Intent {
		t.Helper()
		b, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		i := contract.Intent{IntentProposal: contract.IntentProposal{Kind: kind, Subject: subject, Payload: b}, By: by, State: contract.Open, Round: 2}
		if i.ID, err = i.IntentProposal.ID(); err != nil {
			t.Fatal(err)
		}
		i.Approvals = []contract.Approval{{Node: by, Consent: contract.Consent{ID: i.ID, Sequence: at}}}
		return i
	}
	admit := intent(contract.AdmitMember, "newcomer.example", "client.example", newcomer, 0)
	endorse := intent(contract.SetValidators, "", "client.example", []string{"client.example", "liar.example"}, 0)
	leave := intent(contract.SetValidators, "", "liar.example", []string{}, 1)
	s.reads = map[string]any{"GetNode": contract.Node{}}
	// signed are the intents it signs when the peer shows it these.
	signed := func(list ...contract.Intent) (ids []contract.Digest, err error) {
		t.Helper()
		s.endorse = func(p *peer.Proposal) *cb.Envelope {
			var c contract.Consent
			if args := calls(p); string(args[0]) != "ApproveIntent" || json.Unmarshal(args[2], &c) != nil {
				t.Errorf("it calls %q", args[0])
			}
			ids = append(ids, c.ID)
			return &cb.Envelope{}
		}
		s.reads["GetIntents"], s.reads["GetIntent"] = list, list[0]
		_, err = s.client.stepIntents(t.Context(), channel.Name, v)
		return ids, err
	}
	for _, i := range []contract.Intent{admit, endorse, leave} {
		if ids, err := signed(i); len(ids) > 0 || err != nil {
			t.Errorf("%s: signed %v (%v), and nobody approved it", i.Kind, ids, err)
		}
	}
	for _, i := range []contract.Intent{admit, endorse} {
		if err := s.client.remember(channel.Name, i); err != nil {
			t.Fatal(err)
		}
		if ids, _ := signed(i); len(ids) != 1 || ids[0] != i.ID {
			t.Errorf("%s: signed %v, and it was approved", i.Kind, ids)
		}
	}
	// Another content under its id is not it, nor is the same in another round.
	other := admit
	other.Payload = append([]byte(" "), other.Payload...)
	if ids, err := signed(other); len(ids) > 0 || !fault.Is(err, fault.Unavailable) {
		t.Errorf("signed %v under the id of what was approved (%v)", ids, err)
	}
	again := admit
	again.Round++
	if ids, err := signed(again); len(ids) > 0 || err != nil {
		t.Errorf("signed %v, which was approved when it was proposed before (%v)", ids, err)
	}
	// It is forgotten by then; what was declined, is in force, or is old is, too.
	if ids, _ := signed(admit); len(ids) > 0 {
		t.Errorf("signed %v of an earlier round", ids)
	}
	for what, end := range map[string]func() error{
		"declined": func() error { return s.client.forget(channel.Name, admit.ID) },
		"old": func() error {
			s.client.cfg.Now = func() time.Time { return time.Now().Add(contract.IntentLife*time.Millisecond + time.Hour) }
			return nil
		},
	} {
		s.client.cfg.Now = time.Now
		if err := s.client.remember(channel.Name, admit); err != nil {
			t.Fatal(err)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if ids, _ := signed(admit); len(ids) > 0 {
			t.Errorf("signed %v, which is %s", ids, what)
		}
	}
	member, err := s.client.Member()
	if err != nil {
		t.Fatal(err)
	}
	in := intent(contract.AdmitMember, member.MSP, "liar.example", member, 1)
	if y := (yes{Channel: channel.Name, Proposal: in.IntentProposal, At: time.Now()}); !y.over(v.config, time.Now()) {
		t.Error("what is in force is kept")
	}
}
