package channel_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// party is an organisation with its secrets and what it shows of itself.
type party struct {
	dir string
	org *org.Org
	channel.Founder
}

func newParty(t testing.TB, n int) party {
	t.Helper()
	p := party{dir: t.TempDir()}
	name := fmt.Sprintf("%c.example", 'a'+n)
	var err error
	if p.org, err = org.Keep(p.dir, name, []string{name}, time.Now); err != nil {
		t.Fatal(err)
	}
	get := func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	p.Member = channel.Member{MSP: name, Host: name, Port: 9020, CA: get(p.org.CA()), TLSCA: get(p.org.TLSCA())}
	p.Consenter = channel.Consenter{MSP: name, Host: name, Port: 9021, Identity: get(p.org.SignCert(org.Orderer)), TLS: get(p.org.TLSCert(org.Orderer))}
	return p
}

func genesis(t testing.TB, founders ...party) *cb.Block {
	t.Helper()
	var fs []channel.Founder
	for _, p := range founders {
		fs = append(fs, p.Founder)
	}
	b, err := channel.Founding{Channel: channel.Name, Founders: fs}.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t testing.TB, b *cb.Block) channel.Config {
	t.Helper()
	c, err := channel.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// voices are the organisations that a policy of one of the two groups names.
func voices(t testing.TB, c channel.Config, group, policy string) (out []string) {
	t.Helper()
	var e cb.SignaturePolicyEnvelope
	if err := proto.Unmarshal(channel.Inner(c).ChannelGroup.Groups[group].Policies[policy].Policy.Value, &e); err != nil {
		t.Fatal(err)
	}
	for _, id := range e.Identities {
		var r msp.MSPRole
		if err := proto.Unmarshal(id.Principal, &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r.MspIdentifier)
	}
	return slices.Compact(out)
}

// Whoever comes or goes may read and write from then on, or no more.
func TestVoicesFollowMembership(t *testing.T) {
	a, b, c := newParty(t, 0), newParty(t, 1), newParty(t, 2)
	cfg := read(t, genesis(t, a))
	for i, step := range []struct {
		change        channel.Change
		members, with []string // of the network, and those with an orderer
	}{
		{channel.Admit(c.Member), []string{"a.example", "c.example"}, []string{"a.example"}},
		{channel.Admit(b.Member), []string{"a.example", "b.example", "c.example"}, []string{"a.example"}},
		{channel.AddOrderer(b.Consenter), []string{"a.example", "b.example", "c.example"}, []string{"a.example", "b.example"}},
		{channel.AddOrderer(c.Consenter), []string{"a.example", "b.example", "c.example"}, []string{"a.example", "b.example", "c.example"}},
		{channel.RemoveOrderer("b.example"), []string{"a.example", "b.example", "c.example"}, []string{"a.example", "c.example"}},
		{channel.Remove("c.example"), []string{"a.example", "b.example"}, []string{"a.example"}},
	} {
		cfg = change(t, cfg, step.change)
		for _, policy := range []string{"Readers", "Writers"} {
			if got := voices(t, cfg, "Application", policy); !slices.Equal(got, step.members) {
				t.Errorf("after change %d the %s of the network are %v, want %v", i, policy, got, step.members)
			}
			if got := voices(t, cfg, "Orderer", policy); !slices.Equal(got, step.with) {
				t.Errorf("after change %d the %s among the orderers are %v, want %v", i, policy, got, step.with)
			}
		}
	}
}

// change applies a change as if it had gone through the orderers.
func change(t testing.TB, c channel.Config, ch channel.Change) channel.Config {
	t.Helper()
	next, err := c.After(ch)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func msps(ms []channel.Member) (out []string) {
	for _, m := range ms {
		out = append(out, m.MSP)
	}
	return out
}

func TestFoundAndGrow(t *testing.T) {
	a, b, c := newParty(t, 0), newParty(t, 1), newParty(t, 2)
	cfg := read(t, genesis(t, a))
	members, err := cfg.Members()
	if err != nil || len(members) != 1 || members[0].Address() != "a.example:9020" || string(members[0].CA) != string(a.Member.CA) {
		t.Fatalf("the founder is not as it showed itself: %v %v", members, err)
	}
	cfg = change(t, change(t, cfg, channel.Admit(b.Member)), channel.Admit(c.Member))
	if members, _ = cfg.Members(); !slices.Equal(msps(members), []string{"a.example", "b.example", "c.example"}) {
		t.Fatalf("members are %v", msps(members))
	}
	if v, err := cfg.Validators(); err != nil || !slices.Equal(v, []string{"a.example"}) {
		t.Fatalf("who is admitted endorses at once: %v %v", v, err)
	}
	cfg = change(t, cfg, channel.Validators([]string{"c.example", "a.example", "b.example"}))
	cfg = change(t, cfg, channel.AddOrderer(b.Consenter))
	cfg = change(t, cfg, channel.AddOrderer(c.Consenter))
	if o, err := cfg.Consenters(); err != nil || len(o) != 3 || o[2].Address() != "c.example:9021" {
		t.Fatalf("orderers: %v %v", o, err)
	}
	cfg = change(t, cfg, channel.Remove("b.example"))
	if v, _ := cfg.Validators(); cfg.Member("b.example") || !slices.Equal(v, []string{"a.example", "c.example"}) {
		t.Errorf("b is still there: validators %v", v)
	}
	if _, still := cfg.Orders("b.example"); still {
		t.Error("an organisation that was removed still orders")
	}
	if o, ok := cfg.Orders("c.example"); !ok || o.Port != 9021 {
		t.Errorf("c orders at %v %v", o, ok)
	}
}

func TestWhatCannotBeChanged(t *testing.T) {
	a, b, c := newParty(t, 0), newParty(t, 1), newParty(t, 2)
	cfg := change(t, read(t, genesis(t, a)), channel.Admit(b.Member))
	foreign := b.Consenter
	foreign.Identity = c.Consenter.Identity
	noCA := c.Member
	noCA.CA = c.Consenter.Identity
	long, longOrderer := c.Member, b.Consenter
	long.TLSCA = lengthened(t, c.Member.TLSCA)
	longOrderer.TLS = lengthened(t, longOrderer.TLS)
	elsewhere, beside := a.Consenter, a.Consenter
	elsewhere.Host, beside.Port = "elsewhere.example", 9999
	odd, rows := c.Member, c.Member
	odd.MSP, rows.Host = "c example", "c.example\nd.example\t11111-22222"
	for _, tt := range []struct {
		what   string
		change channel.Change
		kind   fault.Kind
	}{
		{"a member is admitted again", channel.Admit(b.Member), fault.Conflict},
		{"a leaf as an authority", channel.Admit(noCA), fault.Invalid},
		{"an authority that is too long", channel.Admit(long), fault.Invalid},
		{"an orderer whose certificate is too long", channel.AddOrderer(longOrderer), fault.Invalid},
		{"an address that writes a row of its own", channel.Admit(rows), fault.Invalid},
		{"a name that no group can have", channel.Admit(odd), fault.Invalid},
		{"a stranger is removed", channel.Remove("c.example"), fault.Conflict},
		{"a stranger orders", channel.AddOrderer(c.Consenter), fault.Invalid},
		{"an orderer with another's certificate", channel.AddOrderer(foreign), fault.Invalid},
		{"a second orderer", channel.AddOrderer(a.Consenter), fault.Conflict},
		{"the last orderer goes", channel.RemoveOrderer("a.example"), fault.Invalid},
		{"the only validator goes", channel.Remove("a.example"), fault.Invalid},
		{"a replacement of nothing", channel.ReplaceOrderer(b.Consenter), fault.Invalid},
		{"an orderer on another host", channel.ReplaceOrderer(elsewhere), fault.Invalid},
		{"an orderer at another port", channel.ReplaceOrderer(beside), fault.Invalid},
		{"a stranger moves", channel.Move("c.example", "c.example", 9020), fault.Invalid},
		{"a member moves to nowhere", channel.Move("b.example", "", 9020), fault.Invalid},
		{"a member moves to where it is", channel.Move("b.example", b.Member.Host, b.Member.Port), fault.Conflict},
		{"nobody validates", channel.Validators(nil), fault.Invalid},
		{"a stranger validates", channel.Validators([]string{"a.example", "c.example"}), fault.Invalid},
		{"the same validate", channel.Validators([]string{"a.example"}), fault.Conflict},
	} {
		if _, err := cfg.Update(channel.Name, tt.change); !fault.Is(err, tt.kind) {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.kind)
		}
	}
	if _, err := (channel.Founding{Channel: channel.Name}).Genesis(time.Now()); !fault.Is(err, fault.Invalid) {
		t.Errorf("a network without founders: %v", err)
	}
	if _, err := (channel.Founding{Channel: channel.Name, Founders: []channel.Founder{a.Founder, a.Founder}}).Genesis(time.Now()); !fault.Is(err, fault.Invalid) {
		t.Errorf("a founder twice: %v", err)
	}
}

// Of fourteen who found a network thirteen endorse, and no more do later.
func TestThirteenEndorse(t *testing.T) {
	var all []party
	var names []string
	for i := range channel.MaxValidators + 1 {
		p := newParty(t, i)
		all, names = append(all, p), append(names, p.Member.MSP)
	}
	cfg := read(t, genesis(t, all...))
	if now, err := cfg.Validators(); err != nil || !slices.Equal(now, names[:channel.MaxValidators]) {
		t.Errorf("who endorses is %v (%v)", now, err)
	}
	if _, err := cfg.Update(channel.Name, channel.Validators(names)); !fault.Is(err, fault.Invalid) {
		t.Errorf("%d endorse: %v", len(names), err)
	}
	if now, err := change(t, cfg, channel.Validators(names[1:])).Validators(); err != nil || !slices.Equal(now, names[1:]) {
		t.Errorf("when one makes room for another, who endorses is %v (%v)", now, err)
	}
}

// lengthened is a certificate with more around it than anybody needs.
func lengthened(t *testing.T, b []byte) []byte {
	t.Helper()
	p, _ := pem.Decode(b)
	if p == nil {
		t.Fatal("it is no certificate")
	}
	p.Headers = map[string]string{"Note": strings.Repeat("x", 4<<10)}
	return pem.EncodeToMemory(p)
}

// What an organisation fills of the configuration is counted in both halves, and
// what others sign for it stays below what it is named for.
func TestParts(t *testing.T) {
	a, b := newParty(t, 0), newParty(t, 1)
	cfg := change(t, read(t, genesis(t, a)), channel.Admit(b.Member))
	parts, whole, err := cfg.Parts()
	if err != nil || len(parts) != 2 || parts["b.example"] < 4000 || parts["a.example"] < 2*parts["b.example"]-500 || whole < parts["a.example"]+parts["b.example"] {
		t.Errorf("%v of %d (%v)", parts, whole, err)
	}
	longest := b.Member
	for _, p := range []*[]byte{&longest.CA, &longest.TLSCA} {
		*p = append(bytes.Repeat([]byte{'\n'}, 4<<10-len(*p)), *p...)
	}
	if parts, _, err = change(t, read(t, genesis(t, a)), channel.Admit(longest)).Parts(); err != nil || parts["b.example"] < 5*4<<10 || 2*parts["b.example"] > channel.MaxPart {
		t.Errorf("the longest has %v (%v)", parts, err)
	}
}

// Trap 6: an orderer refuses a block that leaves an option of the ordering out,
// and an option that a later release brings must be thought about.
func TestEveryOptionOfTheOrderingIsSet(t *testing.T) {
	off := map[protoreflect.Name]bool{ // what is meant to be off, as upstream's own defaults have it where leaders do not rotate
		"sync_on_start": true, "speed_up_view_change": true, "decisions_per_leader": true,
	}
	o := channel.BFT().ProtoReflect()
	fields := o.Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); o.Has(f) == off[f.Name()] {
			t.Errorf("%s is %v", f.Name(), o.Get(f))
		}
	}
	if fields.Len() != 18 {
		t.Errorf("the ordering has %d options", fields.Len())
	}
}

