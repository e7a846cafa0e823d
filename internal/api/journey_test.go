package api_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
)

const song = "01JD3ZKQ4Y8X5T2N7B6V9C1M01" // 240 s

// furnish puts one song into the database.
func (h *house) furnish() {
	const act, release = "01JD3ZKQ4Y8X5T2N7B6V9C1MX0", "01JD3ZKQ4Y8X5T2N7B6V9C1MR0"
	h.exec("insert into act (id, handle, name, created, changed) values ($1, 'tide', 'Tide', 0, 0)", act)
	h.exec("insert into release (id, act, title, artist, kind, licence, state, published, created, changed) values ($1, $2, 'Ebb', 'Tide', 'album', 'cc0', 'published', 1, 0, 0)", release, act)
	h.exec("insert into track (id, release, act, title, artist, disc, number, state, filename, original, sheet, created, changed) values ($1, $2, $3, 'Low', '', 1, 1, 'ready', 'f', 'o', 1, 0, 0)", song, release, act)
	h.exec("insert into asset (track, original, sha256, bytes, rate, samples) values ($1, 'o', 's', 1, 44100, $2)", song, 240*44100)
	h.exec("insert into sheet (track, version, state, created, since) values ($1, 1, 'in_force', 0, 1)", song)
	h.exec("insert into sheet_share (track, version, act, bps, confirmed) values ($1, 1, $2, 10000, 1)", song, act)
}

type begun struct {
	Play      string `json:"play"`
	Nonce     string `json:"nonce"`
	BeginMS   int64  `json:"begin_ms"`
	MarkMS    int64  `json:"mark_ms"`
	Node      string `json:"node"`
	Track     string `json:"track"`
	Sheet     uint32 `json:"sheet"`
	MasterURL string `json:"master_url"`
}

type receipt struct {
	Play      string `json:"play"`
	Nonce     string `json:"nonce"`
	Receipt   []byte `json:"receipt"`
	Signature []byte `json:"signature"`
	Counted   bool   `json:"counted"`
	CountedMS uint32 `json:"counted_ms"`
	Error     string `json:"error"`
}

func sixteen(t *testing.T, s string) (b id.Bytes16) {
	t.Helper()
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != 16 {
		t.Fatalf("%q is no id", s)
	}
	return id.Bytes16(raw)
}

