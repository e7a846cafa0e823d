package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/listen"
)

// A claim that was acknowledged is there after kill -9: the child claims from
// many sides at once and writes down what was acknowledged, until it is killed.
func TestAcknowledgedClaimsSurvive(t *testing.T) {
	base, s := stage(t)
	first := crashMonth.LastDay().Start()
	h := &residence{t: t, path: base}
	h.set(first.Add(20 * time.Hour))
	h.people = make([]simulated, len(s.People))
	h.open()
	for i := range h.people {
		p, err := newSimulated(1, i)
		h.ok(err)
		p.account = s.People[i]
		h.people[i] = p
	}
	const many = 3000
	s.Claims = [][]listen.SignedClaim{nil}
	for i := range many {
		s.Claims[0] = append(s.Claims[0], h.claimOf(i%3, i%14, first.Add(time.Duration(i)*10*time.Second), 40*time.Second, true))
	}
	h.ok(h.Close())
	text, err := json.Marshal(s)
	h.ok(err)
	h.ok(os.WriteFile(filepath.Join(base, "script.json"), text, 0o600))
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), envStory+"="+base, envClaims+"=1")
	out, err := child.StdoutPipe()
	h.ok(err)
	h.ok(child.Start())
	var acknowledged []int
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			acknowledged = append(acknowledged, n)
		}
		if len(acknowledged) == 200 {
			h.ok(child.Process.Kill())
		}
	}
	if err := child.Wait(); err == nil || len(acknowledged) < 200 || len(acknowledged) == many {
		t.Fatalf("the child ended by itself after %d: %v", len(acknowledged), err)
	}
	h.open()
	defer func() { h.ok(h.Close()) }()
	for _, n := range acknowledged {
		c := s.Claims[0][n]
		claim, err := listen.ParseClaim(c.Claim)
		h.ok(err)
		k, err := h.listen.Receipt(t.Context(), c.Account, claim.Play)
		if err != nil || k.Receipt.Claim != listen.HashClaim(c.Claim) {
			t.Errorf("claim %d was acknowledged and is lost: %v", n, err)
		}
	}
	h.holds()
}

// envClaims makes the child claim until it is killed.
const envClaims = "NINETEN_TEST_CLAIMS"

func claimUntilKilled(dir string) error {
	s, err := readScript(dir)
	if err != nil {
		return err
	}
	h := new(residence)
	h.set(crashMonth.LastDay().Start().Add(20 * time.Hour))
	n, err := h.openIn(dir)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	const sides = 16
	for side := range sides {
		wg.Go(func() {
			for i := side; i < len(s.Claims[0]); i += sides {
				if _, err := n.listen.Claim(context.Background(), s.Claims[0][i]); err == nil {
					mu.Lock()
					fmt.Println(i)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return errors.New("all were taken")
}

// A disk that does not take a claim: the listener's player hears so, with 503,
// and holds no receipt. What it sends again is taken once.
func TestClaimOnAFailingDisk(t *testing.T) {
	h := newResidence(t, timeOf("2025-10-10T12:00:00Z"), 1)
	handler, err := h.handler()
	h.ok(err)
	ada, err := h.accounts.ByHandle(t.Context(), "ada")
	h.ok(err)
	token, _, err := h.accounts.IssueToken(t.Context(), account.Principal{Account: ada.ID, Role: account.Admin}, "player", []account.Scope{account.ScopeListen}, time.Time{})
	h.ok(err)
	h.people = append(h.people, simulated{account: ada.ID})
	c := h.claimOf(1, 3, h.now().Add(-time.Minute), time.Minute, false)
	claim, err := listen.ParseClaim(c.Claim)
	h.ok(err)
	body, err := json.Marshal(map[string]any{"claim": c.Claim, "signature": []byte{}})
	h.ok(err)
	send := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, fmt.Sprintf("/api/v1/plays/%x/claim", claim.Play), bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	for _, step := range []string{"store before", "store after"} {
		broken := func(s string) error {
			if s == step {
				return errors.New("fsync: input/output error")
			}
			return nil
		}
		h.step.Store(&broken)
		if w := send(); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "receipt") {
			t.Errorf("%s: %d %s", step, w.Code, w.Body)
		}
		h.step.Store(nil)
	}
	for range 2 {
		if w := send(); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"receipt"`) {
			t.Errorf("again: %d %s", w.Code, w.Body)
		}
	}
	totals, err := h.listen.Totals(t.Context(), ada.ID, crashMonth.Start(), crashMonth.End())
	if err != nil || totals.Plays != 1 {
		t.Errorf("%+v, %v", totals, err)
	}
}
