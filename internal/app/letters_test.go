package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/jobs"
	own "github.com/michaelperna/9ten/internal/mail"
	"github.com/michaelperna/9ten/internal/mail/mailtest"
)

// correspondence is a node whose letters go through a mail server, which
// signs in there and trusts it.
type correspondence struct {
	*testing.T
	*node
	box *mailtest.Box
	got int // letters that were read
}

func correspond(t *testing.T) *correspondence {
	t.Helper()
	box, s := mailtest.Serve(t, own.StartTLS)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, box.CA, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := LoadConfig("", map[string]string{
		"data_dir": filepath.Join(t.TempDir(), "node"), "base_url": "https://music.example", "federation.mode": "off", "mail.server": s.Server, "mail.ca": ca, "mail.user": mailtest.User, "mail.password": mailtest.Password,
	}, noenv)
	if err != nil {
		t.Fatal(err)
	}
	n, err := openNode(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	_, err = n.accounts.SetupHere(t.Context(), account.Setup{SignUp: account.SignUp{Handle: "anneke", Password: passphrase}, Settings: account.Settings{Name: "Quayside", OpenSignUp: true}})
	if err != nil {
		t.Fatal(err)
	}
	return &correspondence{T: t, node: n, box: box}
}

const passphrase = "four words are fine"

// next delivers what waits and reads the letters that came since: to whom,
// and what they say.
func (c *correspondence) next(want int) (to, text []string) {
	c.Helper()
	if err := c.work(c.Context(), jobLetter); err != nil {
		c.Fatal(err)
	}
	letters := c.box.Letters()[c.got:]
	if len(letters) != want {
		c.Fatalf("%d letters came, want %d: %s", len(letters), want, bytes.Join(letters, []byte("\n----\n")))
	}
	to = c.box.To()[c.got:]
	c.got += want
	for _, raw := range letters {
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			c.Fatal(err)
		}
		_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil {
			c.Fatal(err)
		}
		p, err := multipart.NewReader(m.Body, params["boundary"]).NextPart()
		if err != nil {
			c.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			c.Fatal(err)
		}
		text = append(text, strings.ReplaceAll(string(b), "\r\n", "\n"))
	}
	return to, text
}

var linked = regexp.MustCompile(`https://music\.example/(\w+)\?(?:token|invitation)=(\S+)`)

// secret is what a letter's link leads with, to a page.
func (c *correspondence) secret(text, path string) string {
	c.Helper()
	m := linked.FindStringSubmatch(text)
	if m == nil || m[1] != path {
		c.Fatalf("no link to /%s:\n%s", path, text)
	}
	s, err := url.QueryUnescape(m[2])
	if err != nil {
		c.Fatal(err)
	}
	return s
}

// An address counts once its letter's link was followed; then letters bring
// links for a new password, once each, and tell of what was changed.
func TestLettersAboutAccounts(t *testing.T) {
	c := correspond(t)
	ctx, from := t.Context(), account.Client{Lang: "de"}
	in, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "bo", Email: "Bo@example.org", Password: passphrase}, from)
	if err != nil {
		t.Fatal(err)
	}
	to, text := c.next(1)
	if to[0] != "bo@example.org" || !strings.Contains(text[0], "das Konto @bo auf Quayside") {
		t.Errorf("to %s: %s", to, text[0])
	}
	// Nobody has shown that the address is bo's: it brings no link for a password.
	for _, login := range []string{"bo", "bo@example.org", "nobody", "nobody@example.org"} {
		if err := c.accounts.AskReset(ctx, login, from); err != nil {
			t.Errorf("%s: %v", login, err)
		}
	}
	c.next(0)
	token := c.secret(text[0], "address")
	if a, err := c.accounts.Confirm(ctx, token, from); err != nil || a.Email != "bo@example.org" || a.Pending != "" {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := c.accounts.Confirm(ctx, token, from); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a link that was used: %v", err)
	}
	// Two letters were asked for: the link of either works, and then none.
	var links []string
	for _, login := range []string{"bo", "bo@example.org"} {
		if err := c.accounts.AskReset(ctx, login, account.Client{Lang: "en"}); err != nil {
			t.Fatal(err)
		}
		_, text = c.next(1)
		links = append(links, c.secret(text[0], "reset"))
	}
	if strings.Contains(text[0], "Hallo") {
		t.Errorf("the letter is not in the language of who asked: %s", text[0])
	}
	if _, err := c.accounts.Reset(ctx, links[0], passphrase+" 2", from); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.accounts.Authenticate(ctx, in.Token); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the other session goes on: %v", err)
	}
	for _, l := range links {
		if _, err := c.accounts.Reset(ctx, l, passphrase+" 3", from); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a link after the password was changed: %v", err)
		}
	}
	if _, text = c.next(1); !strings.Contains(text[0], "das Passwort deines Kontos auf Quayside wurde") {
		t.Errorf("no notice: %s", text[0])
	}
	// Another address takes over once it is confirmed, and the old one hears of it.
	in, err = c.accounts.SignIn(ctx, "bo@example.org", passphrase+" 2", from)
	if err != nil {
		t.Fatal(err)
	}
	other, name := "bo@other.example", "Bo B."
	if err := c.accounts.SetProfile(ctx, in.Principal, account.Profile{Email: &other, Password: passphrase + " 2"}); err != nil {
		t.Fatal(err)
	}
	if err := c.accounts.SetProfile(ctx, in.Principal, account.Profile{Name: &name}); err != nil { // which loses no address that waits
		t.Fatal(err)
	}
	if a, err := c.accounts.Account(ctx, in.Account); err != nil || a.Email != "bo@example.org" || a.Pending != "bo@other.example" {
		t.Errorf("%+v, %v", a, err)
	}
	to, text = c.next(1)
	if _, err := c.accounts.Confirm(ctx, c.secret(text[0], "address"), from); err != nil || to[0] != "bo@other.example" {
		t.Fatal(to, err)
	}
	if to, _ = c.next(1); to[0] != "bo@example.org" {
		t.Errorf("the old address did not hear of it: %s", to)
	}
	// What is in the database opens nothing.
	dead, err := c.jobs.Dead(ctx)
	if err != nil || len(dead) != 0 {
		t.Errorf("given up: %v, %v", dead, err)
	}
}

