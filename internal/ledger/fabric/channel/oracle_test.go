package channel_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
)

// obj is a JSON object, which is YAML too.
type obj = map[string]any

func meta(rule string) obj { return obj{"Type": "ImplicitMeta", "Rule": rule} }

func signature(mspID string, roles ...string) obj {
	rule := ""
	for _, r := range roles {
		rule += fmt.Sprintf(",'%s.%s'", mspID, r)
	}
	return obj{"Type": "Signature", "Rule": "OR(" + rule[1:] + ")"}
}

// profile is what an operator would write for configtxgen to get the same.
func profile(parties []party) []byte {
	policies := func(more obj) obj {
		p := obj{"Readers": meta("ANY Readers"), "Writers": meta("ANY Writers"), "Admins": meta("MAJORITY Admins")}
		for k, v := range more {
			p[k] = v
		}
		return p
	}
	one := func(p party) obj {
		m := p.Member.MSP
		return obj{"Name": m, "ID": m, "MSPDir": filepath.Join(p.dir, "msp"), "Policies": obj{
			"Readers": signature(m, "admin", "peer", "client", "orderer"), "Writers": signature(m, "admin", "client", "orderer"),
			"Admins": signature(m, "admin"), "Endorsement": signature(m, "peer")}}
	}
	var apps, ords, mapping []obj
	endorse, readers, writers := "", "", ""
	for i, p := range parties {
		app, ord := one(p), one(p)
		app["AnchorPeers"] = []obj{{"Host": p.Member.Host, "Port": p.Member.Port}}
		ord["OrdererEndpoints"] = []string{p.Consenter.Address()}
		apps, ords = append(apps, app), append(ords, ord)
		crt := filepath.Join(p.dir, "orderer/tls/server.crt")
		mapping = append(mapping, obj{"ID": i + 1, "Host": p.Consenter.Host, "Port": p.Consenter.Port, "MSPID": p.Member.MSP,
			"Identity": filepath.Join(p.dir, "orderer/msp/signcerts/cert.pem"), "ClientTLSCert": crt, "ServerTLSCert": crt})
		m := p.Member.MSP
		endorse += fmt.Sprintf(",'%s.peer'", m)
		readers += fmt.Sprintf(",'%[1]s.admin','%[1]s.peer','%[1]s.client','%[1]s.orderer'", m)
		writers += fmt.Sprintf(",'%[1]s.admin','%[1]s.client','%[1]s.orderer'", m)
	}
	voices := func(more obj) obj {
		p := policies(more)
		p["Readers"], p["Writers"] = obj{"Type": "Signature", "Rule": "OR(" + readers[1:] + ")"}, obj{"Type": "Signature", "Rule": "OR(" + writers[1:] + ")"}
		return p
	}
	validators := obj{"Type": "Signature", "Rule": fmt.Sprintf("OutOf(%d%s)", channel.Majority(len(parties)), endorse)}
	b, _ := json.MarshalIndent(obj{"Profiles": obj{"Genesis": obj{
		"Capabilities": obj{"V3_0": true}, "Policies": policies(nil),
		"Orderer": obj{"OrdererType": "BFT", "BatchTimeout": channel.BatchTimeout.String(), "ConsenterMapping": mapping, "SmartBFT": fields(channel.BFT()),
			"BatchSize":    obj{"MaxMessageCount": 500, "AbsoluteMaxBytes": 10 << 20, "PreferredMaxBytes": 2 << 20},
			"Capabilities": obj{"V2_0": true}, "Organizations": ords, "Policies": voices(obj{"BlockValidation": meta("ANY Writers")})},
		"Application": obj{"Capabilities": obj{"V2_5": true}, "Organizations": apps,
			"Policies": voices(obj{"LifecycleEndorsement": validators, "Endorsement": validators})}}}}, "", " ")
	return b
}

// fields turns a generated message into what configtxgen reads.
func fields(m any) obj {
	out, v := obj{}, reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			out[f.Name] = v.Field(i).Interface()
		}
	}
	return out
}