// Members sign what they computed themselves, so they must come to the same.
func TestUpdatesAreTheSameEverywhere(t *testing.T) {
	a, b := newParty(t, 0), newParty(t, 1)
	block := genesis(t, a)
	again, err := channel.DecodeBlock(channel.EncodeBlock(block))
	if err != nil {
		t.Fatal(err)
	}
	one, err := read(t, block).Update(channel.Name, channel.Admit(b.Member))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		two, err := read(t, again).Update(channel.Name, channel.Admit(b.Member))
		if err != nil || string(one) != string(two) {
			t.Fatalf("the same change of the same configuration gave other bytes (%v)", err)
		}
	}
}

func TestQuorums(t *testing.T) {
	for n, want := range map[int]int{1: 1, 2: 2, 3: 2, 4: 3, 5: 4, 6: 4, 7: 5, 10: 7} {
		if got := channel.Quorum(n); got != want {
			t.Errorf("%d orderers: a quorum of %d, want %d", n, got, want)
		}
	}
}

func FuzzBlock(f *testing.F) {
	f.Add(channel.EncodeBlock(genesis(f, newParty(f, 0))))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		block, err := channel.DecodeBlock(b)
		if err != nil {
			return
		}
		c, err := channel.Read(block)
		if err != nil {
			return
		}
		_, _ = c.Members()
		_, _ = c.Consenters()
		_, _ = c.Validators()
		_, _ = c.Update(channel.Name, channel.Remove("a.example"))
	})
}