// Who is invited makes an account while sign-up is closed, once, and has the
// address where the letter went.
func TestInvitationsByLetter(t *testing.T) {
	c := correspond(t)
	ctx, from := t.Context(), account.Client{}
	root := account.Operator()
	settings := account.Settings{Name: "Quayside"}
	if err := c.accounts.SaveSettings(ctx, root, settings); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.accounts.Invite(ctx, root, "cy@example.org", account.Artist, from); err != nil {
		t.Fatal(err)
	}
	to, text := c.next(1)
	token := c.secret(text[0], "signup")
	if _, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "cy", Password: passphrase}, from); !fault.Is(err, fault.Forbidden) {
		t.Errorf("without the invitation: %v", err)
	}
	in, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "cy", Email: to[0], Password: passphrase, Invitation: token}, from)
	if err != nil || in.Role != account.Artist {
		t.Fatal(in.Role, err)
	}
	if a, err := c.accounts.Account(ctx, in.Account); err != nil || a.Email != "cy@example.org" || a.Confirmed.IsZero() {
		t.Errorf("%+v, %v", a, err)
	}
	c.next(0)
	if _, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "eve", Password: passphrase, Invitation: token}, from); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the second time: %v", err)
	}
	// A member invites where the operator lets members, listeners alone, and a few.
	if _, _, err := c.accounts.Invite(ctx, in.Principal, "", account.Listener, from); !fault.Is(err, fault.Forbidden) {
		t.Errorf("members do not invite here: %v", err)
	}
	settings.OpenInvite = true
	if err := c.accounts.SaveSettings(ctx, root, settings); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.accounts.Invite(ctx, in.Principal, "", account.Admin, from); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a member makes an admin: %v", err)
	}
	var last account.Invitation
	for range 10 {
		if last, token, err = c.accounts.Invite(ctx, in.Principal, "", account.Listener, from); err != nil || token == "" {
			t.Fatal(token, err)
		}
	}
	if _, _, err := c.accounts.Invite(ctx, in.Principal, "", account.Listener, from); !fault.Is(err, fault.Conflict) {
		t.Errorf("the eleventh: %v", err)
	}
	list, err := c.accounts.Invitations(ctx, in.Principal)
	if err != nil || len(list) != 10 {
		t.Fatal(len(list), err)
	}
	if err := c.accounts.Uninvite(ctx, in.Principal, last.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.accounts.Invited(ctx, token); !fault.Is(err, fault.Forbidden) {
		t.Errorf("one that was taken back: %v", err)
	}
}

