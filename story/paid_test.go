package story

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/report"
)

// Where the act on the other node is paid.
const wallet = "0x52908400098527886E0F7030069857D2E4169EE7"

// hasWallet gives the act of a node a wallet, and returns the act.
func (n *networkNode) hasWallet() string {
	n.Helper()
	var acts []struct{ ID string }
	n.must(http.MethodGet, "/api/v1/studio/acts", n.token, nil, &acts)
	n.must(http.MethodPut, "/api/v1/studio/acts/"+acts[0].ID+"/wallets", n.token, map[string]any{"wallets": []map[string]any{{"name": "Low Tide", "address": wallet, "bps": 10000}}}, nil)
	return acts[0].ID
}

// creditsOf waits until the credit sheet of a release elsewhere has come, and returns
// its track.
func (n *networkNode) creditsOf(release, act, host string) string {
	n.Helper()
	var full struct {
		Credits struct{ State string }
		Tracks  []struct {
			ID     string
			Shares []struct {
				Act, Handle string
				Bps         int
				Wallet      bool
			}
		}
	}
	n.eventually("its credit sheet holds", func() error {
		n.must(http.MethodGet, "/api/v1/elsewhere/releases/"+release, "", nil, &full)
		if full.Credits.State != "holds" {
			return fmt.Errorf("it is %+v", full)
		}
		return nil
	})
	if s := full.Tracks[0].Shares; len(s) != 1 || s[0].Act != act || s[0].Handle != "low-tide@"+host || s[0].Bps != 10_000 || !s[0].Wallet {
		n.Errorf("who is paid = %+v", full)
	}
	return full.Tracks[0].ID
}

// A player is somebody who plays a track of another node.
type player struct {
	*networkNode
	token string
	said  map[string]any
}

// payAndListen: people join a node, pay, fetch the sound of a track of another one
// and begin to listen.
func (n *networkNode) payAndListen(track string, handles ...string) (crowd []*player) {
	n.Helper()
	for i, handle := range handles {
		n.must(http.MethodPost, "/api/v1/signup", "", map[string]string{"handle": handle, "password": longWords}, nil)
		n.must(http.MethodPost, "/api/v1/payments", n.token, map[string]any{"handle": handle, "micro": 10_000_000, "method": "cash", "reference": fmt.Sprint(i)}, nil)
		p := &player{networkNode: n, token: n.signIn(handle, "listen", "read", "money")}
		n.sounds(track)
		p.begins(track)
		crowd = append(crowd, p)
	}
	return crowd
}

func (p *player) begins(track string) {
	p.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		p.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		p.Fatal(err)
	}
	p.must(http.MethodPost, "/api/v1/devices", p.token, map[string]any{"spki": spki, "name": "Kitchen"}, nil)
	var begun struct {
		Node, Track string
		Sheet       uint32
		BeginMS     int64 `json:"begin_ms"`
	}
	p.must(http.MethodPost, "/api/v1/plays", p.token, map[string]string{"track": track}, &begun)
	if id, home, ok := strings.Cut(begun.Track, "@"); !ok || home != "shore.test" || id == track || begun.Node != p.id {
		p.Errorf("the track is called %+v", begun)
	}
	key := sha256.Sum256(spki)
	c := listen.Claim{Node: begun.Node, Play: id.Random16(), Device: id.Bytes16(key[:16]), Counter: 1, Track: begun.Track, Sheet: begun.Sheet,
		Begin: begun.BeginMS, End: begun.BeginMS + 9000, Heard: []listen.Interval{{Length: 9000}}, Flags: listen.Offline}
	raw, err := c.Encode()
	if err != nil {
		p.Fatal(err)
	}
	p.said = map[string]any{"claims": []map[string]any{{"claim": raw, "signature": ed25519.Sign(private, raw)}}}
}

// claims waits until the play counts, once its seconds have passed.
func (p *player) claims() {
	p.Helper()
	p.eventually("the play counts", func() error {
		var answers []struct {
			Counted       bool
			Reason, Error string
		}
		p.must(http.MethodPost, "/api/v1/claims", p.token, p.said, &answers)
		if len(answers) != 1 || !answers[0].Counted {
			return fmt.Errorf("%+v", answers)
		}
		return nil
	})
}

