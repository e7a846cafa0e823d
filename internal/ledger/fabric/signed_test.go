package fabric

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// changed is the configuration that follows the first block's with an edit.
func changed(t *testing.T, first *cb.Block, edit func(app *cb.ConfigGroup)) channel.Config {
	t.Helper()
	env := unpack(t, first.Data.Data[0], &cb.Envelope{})
	p := unpack(t, env.Payload, &cb.Payload{})
	ce := unpack(t, p.Data, &cb.ConfigEnvelope{})
	ce.Config.Sequence++
	edit(ce.Config.ChannelGroup.Groups["Application"])
	p.Data = pack(t, ce)
	env.Payload = pack(t, p)
	cfg, err := channel.Read(&cb.Block{Header: &cb.BlockHeader{Number: 9}, Data: &cb.BlockData{Data: [][]byte{pack(t, env)}}})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// signedBy is a node's approval of an intent as a configuration has it update.
func signedBy(t *testing.T, h *Home, i contract.Intent, cfg channel.Config) contract.Approval {
	t.Helper()
	update, err := kinds[i.Kind].update(channel.Name, i.IntentProposal, cfg)
	if err != nil {
		t.Fatal(err)
	}
	id, err := h.org.Identity(org.Admin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := channel.Sign(id, update)
	if err != nil {
		t.Fatal(err)
	}
	return contract.Approval{Node: h.cfg.Node, At: 7, Consent: contract.Consent{ID: i.ID, Update: sha256.Sum256(update), Header: s.Header, Signature: s.Signature}}
}

// A member that changes its own address again and again voids nobody's approval:
// what was signed counts as long as it is the very update that the orderers will
// get, and nobody signs twice. When that is another one, nodes sign again, and what
// was signed before counts for nothing, whatever is said of it.
func TestWhatWasSignedHoldsWhileTheUpdateIsTheSame(t *testing.T) {
	a, b, c := homeAt(t, "a.example", 9020, false), homeAt(t, "b.example", 9120, false), homeAt(t, "c.example", 9220, false)
	first := founded(t, a, b, c)
	before, err := channel.Read(first)
	if err != nil {
		t.Fatal(err)
	}
	moved := changed(t, first, func(app *cb.ConfigGroup) {
		v := app.Groups["b.example"].Values["AnchorPeers"]
		v.Version, v.Value = v.Version+1, pack(t, &peer.AnchorPeers{AnchorPeers: []*peer.AnchorPeer{{Host: "elsewhere.example", Port: 9999}}})
	})
	grown := changed(t, first, func(app *cb.ConfigGroup) { app.Version++ })
	intent := func(kind, subject string, payload any) (i contract.Intent) {
		t.Helper()
		i.Kind, i.Subject, i.By, i.State = kind, subject, "a.example", contract.Open
		if payload != nil {
			if i.Payload, err = json.Marshal(payload); err != nil {
				t.Fatal(err)
			}
		}
		if i.ID, err = i.IntentProposal.ID(); err != nil {
			t.Fatal(err)
		}
		for _, h := range []*Home{a, c} {
			i.Approvals = append(i.Approvals, signedBy(t, h, i, before))
		}
		return i
	}
	for _, i := range []contract.Intent{
		intent(contract.RemoveMember, "b.example", nil),
		intent(contract.SetValidators, "", []string{"a.example", "c.example"}),
	} {
		for _, x := range []struct {
			cfg    channel.Config
			counts []string
			signs  bool // a node that approved it, again
		}{{before, []string{"a.example", "c.example"}, false}, {moved, []string{"a.example", "c.example"}, false}, {grown, nil, i.Kind == contract.RemoveMember}} {
			update, err := kinds[i.Kind].update(channel.Name, i.IntentProposal, x.cfg)
			if err != nil {
				t.Fatal(err)
			}
			v := &view{config: x.cfg, approved: []yes{{Channel: channel.Name, Proposal: i.IntentProposal, At: time.Now()}}}
			_, who, last := a.signatures(i, update, x.cfg)
			if !slices.Equal(who, x.counts) || (last.Node != "") != (len(who) > 0) {
				t.Errorf("%s at sequence %d: signed by %v, want %v", i.Kind, x.cfg.Sequence, who, x.counts)
			}
			if got := a.signs(t.Context(), channel.Name, i, who, v, contract.Client{}); got != x.signs {
				t.Errorf("%s at sequence %d: it signs again: %v", i.Kind, x.cfg.Sequence, got)
			}
			// Who says that it signed this, and signed something else.
			lies := i
			lies.Approvals = slices.Clone(i.Approvals)
			for n := range lies.Approvals {
				lies.Approvals[n].Update = sha256.Sum256(update)
				lies.Approvals[n].Sequence = x.cfg.Sequence
			}
			if _, who, _ := a.signatures(lies, update, x.cfg); !slices.Equal(who, x.counts) {
				t.Errorf("%s at sequence %d: what is said to be signed counts for %v", i.Kind, x.cfg.Sequence, who)
			}
		}
	}
}
