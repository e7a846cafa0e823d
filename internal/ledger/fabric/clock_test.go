package fabric

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
)

// Orderers that refuse a question for its time are not silent: their clocks are
// not this machine's. Where many say so it is this one that is wrong.
func TestOrderersTellOfTheClock(t *testing.T) {
	for apart, want := range map[int]string{1: "One of the two is wrong", 3: "Set the machine's clock"} {
		t.Run(fmt.Sprint(apart), func(t *testing.T) {
			h, err := Open(Config{Dir: t.TempDir(), Node: "own.example", Bin: fabrictest.Bin(t), Host: "127.0.0.1", Listen: "127.0.0.1", Port: fabrictest.Ports(t), Contracts: []Contract{{Version: contract.Version}}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			f := channel.Founding{Channel: channel.Name, Validators: []string{"own.example"}}
			for i := range apart {
				ln := anyPort(t)
				o := homeAt(t, fmt.Sprintf("%c.example", 'a'+i), port(ln)-child.Config{}.Ports().Orderer, false)
				f.Founders = append(f.Founders, founder(t, o, true))
				(&liar{refuses: cb.Status_BAD_REQUEST}).serve(t, ln, o)
			}
			f.Founders = append(f.Founders, founder(t, h, false))
			first, err := f.Genesis(time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Take(channel.Name, first); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
			defer stop()
			list, err := h.Examine(ctx, false)
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]doctor.Finding{}
			for _, f := range list {
				found[f.Name] = f
			}
			if f := found["clock"]; f.OK || !strings.Contains(f.Detail, "a.example") || !strings.Contains(f.Remedy, want) {
				t.Errorf("%+v", f)
			}
			if f := found["orderers"]; !f.OK || strings.Contains(f.Detail, "Not heard from") {
				t.Errorf("%+v", f)
			}
		})
	}
}