// Somebody signs up, gives a program a token, and the program listens.
func TestFromSignUpToReceipt(t *testing.T) {
	h := newHouse(t)
	h.furnish()
	page := h.browser(h.signUp("ada"))
	var tok struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	page.do(http.MethodPost, "/tokens", map[string]any{"name": "player", "scopes": []account.Scope{account.ScopeListen, account.ScopeRead}}, http.StatusCreated, &tok)
	player := caller{h: h, auth: "Bearer " + tok.Secret}

	public, private, _ := ed25519.GenerateKey(rand.Reader) // crypto/rand never fails
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	var device struct {
		ID  string `json:"id"`
		Alg string `json:"alg"`
	}
	player.do(http.MethodPost, "/devices", map[string]any{"spki": spki, "name": "Kitchen"}, http.StatusCreated, &device)
	if sum := sha256.Sum256(spki); device.ID != hex.EncodeToString(sum[:16]) || device.Alg != "ed25519" {
		t.Errorf("%+v", device)
	}

	var b begun
	player.do(http.MethodPost, "/plays", map[string]any{"track": song, "device": device.ID}, http.StatusCreated, &b)
	if b.Node != nodeID || b.Track != song+"@"+nodeID || b.Sheet != 1 || b.MarkMS != 30_000 || b.MasterURL != "/media/"+song+"/master.m3u8" {
		t.Errorf("%+v", b)
	}
	h.clock.Add((40 * time.Second).Milliseconds())
	claim := listen.Claim{
		Node: b.Node, Play: sixteen(t, b.Play), Device: sixteen(t, device.ID), Counter: 1, Track: b.Track, Sheet: b.Sheet,
		Begin: b.BeginMS, End: b.BeginMS + 40_000, Heard: []listen.Interval{{Length: 40_000}}, Nonce: sixteen(t, b.Nonce),
	}
	raw, err := claim.Encode()
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]any{"claim": raw, "signature": ed25519.Sign(private, raw)}
	player.refused(http.MethodPost, "/plays/"+hex.EncodeToString(make([]byte, 16))+"/claim", said, http.StatusUnprocessableEntity)
	var r receipt
	player.do(http.MethodPost, "/plays/"+b.Play+"/claim", said, http.StatusOK, &r)
	if !r.Counted || r.CountedMS != 40_000 || r.Play != b.Play {
		t.Errorf("%+v", r)
	}
	if _, err := listen.VerifyReceipt(h.log, r.Receipt, r.Signature); err != nil {
		t.Error(err)
	}

	var kept struct {
		Rows []struct {
			receipt
			Track string `json:"track"`
			Claim []byte `json:"claim"`
		}
		Next string
	}
	player.do(http.MethodGet, "/plays", nil, http.StatusOK, &kept)
	if len(kept.Rows) != 1 || string(kept.Rows[0].Claim) != string(raw) || kept.Rows[0].Track != song || kept.Next != "" {
		t.Errorf("%+v", kept)
	}
	player.refused(http.MethodGet, "/plays?after=yesterday", nil, http.StatusUnprocessableEntity)
	page.do(http.MethodGet, "/devices", nil, http.StatusOK, nil)
	page.do(http.MethodGet, "/nine", nil, http.StatusOK, nil)
	page.do(http.MethodPost, "/nine/confirm", nil, http.StatusNoContent, nil)
	var batch []receipt
	player.do(http.MethodPost, "/claims", map[string]any{"claims": []any{said, map[string]any{"claim": []byte("no")}}}, http.StatusOK, &batch)
	if len(batch) != 2 || batch[0].Error != "" || batch[1].Error == "" {
		t.Errorf("%+v", batch)
	}

	// A beacon of the page has the session's token in its body.
	beacon := page
	beacon.csrf = ""
	said["csrf"] = page.csrf
	beacon.do(http.MethodPost, "/plays/"+b.Play+"/claim", said, http.StatusOK, nil)

	page.do(http.MethodDelete, "/devices/"+device.ID, nil, http.StatusNoContent, nil)
	page.do(http.MethodDelete, "/tokens/"+tok.ID, nil, http.StatusNoContent, nil)
	player.refused(http.MethodGet, "/plays", nil, http.StatusUnauthorized)
}

// What guards the account itself is not for programs.
func TestTokensMakeNoTokens(t *testing.T) {
	h := newHouse(t)
	ada := h.signUp("ada")
	player := h.program(ada, account.Scopes()...)
	player.refused(http.MethodPost, "/tokens", map[string]any{"name": "more", "scopes": []string{"read"}}, http.StatusForbidden)
	player.do(http.MethodGet, "/tokens", nil, http.StatusOK, nil)
	player.refused(http.MethodDelete, "/me", map[string]any{"password": password}, http.StatusForbidden)
	page := h.browser(ada)
	page.refused(http.MethodDelete, "/me", map[string]any{"password": "wrong"}, http.StatusUnprocessableEntity)
	page.do(http.MethodDelete, "/me", map[string]any{"password": password}, http.StatusNoContent, nil)
	page.refused(http.MethodGet, "/me", nil, http.StatusUnauthorized)
}

// Claims are paced by account, however many come in one request: each of them
// costs a signature, a count of its day and a place on the disk.
func TestClaimsArePaced(t *testing.T) {
	h := newHouse(t)
	page := h.browser(h.signUp("ada"))
	claims := make([]map[string]any, 200)
	for i := range claims {
		claims[i] = map[string]any{"claim": []byte("no")}
	}
	batch := map[string]any{"claims": claims}
	for range 10 {
		page.do(http.MethodPost, "/claims", batch, http.StatusOK, nil)
	}
	if a := page.send(http.MethodPost, "/claims", batch); a.code != http.StatusTooManyRequests || a.header.Get("Retry-After") != "10" || a.header.Get("RateLimit-Policy") != `"claims";q=2000;w=100` {
		t.Errorf("the 2001st to 2200th: %d, Retry-After %q", a.code, a.header.Get("Retry-After"))
	}
	h.clock.Add((10 * time.Second).Milliseconds())
	page.do(http.MethodPost, "/claims", batch, http.StatusOK, nil)
}