// What the mail server never takes is given up at once, and doctor says so;
// what it puts off waits.
func TestLettersThatDoNotArrive(t *testing.T) {
	c := correspond(t)
	ctx := t.Context()
	if _, _, err := c.accounts.Invite(ctx, account.Operator(), "nobody@example.org", account.Listener, account.Client{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.accounts.Invite(ctx, account.Operator(), "later@example.org", account.Listener, account.Client{}); err != nil {
		t.Fatal(err)
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.jobs.Run(run) }()
	count := func() map[string]int64 {
		t.Helper()
		list, err := c.jobs.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]int64{}
		for _, x := range list {
			m[x.Kind+" "+x.State] = x.N
		}
		return m
	}
	for deadline := time.Now().Add(time.Minute); ; {
		m := count()
		if m[jobLetter+" dead"] == 1 && m[jobLetter+" waiting"] == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("one is to be given up, and one to wait: %v", m)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	list := c.check(ctx)
	if f := list[len(list)-1]; f.OK || !strings.Contains(f.Detail, "does not take letters to nobody@example.org") {
		t.Errorf("doctor says %+v", f)
	}
}

// The two hours of a link begin with the asking, and a letter that is sent again
// brings back no link that was used.
func TestLettersThatComeLate(t *testing.T) {
	c := correspond(t)
	ctx := t.Context()
	if _, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "bo", Email: "bo@example.org", Password: passphrase}, account.Client{}); err != nil {
		t.Fatal(err)
	}
	_, text := c.next(1)
	if _, err := c.accounts.Confirm(ctx, c.secret(text[0], "address"), account.Client{}); err != nil {
		t.Fatal(err)
	}
	raw, now := bytes.Repeat([]byte{7}, 32), c.now()
	ask := func(asked time.Time) account.Link {
		t.Helper()
		l, err := c.accounts.ResetLetter(ctx, account.Errand{Kind: account.ErrandReset, Login: "bo", Asked: asked.UnixMilli()}, raw)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := ask(now.Add(-2 * time.Hour)); l.To != "" {
		t.Errorf("a link that is over is sent: %+v", l)
	}
	l := ask(now)
	if again := ask(now); l.To != "bo@example.org" || again.Secret != l.Secret {
		t.Errorf("%+v, then %+v", l, again)
	}
	if _, err := c.accounts.Reset(ctx, l.Secret, passphrase+" 2", account.Client{}); err != nil {
		t.Fatal(err)
	}
	if again := ask(now); again.To != "" {
		t.Errorf("a used link is sent again: %+v", again)
	}
	if _, err := c.accounts.Reset(ctx, l.Secret, passphrase+" 3", account.Client{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a used link works: %v", err)
	}
}

// Who writes somebody's address first, and cannot confirm it, keeps them out of
// nothing: neither of confirming it, nor of an invitation to it.
func TestAddressesOfOthers(t *testing.T) {
	c := correspond(t)
	ctx, from := t.Context(), account.Client{}
	squat := func(handle, email string) {
		t.Helper()
		in, err := c.accounts.SignUp(ctx, account.SignUp{Handle: handle, Password: passphrase}, from)
		if err != nil {
			t.Fatal(err)
		}
		// As it was written before there was a mail server.
		if err := c.db.AccountUpdate(ctx, func(tx account.Tx) error { return tx.SetAddress(ctx, in.Account, email, time.UnixMilli(0)) }); err != nil {
			t.Fatal(err)
		}
	}
	squat("eve", "bo@example.org")
	squat("mallory", "cy@example.org")
	in, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "bo", Email: "bo@example.org", Password: passphrase}, from)
	if err != nil {
		t.Fatal(err)
	}
	_, text := c.next(1)
	token := c.secret(text[0], "address")
	if a, email, err := c.accounts.Asked(ctx, token); err != nil || a.ID != in.Account || email != "bo@example.org" {
		t.Errorf("%+v, %s, %v", a, email, err)
	}
	if a, err := c.accounts.Confirm(ctx, token, from); err != nil || a.Email != "bo@example.org" {
		t.Fatal(a, err)
	}
	if eve, err := c.accounts.ByHandle(ctx, "eve"); err != nil || eve.Email != "" {
		t.Errorf("%+v, %v", eve, err)
	}
	if _, _, err := c.accounts.Asked(ctx, token); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a link that was used: %v", err)
	}
	if _, _, err := c.accounts.Invite(ctx, account.Operator(), "cy@example.org", account.Listener, from); err != nil {
		t.Fatal(err)
	}
	_, text = c.next(1)
	if _, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "cy", Email: "cy@example.org", Password: passphrase, Invitation: c.secret(text[0], "signup")}, from); err != nil {
		t.Error(err)
	}
	// One that was confirmed stays whose it is.
	if _, err := c.accounts.SignUp(ctx, account.SignUp{Handle: "dan", Email: "bo@example.org", Password: passphrase}, from); err != nil {
		t.Fatal(err)
	}
	_, text = c.next(1)
	if _, err := c.accounts.Confirm(ctx, c.secret(text[0], "address"), from); !fault.Is(err, fault.Conflict) {
		t.Errorf("somebody else's: %v", err)
	}
}

// Letters that were given up are forgotten after a month.
func TestLettersGivenUpAreForgotten(t *testing.T) {
	c := correspond(t)
	ctx := t.Context()
	if err := c.db.JobsUpdate(ctx, func(tx jobs.Tx) error {
		return tx.Enqueue(ctx, jobLetter, "", []byte("no errand"), time.Time{})
	}); err != nil {
		t.Fatal(err)
	}
	dead := func() int {
		t.Helper()
		list, err := c.jobs.Dead(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.jobs.Run(run) }()
	for deadline := time.Now().Add(time.Minute); dead() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("what is no errand is not given up")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := c.expireLetters(ctx); err != nil || dead() != 1 {
		t.Errorf("%d, %v", dead(), err)
	}
	late := c.now().Add(lettersFor + time.Hour)
	c.node.now = func() time.Time { return late }
	if err := c.expireLetters(ctx); err != nil || dead() != 0 {
		t.Errorf("%d, %v", dead(), err)
	}
}
