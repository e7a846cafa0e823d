package fabric

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
)

// findings are the findings of a node by their names.
func findings(t *testing.T, h *Home, resting bool) map[string]doctor.Finding {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	list, err := h.Examine(ctx, resting)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]doctor.Finding{}
	for _, f := range list {
		out[f.Name] = f
	}
	return out
}

// Between founding a network and the first start nothing runs: the doctor says so,
// and what to do, before anything was set up. It looks at the orderers all the same.
func TestExamineBeforeTheFirstStart(t *testing.T) {
	h := atHome(t, "a.example", time.Now)
	if f := findings(t, h, false)["network"]; !f.OK || !strings.Contains(f.Detail, "in no network yet") {
		t.Errorf("before: %+v", f)
	}
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	all := findings(t, h, false)
	for _, name := range []string{"peer", "orderer"} {
		if f := all[name]; f.OK || !strings.Contains(f.Detail, "has not run since") || !strings.Contains(f.Remedy, "9ten serve") {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := all["orderers"]; f.OK || !strings.Contains(f.Detail, "0 of 1") || f.Remedy == "" {
		t.Errorf("%+v", f)
	}
	if f := findings(t, h, true)["peer"]; !f.OK || f.Detail == "" {
		t.Errorf("of a node that is not meant to run: %+v", f)
	}
}

// One that waits to be admitted says for whom, and that it has to run for it.
func TestExamineWhoWaits(t *testing.T) {
	h := atHome(t, "b.example", time.Now)
	member := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer member.Close()
	if err := h.Ask(t.Context(), member.URL, "", ""); err != nil {
		t.Fatal(err)
	}
	if f := findings(t, h, false)["network"]; !f.OK || !strings.Contains(f.Detail, member.URL) || !strings.Contains(f.Detail, "9ten serve") {
		t.Errorf("%+v", f)
	}
}

// Who fills the configuration up, which each member can alone, is named at the
// others, and at the node itself, which did not write that.
func TestExamineNamesWhoFillsTheConfiguration(t *testing.T) {
	s := newScene(t)
	if f := findings(t, s.client, false)["configuration"]; !f.OK || !strings.Contains(f.Detail, "The configuration of the network has ") {
		t.Errorf("as it was founded: %+v", f)
	}
	anchors := func(n int) func(*cb.ConfigGroup) {
		var many peer.AnchorPeers
		for i := range n {
			many.AnchorPeers = append(many.AnchorPeers, &peer.AnchorPeer{Host: "many.example", Port: int32(i)})
		}
		return func(g *cb.ConfigGroup) {
			g.Groups["Application"].Groups["liar.example"].Values["AnchorPeers"].Value = pack(t, &many)
		}
	}
	for i, n := range []int{100, 20_000} {
		filled := configAt(t, s.first, uint64(9+i), uint64(1+i), channel.Name, s.member, anchors(n))
		if err := s.client.keep(channel.Name, filled); err != nil {
			t.Fatal(err)
		}
		f := findings(t, s.client, false)["configuration"]
		if named := strings.Contains(f.Detail, "liar.example fills 39") && strings.HasSuffix(f.Remedy, "any more.") && strings.Contains(f.Remedy, "9ten ledger member remove liar.example."); f.OK == named || named != (i == 1) || strings.Contains(f.Detail, "client.example") {
			t.Errorf("%d anchor peers: %+v", n, f)
		}
		if i == 0 {
			continue
		}
		cfg, err := channel.Read(filled)
		if err != nil {
			t.Fatal(err)
		}
		for cluster, remedy := range map[string]string{"": "member remove liar.example.", "north": "member remove liar.example --cluster."} {
			if f, err := s.client.roomIn(cluster, cfg); err != nil || !strings.Contains(f.Remedy, remedy) {
				t.Errorf("of %q: %+v (%v)", cluster, f, err)
			}
		}
		if f, err := s.member.roomIn("", cfg); err != nil || f.OK || !strings.Contains(f.Remedy, "somebody else has its administrator's key") || strings.Contains(f.Remedy, "put it out") {
			t.Errorf("of the node itself: %+v (%v)", f, err)
		}
	}
}