// A member changes its own address, certificates and policies alone, as often as it
// likes. What others decide on has the same bytes before and after, so what they
// signed holds; and how many values and policies it has is not its to change.
func TestAMemberAloneVoidsNoSignature(t *testing.T) {
	a, b, c, d := newParty(t, 0), newParty(t, 1), newParty(t, 2), newParty(t, 3)
	orderer := c.Consenter
	c.Consenter = channel.Consenter{} // a peer alone
	before := read(t, genesis(t, a, b, c))
	after := change(t, before, channel.Move("b.example", "elsewhere.example", 9999))
	for _, half := range channel.Inner(after).ChannelGroup.Groups {
		g := half.Groups["b.example"]
		if g == nil {
			t.Fatal("b is in one half alone")
		}
		if g.ModPolicy[0] != '/' {
			t.Errorf("%s may raise its group's version, which others' changes name", "b.example")
		}
		for _, v := range g.Values {
			v.Version++
		}
		for _, p := range g.Policies {
			p.Version++
		}
	}
	for what, ch := range map[string]channel.Change{
		"its removal": channel.Remove("b.example"), "another's": channel.Remove("c.example"), "an admission": channel.Admit(d.Member),
		"validators": channel.Validators([]string{"a.example", "b.example"}), "an orderer more": channel.AddOrderer(orderer), "one less": channel.RemoveOrderer("b.example"),
	} {
		x, err := before.Update(channel.Name, ch)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if y, err := after.Update(channel.Name, ch); err != nil || !bytes.Equal(x, y) {
			t.Errorf("%s: a member that moves voids what was signed (%v)", what, err)
		}
	}
	// What the change itself is about is another matter.
	grown := change(t, before, channel.Admit(d.Member))
	channel.Inner(grown).ChannelGroup.Groups["Application"].Version++
	for what, ch := range map[string]channel.Change{"its removal": channel.Remove("b.example"), "validators": channel.Validators([]string{"a.example", "b.example"})} {
		x, err := before.Update(channel.Name, ch)
		y, err2 := grown.Update(channel.Name, ch)
		if err != nil || err2 != nil || bytes.Equal(x, y) {
			t.Errorf("%s: the same after another was admitted (%v, %v)", what, err, err2)
		}
	}
}
