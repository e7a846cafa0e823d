package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/mail"
	"net/url"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/social"
)

// What was not read comes in one letter, to an address that was confirmed, with a
// link that ends such letters; run again, it comes no second time.
func TestLettersThatTellWhatHappened(t *testing.T) {
	c := correspond(t)
	ctx, from := t.Context(), account.Client{Lang: "de"}
	in, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "bo", Name: "Bo", Email: "bo@example.org", Password: passphrase}, from)
	if err != nil {
		t.Fatal(err)
	}
	_, text := c.next(1)
	tell := func(k notice.Kind) {
		t.Helper()
		err := c.db.SocialUpdate(ctx, func(tx social.Tx) error {
			return tx.Tell(ctx, notice.Cause{Kind: k, Account: in.Account, Period: 202611})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	run := func(way notice.Way) {
		t.Helper()
		if _, err := c.notices.Post(ctx, way, calendar.DayOf(c.now())); err != nil {
			t.Fatal(err)
		}
	}
	tell(notice.Unpaid)
	run(notice.Daily)
	c.next(0) // nobody has shown yet that the address is bo's
	if _, err := c.accounts.Confirm(ctx, c.secret(text[0], "address"), from); err != nil {
		t.Fatal(err)
	}
	run(notice.Daily)
	run(notice.Daily)
	to, text := c.next(1)
	if to[0] != "bo@example.org" || !strings.Contains(text[0], "Dein Abonnement ist für November 2026 nicht bezahlt") || !strings.Contains(text[0], "https://music.example/subscription") {
		t.Errorf("to %s: %s", to, text[0])
	}
	m, err := mail.ReadMessage(bytes.NewReader(c.box.Letters()[c.got-1]))
	if err != nil {
		t.Fatal(err)
	}
	stop, ok := strings.CutPrefix(strings.Trim(m.Header.Get("List-Unsubscribe"), "<>"), "https://music.example/letters/stop?token=")
	if !ok || m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || !strings.Contains(text[0], stop) {
		t.Errorf("%v", m.Header)
	}
	// What was read after it was queued is not told.
	tell(notice.Receipt)
	run(notice.Weekly)
	if err := c.notices.Read(ctx, in.Account, c.now(), ""); err != nil {
		t.Fatal(err)
	}
	c.next(0)
	token, err := url.QueryUnescape(stop)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", token[:len(token)-1], "x" + token[1:], string(in.Account)} {
		if err := c.notices.Stop(ctx, bad); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := c.notices.Stop(ctx, token); err != nil {
		t.Fatal(err)
	}
	tell(notice.Ended)
	run(notice.Daily)
	c.next(0)
}

// Whoever kills the node between the letter's place in the queue and its sending,
// or between its sending and the note of it, has it sent by one name.
func TestLettersAcrossAKill(t *testing.T) {
	c := correspond(t)
	ctx := t.Context()
	in, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "bo", Email: "bo@example.org", Password: passphrase}, account.Client{})
	if err != nil {
		t.Fatal(err)
	}
	_, text := c.next(1)
	if _, err := c.accounts.Confirm(ctx, c.secret(text[0], "address"), account.Client{}); err != nil {
		t.Fatal(err)
	}
	if err := c.db.SocialUpdate(ctx, func(tx social.Tx) error {
		return tx.Tell(ctx, notice.Cause{Kind: notice.Unpaid, Account: in.Account, Period: 202611})
	}); err != nil {
		t.Fatal(err)
	}
	// Killed before its commit, nothing is queued and nothing is marked.
	day, send, killed := calendar.DayOf(c.now()), c.notices.Send, errors.New("killed")
	c.notices.Send = func(ctx context.Context, tx notice.Tx, a id.Account, letter string) error {
		return errors.Join(send(ctx, tx, a, letter), killed)
	}
	if _, err := c.notices.Post(ctx, notice.Daily, day); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	c.next(0)
	c.notices.Send = send
	for range 2 { // killed after it, the calendar's job runs again
		if _, err := c.notices.Post(ctx, notice.Daily, day); err != nil {
			t.Fatal(err)
		}
	}
	c.next(1)
	// Killed when the mail server had the letter and the node did not know yet, it is
	// the same letter again, by which mail programs know it.
	e, err := json.Marshal(account.Errand{Kind: account.ErrandDigest, Account: in.Account, About: "day " + day.String()})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.deliver(ctx, jobs.Job{ID: "01J0000000000000000000000A", Kind: jobLetter, Payload: e}); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, raw := range c.box.Letters()[c.got:] {
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.Header.Get("Message-ID"))
	}
	if len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("%v", ids)
	}
}