func upstream(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), filepath.Join(fabrictest.Bin(t), name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func file(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The first block is what the upstream configtxgen makes of the same, but for who
// may change what an organisation's group holds, which configtxgen always leaves to
// the organisation.
func TestGenesisAsConfigtxgen(t *testing.T) {
	for _, n := range []int{1, 4} {
		var parties []party
		for i := range n {
			parties = append(parties, newParty(t, i))
		}
		dir := t.TempDir()
		file(t, filepath.Join(dir, "configtx.yaml"), profile(parties))
		upstream(t, "configtxgen", "-configPath", dir, "-profile", "Genesis", "-channelID", channel.Name, "-outputBlock", filepath.Join(dir, "block"))
		b, err := os.ReadFile(filepath.Join(dir, "block"))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := channel.DecodeBlock(b)
		if err != nil {
			t.Fatal(err)
		}
		want := channel.Inner(read(t, theirs))
		for half, g := range want.ChannelGroup.Groups {
			for _, o := range g.Groups {
				o.ModPolicy = "/Channel/" + half + "/Admins"
			}
		}
		if got := channel.Inner(read(t, genesis(t, parties...))); !proto.Equal(got, want) {
			t.Errorf("with %d founders the configuration is\n%v\nconfigtxgen makes\n%v", n, got, want)
		}
	}
}

// The difference of two configurations is what configtxlator computes: for our
// own changes, and for random edits anywhere.
func TestUpdateAsConfigtxlator(t *testing.T) {
	a, b, c := newParty(t, 0), newParty(t, 1), newParty(t, 2)
	cfg := read(t, genesis(t, a, b))
	dir, compared := t.TempDir(), 0
	compare := func(what string, from, to *cb.Config) {
		t.Helper()
		own := channel.Difference(channel.Name, from, to)
		if own == nil {
			return
		}
		out := filepath.Join(dir, "update")
		_ = os.Remove(out)
		upstream(t, "configtxlator", "compute_update", "--channel_id", channel.Name, "--output", out,
			"--original", file(t, filepath.Join(dir, "from"), marshal(t, from)), "--updated", file(t, filepath.Join(dir, "to"), marshal(t, to)))
		raw, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		theirs := new(cb.ConfigUpdate)
		if err := proto.Unmarshal(raw, theirs); err != nil {
			t.Fatal(err)
		}
		if compared++; !proto.Equal(own, theirs) {
			t.Errorf("%s: the update is\n%v\nconfigtxlator makes\n%v", what, own, theirs)
		}
	}
	for what, ch := range map[string]channel.Change{
		"admit": channel.Admit(c.Member), "remove": channel.Remove("b.example"), "fewer validators": channel.Validators([]string{"b.example"}),
		"remove an orderer": channel.RemoveOrderer("b.example"),
	} {
		compare(what, channel.Inner(cfg), channel.Inner(change(t, cfg, ch)))
	}
	grown := change(t, cfg, channel.Admit(c.Member))
	compare("add an orderer", channel.Inner(grown), channel.Inner(change(t, grown, channel.AddOrderer(c.Consenter))))
	for i := range 60 {
		r := rand.New(rand.NewSource(int64(i)))
		from := proto.Clone(channel.Inner(cfg)).(*cb.Config)
		versions(r, from.ChannelGroup)
		to := proto.Clone(from).(*cb.Config)
		for range r.Intn(4) + 1 {
			edit(r, to.ChannelGroup)
		}
		compare(fmt.Sprint("edit ", i), from, to)
	}
	if compared < 50 {
		t.Errorf("only %d updates were compared", compared)
	}
}

// versions gives everything in g another version.
func versions(r *rand.Rand, g *cb.ConfigGroup) {
	g.Version = uint64(r.Intn(5))
	for _, v := range g.Values {
		v.Version = uint64(r.Intn(5))
	}
	for _, v := range g.Policies {
		v.Version = uint64(r.Intn(5))
	}
	for _, v := range g.Groups {
		versions(r, v)
	}
}

// edit makes one random change somewhere in g.
func edit(r *rand.Rand, g *cb.ConfigGroup) {
	for _, sub := range g.Groups {
		if r.Intn(3) == 0 {
			edit(r, sub)
			return
		}
	}
	if g.Values == nil {
		g.Values = map[string]*cb.ConfigValue{}
	}
	if g.Policies == nil {
		g.Policies = map[string]*cb.ConfigPolicy{}
	}
	if g.Groups == nil {
		g.Groups = map[string]*cb.ConfigGroup{}
	}
	name := fmt.Sprint("new", r.Intn(3))
	edits := []func(){
		func() { g.Values[name] = &cb.ConfigValue{Value: []byte(name), ModPolicy: "Admins"} },
		func() {
			g.Policies[name] = &cb.ConfigPolicy{ModPolicy: "Admins", Policy: &cb.Policy{Type: 1, Value: []byte{byte(r.Intn(9))}}}
		},
		func() {
			g.Groups[name] = &cb.ConfigGroup{ModPolicy: "Admins", Values: map[string]*cb.ConfigValue{"v": {Value: []byte("v"), ModPolicy: "Admins"}}}
		},
		func() { g.ModPolicy = name },
		func() { drop(g.Values) },
		func() { drop(g.Policies) },
		func() { drop(g.Groups) },
		func() {
			for _, v := range g.Values {
				v.Value = append(v.Value, 1)
				return
			}
		},
		func() {
			for _, v := range g.Policies {
				v.ModPolicy = name
				return
			}
		},
	}
	edits[r.Intn(len(edits))]()
}

func drop[V any](m map[string]V) {
	for k := range m {
		delete(m, k)
		return
	}
}
