package channel_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// What a member says it signed is believed when the orderers would believe it.
func TestConsents(t *testing.T) {
	a, b, x := newParty(t, 0), newParty(t, 1), newParty(t, 2)
	cfg := read(t, genesis(t, a, b))
	update, err := cfg.Update(channel.Name, channel.Admit(x.Member))
	if err != nil {
		t.Fatal(err)
	}
	sign := func(p party, r org.Role, what []byte) channel.Signature {
		id, err := p.org.Identity(r)
		if err != nil {
			t.Fatal(err)
		}
		s, err := channel.Sign(id, what)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := sign(b, org.Admin, update)
	tampered := channel.Signature{Header: good.Header, Signature: bytes.Clone(good.Signature)}
	tampered.Signature[len(tampered.Signature)-1]++
	now := time.Now()
	for _, tt := range []struct {
		what string
		who  string
		sig  channel.Signature
		at   time.Time
		want bool
	}{
		{"a member's administrator", "b.example", good, now, true},
		{"under another's name", "a.example", good, now, false},
		{"over other bytes", "b.example", sign(b, org.Admin, append(bytes.Clone(update), 0)), now, false},
		{"by its peer", "b.example", sign(b, org.Peer, update), now, false},
		{"by nobody in the channel", "c.example", sign(x, org.Admin, update), now, false},
		{"another signature", "b.example", channel.Signature{Header: good.Header, Signature: sign(b, org.Admin, update).Signature}, now, false},
		{"changed", "b.example", tampered, now, false},
		{"no signature", "b.example", channel.Signature{Header: good.Header}, now, false},
		{"no header", "b.example", channel.Signature{Signature: good.Signature}, now, false},
		{"with a certificate that has ended", "b.example", good, now.AddDate(2, 0, 0), false},
	} {
		if got := cfg.Consents(tt.who, update, tt.sig, tt.at); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}