// sleepsUntil starts the node again with another clock, as a demonstration, which is
// the only one whose clock can be set.
func (n *networkNode) sleepsUntil(at time.Time) {
	n.Helper()
	n.end(syscall.SIGTERM)
	if _, err := os.Stat(n.path("demo.json")); errors.Is(err, fs.ErrNotExist) {
		n.write("demo.json", fmt.Sprintf(`{"made":%q}`, time.Now().UTC().Format(time.RFC3339)))
	}
	b, err := os.ReadFile(n.path("9ten.toml"))
	if err != nil {
		n.Fatal(err)
	}
	settings, _, _ := strings.Cut(string(b), "[clock]")
	n.write("9ten.toml", settings+fmt.Sprintf("[clock]\nstart = %q\n", at.Format(time.RFC3339)))
	n.start()
}

// paysTheMonth lets the month pass and looks at what became of it, here and at the
// act's own node.
func (n *networkNode) paysTheMonth(crowd []*player, act string, home *networkNode) {
	n.Helper()
	month, bob := calendar.PeriodOf(time.Now()), crowd[0].token
	settled := month.Due(calendar.Final).Add(26 * time.Hour)
	home.sleepsUntil(settled)
	n.sleepsUntil(settled)
	n.eventually("the month is paid", func() error {
		var months struct {
			Rows []struct{ Period, State, Batch string }
		}
		n.must(http.MethodGet, "/api/v1/months", n.token, nil, &months)
		if len(months.Rows) != 1 || months.Rows[0].State != "fixed" || months.Rows[0].Batch == "" {
			return fmt.Errorf("%+v", months)
		}
		return nil
	})
	var receipts struct {
		Rows []struct {
			Shares []struct {
				Act   string
				Micro int64
			}
		}
	}
	n.must(http.MethodGet, "/api/v1/receipts", bob, nil, &receipts)
	if len(receipts.Rows) != 1 || len(receipts.Rows[0].Shares) != 1 || receipts.Rows[0].Shares[0].Act != act || receipts.Rows[0].Shares[0].Micro <= 0 {
		n.Fatalf("the receipt = %+v", receipts)
	}
	var earned struct {
		Rows []struct {
			Micro int64
			Waits *time.Time
		}
	}
	n.must(http.MethodGet, "/api/v1/acts/"+act+"/earnings", n.token, nil, &earned)
	if len(earned.Rows) != 1 || earned.Rows[0].Micro != int64(len(crowd))*receipts.Rows[0].Shares[0].Micro || earned.Rows[0].Waits != nil {
		n.Errorf("what the act earned = %+v, of %+v", earned, receipts)
	}
	home.eventually("the act's node is told of what it earned", func() error {
		var told struct {
			Rows []struct {
				Node, Period     string
				Micro, Listeners int64
			}
		}
		home.must(http.MethodGet, "/api/v1/acts/"+act+"/elsewhere/paid", home.token, nil, &told)
		if len(told.Rows) != 1 || told.Rows[0].Node != n.id || told.Rows[0].Period != month.String() || told.Rows[0].Micro != earned.Rows[0].Micro || told.Rows[0].Listeners != int64(len(crowd)) {
			return fmt.Errorf("it knows %+v, of %+v", told, earned)
		}
		return nil
	})
	var file []byte
	n.must(http.MethodGet, "/api/v1/receipts/"+month.String(), bob, nil, &file)
	n.write("receipt.txt", string(file))
	n.end(syscall.SIGTERM)
	n.run("verify", "receipt", filepath.Join(n.dir, "receipt.txt"))
	if out := n.run("audit", month.String()); strings.Contains(out, "BAD") {
		n.Error(out)
	}
	to, err := report.PayoutHash(id.Act(act), []report.Payout{{Address: wallet, Bps: 10_000}})
	if err != nil {
		n.Fatal(err)
	}
	ledger, err := os.ReadFile(n.path("ledger.db"))
	if err != nil {
		n.Fatal(err)
	}
	if !bytes.Contains(ledger, to[:]) && !strings.Contains(string(ledger), hex.EncodeToString(to[:])) && !bytes.Contains(ledger, []byte(base64.StdEncoding.EncodeToString(to[:]))) {
		n.Error("the payer's ledger does not pay to the wallet that the act's node proved")
	}
}
