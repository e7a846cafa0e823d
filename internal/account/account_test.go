package account_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/store"
)

// A clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var (
	here   = account.Client{Addr: netip.MustParseAddr("192.0.2.1"), Agent: "Browser/1"}
	phrase = "four words in a row"
)

type node struct {
	*account.Service
	*clock
	ctx   context.Context
	db    *store.DB
	admin account.SignedIn
}

// open makes a node without an admin.
func open(t *testing.T, erase ...account.Eraser) *node {
	t.Helper()
	n := &node{clock: &clock{at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}, ctx: t.Context()}
	var err error
	if n.db, err = store.Open(n.ctx, store.Config{Path: filepath.Join(t.TempDir(), "9ten.db"), Now: n.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
	n.Service = account.New(account.Config{Store: n.db, Now: n.now, Erase: erase})
	return n
}

// ready makes a node that is set up and open.
func ready(t *testing.T, erase ...account.Eraser) *node {
	t.Helper()
	n := open(t, erase...)
	link, err := n.SetupLink(n.ctx)
	if err != nil {
		t.Fatal(err)
	}
	n.admin, err = n.Setup(n.ctx, link, account.Setup{
		SignUp:   account.SignUp{Handle: "Ada", Password: phrase},
		Settings: account.Settings{Name: "Quayside", OpenSignUp: true, OpenStudio: true},
	}, here)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *node) join(t *testing.T, handle string) account.SignedIn {
	t.Helper()
	in, err := n.SignUp(n.ctx, account.SignUp{Handle: handle, Email: handle + "@example.org", Password: phrase}, here)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// again returns what a later request of the session would find.
func (n *node) again(t *testing.T, in account.SignedIn) account.Principal {
	t.Helper()
	p, _, err := n.Authenticate(n.ctx, in.Token)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func want(t *testing.T, err error, k fault.Kind, field string) {
	t.Helper()
	if !fault.Is(err, k) || fault.Field(err) != field {
		t.Errorf("got %v (%v on %q), want %v on %q", err, fault.KindOf(err), fault.Field(err), k, field)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSetupOnce(t *testing.T) {
	n := open(t)
	in := account.Setup{SignUp: account.SignUp{Handle: "ada", Name: " Ada  L. ", Password: phrase}, Settings: account.Settings{Name: "Quayside", OperatorName: "Ada"}}
	old, err := n.SetupLink(n.ctx)
	ok(t, err)
	link, err := n.SetupLink(n.ctx)
	ok(t, err)
	for name, token := range map[string]string{"none": "", "the one before": old, "nonsense": "x", "cut": link[1:]} {
		if _, err := n.Setup(n.ctx, token, in, here); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if done, err := n.IsSetUp(n.ctx); done || err != nil {
		t.Errorf("set up = %v, %v", done, err)
	}
	out, err := n.Setup(n.ctx, link, in, here)
	ok(t, err)
	if out.Role != account.Admin || out.Name != "Ada L." || n.again(t, out).Handle != "ada" {
		t.Errorf("admin = %+v", out)
	}
	if s, err := n.Settings(n.ctx); err != nil || s.Name != "Quayside" || s.OperatorName != "Ada" || s.OpenSignUp {
		t.Errorf("settings = %+v, %v", s, err)
	}
	_, err = n.Setup(n.ctx, link, in, here)
	want(t, err, fault.Conflict, "")
	_, err = n.SetupHere(n.ctx, in)
	want(t, err, fault.Conflict, "")
	if again, err := n.SetupLink(n.ctx); again != "" || err != nil {
		t.Errorf("a node that is set up shows a link: %q, %v", again, err)
	}
}

func TestSetupRaces(t *testing.T) {
	n := open(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for _, h := range []string{"ada", "bob", "cleo"} {
		wg.Go(func() {
			_, err := n.SetupHere(n.ctx, account.Setup{SignUp: account.SignUp{Handle: h, Password: phrase}})
			if err != nil {
				want(t, err, fault.Conflict, "")
				return
			}
			mu.Lock()
			made++
			mu.Unlock()
		})
	}
	wg.Wait()
	if made != 1 {
		t.Errorf("%d admins", made)
	}
}

func TestSignUp(t *testing.T) {
	n := ready(t)
	in := n.join(t, "jonna")
	if in.Role != account.Listener || in.CSRF == "" || in.Token == "" {
		t.Errorf("%+v", in)
	}
	for _, c := range []struct {
		in    account.SignUp
		kind  fault.Kind
		field string
	}{
		{account.SignUp{Handle: "JONNA", Password: phrase}, fault.Conflict, "handle"},
		{account.SignUp{Handle: "x", Password: phrase}, fault.Invalid, "handle"},
		{account.SignUp{Handle: "_x", Password: phrase}, fault.Invalid, "handle"},
		{account.SignUp{Handle: "jöns", Password: phrase}, fault.Invalid, "handle"},
		{account.SignUp{Handle: "operator", Password: phrase}, fault.Invalid, "handle"},
		{account.SignUp{Handle: "two", Email: "Jonna@Example.org", Password: phrase}, fault.Conflict, "email"},
		{account.SignUp{Handle: "two", Email: "a b", Password: phrase}, fault.Invalid, "email"},
		{account.SignUp{Handle: "two", Email: "Two <two@example.org>", Password: phrase}, fault.Invalid, "email"},
		{account.SignUp{Handle: "two", Name: "a\x00b", Password: phrase}, fault.Invalid, "name"},
		{account.SignUp{Handle: "two", Name: strings.Repeat("n", 61), Password: phrase}, fault.Invalid, "name"},
		{account.SignUp{Handle: "two", Password: "short"}, fault.Invalid, "password"},
		{account.SignUp{Handle: "two", Password: "aaaaaaaaaaaa"}, fault.Invalid, "password"},
		{account.SignUp{Handle: "longhandle", Password: "LongHandle2026"}, fault.Invalid, "password"},
		{account.SignUp{Handle: "two", Password: "Password123"}, fault.Invalid, "password"},
		{account.SignUp{Handle: "two", Password: strings.Repeat("long ", 60)}, fault.Invalid, "password"},
		{account.SignUp{Handle: "two", Password: "\xff\xfe\xfd0123456789"}, fault.Invalid, "password"},
	} {
		_, err := n.Add(n.ctx, n.admin.Principal, c.in, account.Listener)
		want(t, err, c.kind, c.field)
	}
	s, err := n.Settings(n.ctx)
	ok(t, err)
	s.OpenSignUp = false
	ok(t, n.SaveSettings(n.ctx, n.admin.Principal, s))
	_, err = n.SignUp(n.ctx, account.SignUp{Handle: "late", Password: phrase}, here)
	want(t, err, fault.Forbidden, "")
	want(t, n.SaveSettings(n.ctx, in.Principal, s), fault.Forbidden, "")
	_, err = n.Add(n.ctx, n.admin.Principal, account.SignUp{Handle: "guest1", Password: phrase}, account.Artist)
	ok(t, err)
}

func TestSignIn(t *testing.T) {
	n := ready(t)
	n.join(t, "jonna")
	for _, login := range []string{"jonna", "@Jonna", " JONNA@example.org "} {
		if _, err := n.SignIn(n.ctx, login, phrase, here); err != nil {
			t.Errorf("%q: %v", login, err)
		}
	}
	var sentences []string
	for _, c := range [][2]string{{"jonna", "wrong words in a row"}, {"nobody", phrase}, {"", ""}, {strings.Repeat("x", 300), phrase}, {"jonna", strings.Repeat("x", 1<<20)}} {
		_, err := n.SignIn(n.ctx, c[0], c[1], here)
		want(t, err, fault.Unauthenticated, "")
		sentences = append(sentences, fault.Message(err))
	}
	if len(slices.Compact(sentences)) != 1 {
		t.Errorf("the answer tells whether there is such an account: %q", sentences)
	}
	// A letter typed as two code points is the same password.
	_, err := n.SignUp(n.ctx, account.SignUp{Handle: "zoe", Password: "zwölf Boxkämpfer"}, here)
	ok(t, err)
	_, err = n.SignIn(n.ctx, "zoe", "zwo\u0308lf Boxka\u0308mpfer", here)
	ok(t, err)
}

func TestSignInIsLimited(t *testing.T) {
	n := ready(t)
	n.join(t, "jonna")
	guess := func(from netip.Addr) error {
		_, err := n.SignIn(n.ctx, "jonna", "wrong words in a row", account.Client{Addr: from})
		return err
	}
	stranger := netip.MustParseAddr("203.0.113.9")
	var err error
	tries := 0
	for ; tries < 200 && !fault.Is(err, fault.Limited); tries++ {
		err = guess(stranger)
	}
	if tries != 11 || !strings.Contains(fault.Message(err), "30 seconds") {
		t.Errorf("%d tries on one account from one network: %v", tries, err)
	}
	for range 500 { // goes on knocking
		want(t, guess(stranger), fault.Limited, "")
	}
	_, err = n.SignIn(n.ctx, "jonna", phrase, here) // and keeps nobody out
	ok(t, err)
	for tries = 0; tries < 200 && !fault.Is(err, fault.Limited); tries++ {
		err = guess(netip.AddrFrom4([4]byte{198, 51, 100, byte(tries)})) // from everywhere
	}
	if tries != 90 || !strings.Contains(fault.Message(err), "10 seconds") {
		t.Errorf("%d tries on one account: %v", tries, err)
	}
	_, err = n.SignIn(n.ctx, "jonna", phrase, here) // a network she is known in
	ok(t, err)

	v6 := netip.MustParseAddr("2001:db8::1")
	for tries = 0; tries < 100 && !fault.Is(err, fault.Limited); tries++ {
		v6 = v6.Next() // one household
		_, err = n.SignIn(n.ctx, "nobody"+strings.Repeat("x", tries), "wrong words in a row", account.Client{Addr: v6})
	}
	if tries != 31 {
		t.Errorf("%d tries from one network: %v", tries, err)
	}
}

func TestSessions(t *testing.T) {
	n := ready(t)
	first := n.join(t, "jonna")
	second, err := n.SignIn(n.ctx, "jonna", phrase, account.Client{Addr: here.Addr, Agent: strings.Repeat("ü", 500)})
	ok(t, err)
	list, err := n.Sessions(n.ctx, second.Principal)
	ok(t, err)
	current := 0
	for _, s := range list {
		if s.Current {
			current++
		}
	}
	if len(list) != 2 || current != 1 {
		t.Errorf("sessions = %+v", list)
	}
	if first.CSRF == second.CSRF || n.again(t, first).CSRF != first.CSRF {
		t.Error("a form token belongs to one session and stays the same in it")
	}
	ok(t, first.CheckCSRF(first.CSRF))
	want(t, first.CheckCSRF(second.CSRF), fault.Forbidden, "")
	want(t, first.CheckCSRF(""), fault.Forbidden, "")
	want(t, account.Principal{}.CheckCSRF(""), fault.Forbidden, "")

	ok(t, n.SignOut(n.ctx, first.Principal))
	_, _, err = n.Authenticate(n.ctx, first.Token)
	want(t, err, fault.Unauthenticated, "")
	n.again(t, second)
	third, err := n.SignIn(n.ctx, "jonna", phrase, here)
	ok(t, err)
	ok(t, n.SignOutEverywhere(n.ctx, third.Principal))
	for _, in := range []account.SignedIn{second, third} {
		_, _, err = n.Authenticate(n.ctx, in.Token)
		want(t, err, fault.Unauthenticated, "")
	}
	n.again(t, n.admin) // somebody else's
	for _, token := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<16)} {
		_, _, err = n.Authenticate(n.ctx, token)
		want(t, err, fault.Unauthenticated, "")
	}
}

func TestSessionsSlideAndEnd(t *testing.T) {
	n := ready(t)
	in := n.join(t, "jonna")
	n.pass(30 * time.Minute)
	if _, moved, err := n.Authenticate(n.ctx, in.Token); err != nil || !moved.IsZero() {
		t.Errorf("within the hour nothing is written: %v, %v", moved, err)
	}
	n.pass(20 * 24 * time.Hour)
	if _, moved, err := n.Authenticate(n.ctx, in.Token); err != nil || !moved.Equal(n.now().Add(30*24*time.Hour)) {
		t.Errorf("moved to %v, %v", moved, err)
	}
	n.pass(29 * 24 * time.Hour)
	n.again(t, in)
	n.pass(31 * 24 * time.Hour)
	_, _, err := n.Authenticate(n.ctx, in.Token)
	want(t, err, fault.Unauthenticated, "")

	in, err = n.SignIn(n.ctx, "jonna", phrase, here)
	ok(t, err)
	began := n.now()
	for {
		n.pass(25 * 24 * time.Hour)
		if _, _, err := n.Authenticate(n.ctx, in.Token); err != nil {
			break
		}
	}
	if d := n.now().Sub(began); d < 365*24*time.Hour || d > 400*24*time.Hour {
		t.Errorf("a session that is used every day ended after %v", d)
	}
	ok(t, n.Expire(n.ctx))
	again, err := n.SignIn(n.ctx, "jonna", phrase, here)
	ok(t, err)
	if list, err := n.Sessions(n.ctx, again.Principal); err != nil || len(list) != 1 {
		t.Errorf("%d sessions left, %v", len(list), err)
	}
}

func TestChangePassword(t *testing.T) {
	n := ready(t)
	in, other := n.join(t, "jonna"), account.SignedIn{}
	other, err := n.SignIn(n.ctx, "jonna", phrase, here)
	ok(t, err)
	want(t, n.ChangePassword(n.ctx, in.Principal, "not the old one", "another four words"), fault.Invalid, "old")
	want(t, n.ChangePassword(n.ctx, in.Principal, phrase, "short"), fault.Invalid, "password")
	want(t, n.ChangePassword(n.ctx, account.Principal{}, phrase, "another four words"), fault.Unauthenticated, "")
	ok(t, n.ChangePassword(n.ctx, in.Principal, phrase, "another four words"))
	n.again(t, in)
	_, _, err = n.Authenticate(n.ctx, other.Token)
	want(t, err, fault.Unauthenticated, "")
	_, err = n.SignIn(n.ctx, "jonna", phrase, here)
	want(t, err, fault.Unauthenticated, "")
	_, err = n.SignIn(n.ctx, "jonna", "another four words", here)
	ok(t, err)
}

func TestReset(t *testing.T) {
	n := ready(t)
	in := n.join(t, "jonna")
	_, err := n.ResetLink(n.ctx, in.Principal, in.Account)
	want(t, err, fault.Forbidden, "")
	_, err = n.ResetLink(n.ctx, n.admin.Principal, id.New[id.Account](n.now()))
	want(t, err, fault.NotFound, "")
	old, err := n.ResetLink(n.ctx, n.admin.Principal, in.Account)
	ok(t, err)
	link, err := n.ResetLink(n.ctx, account.Operator(), in.Account)
	ok(t, err)
	_, err = n.Reset(n.ctx, old, "another four words", here)
	want(t, err, fault.Forbidden, "")
	_, err = n.Reset(n.ctx, link, "short", here)
	want(t, err, fault.Invalid, "password")
	fresh, err := n.Reset(n.ctx, link, "another four words", here)
	ok(t, err)
	if n.again(t, fresh).Handle != "jonna" {
		t.Error("not signed in")
	}
	_, _, err = n.Authenticate(n.ctx, in.Token)
	want(t, err, fault.Unauthenticated, "")
	_, err = n.Reset(n.ctx, link, "yet another four words", here)
	want(t, err, fault.Forbidden, "")
	late, err := n.ResetLink(n.ctx, n.admin.Principal, in.Account)
	ok(t, err)
	n.pass(25 * time.Hour)
	_, err = n.Reset(n.ctx, late, "yet another four words", here)
	want(t, err, fault.Forbidden, "")

	ok(t, n.SetPassword(n.ctx, account.Operator(), in.Account, "from the terminal"))
	_, err = n.SignIn(n.ctx, "jonna", "from the terminal", here)
	ok(t, err)
	log, err := n.Audited(n.ctx, n.admin.Principal, "", 3)
	ok(t, err)
	if len(log) != 3 || log[0].Action != "account.password" || log[0].Actor != "operator" || log[0].About != string(in.Account) {
		t.Errorf("audit = %+v", log)
	}
	_, err = n.Audited(n.ctx, in.Principal, "", 3)
	want(t, err, fault.Forbidden, "")
}

func TestRoles(t *testing.T) {
	n := ready(t)
	in := n.join(t, "jonna")
	want(t, n.SetRole(n.ctx, in.Principal, in.Account, account.Admin), fault.Forbidden, "")
	want(t, n.SetRole(n.ctx, account.Principal{}, in.Account, account.Admin), fault.Unauthenticated, "")
	want(t, n.SetRole(n.ctx, n.admin.Principal, in.Account, "king"), fault.Invalid, "role")
	want(t, n.SetRole(n.ctx, n.admin.Principal, n.admin.Account, account.Listener), fault.Conflict, "")
	ok(t, n.OpenStudio(n.ctx, in.Principal))
	if p := n.again(t, in); !p.Has(account.Artist) || p.Has(account.Moderator) {
		t.Errorf("role = %s", p.Role)
	}
	ok(t, n.SetRole(n.ctx, n.admin.Principal, in.Account, account.Admin))
	ok(t, n.SetRole(n.ctx, n.again(t, in), n.admin.Account, account.Listener))
	want(t, n.again(t, n.admin).Require(account.Admin), fault.Forbidden, "")

	list, err := n.Find(n.ctx, n.again(t, in), "", "", 1)
	ok(t, err)
	rest, err := n.Find(n.ctx, n.again(t, in), "", list[0].ID, 500)
	ok(t, err)
	if len(list) != 1 || len(rest) != 1 || list[0].ID == rest[0].ID {
		t.Errorf("pages = %v, %v", list, rest)
	}
	s, err := n.Settings(n.ctx)
	ok(t, err)
	s.OpenStudio = false
	ok(t, n.SaveSettings(n.ctx, n.again(t, in), s))
	want(t, n.OpenStudio(n.ctx, n.again(t, n.admin)), fault.Forbidden, "")
}

func spki(t *testing.T, pub any) []byte {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(pub)
	ok(t, err)
	return b
}

func TestDevices(t *testing.T) {
	n := ready(t)
	in, other := n.join(t, "jonna"), n.join(t, "mikko")
	edPub, _, err := ed25519.GenerateKey(rand.Reader)
	ok(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	ed, err := n.AddDevice(n.ctx, in.Principal, spki(t, edPub), " Laptop ")
	ok(t, err)
	ec, err := n.AddDevice(n.ctx, in.Principal, spki(t, &p256.PublicKey), "")
	ok(t, err)
	if ed.Alg != "ed25519" || ed.Name != "Laptop" || ec.Alg != "p256" || ec.Name != "Browser" || ed.ID == ec.ID {
		t.Errorf("%+v, %+v", ed, ec)
	}
	again, err := n.AddDevice(n.ctx, in.Principal, spki(t, edPub), "Other name")
	if err != nil || again.ID != ed.ID || again.Name != "Laptop" {
		t.Errorf("the same key again = %+v, %v", again, err)
	}
	_, err = n.AddDevice(n.ctx, other.Principal, spki(t, edPub), "")
	want(t, err, fault.Conflict, "spki")
	want(t, n.RevokeDevice(n.ctx, other.Principal, ed.ID), fault.NotFound, "")
	ok(t, n.RevokeDevice(n.ctx, in.Principal, ed.ID))
	_, err = n.AddDevice(n.ctx, in.Principal, spki(t, edPub), "")
	want(t, err, fault.Conflict, "spki")
	list, err := n.Devices(n.ctx, in.Principal)
	ok(t, err)
	if len(list) != 2 || list[0].Revoked.IsZero() == list[1].Revoked.IsZero() {
		t.Errorf("devices = %+v", list)
	}
}

func TestWeakKeysAreRefused(t *testing.T) {
	n := ready(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	ok(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	ok(t, err)
	small, err := hex.DecodeString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa") // sign bit set
	ok(t, err)
	good := spki(t, ed25519.PublicKey(strings.Repeat("k", 32)))
	for name, c := range map[string]struct {
		spki []byte
		kind fault.Kind
	}{
		"empty":       {nil, fault.Invalid},
		"no key":      {[]byte("hello"), fault.Invalid},
		"cut":         {good[:len(good)-1], fault.Invalid},
		"more":        {append(slices.Clone(good), 0), fault.Invalid},
		"long":        {make([]byte, 1<<20), fault.Invalid},
		"all zero":    {spki(t, ed25519.PublicKey(make([]byte, 32))), fault.Invalid},
		"small order": {spki(t, ed25519.PublicKey(small)), fault.Invalid},
		"P-384":       {spki(t, &p384.PublicKey), fault.Unsupported},
		"RSA":         {spki(t, &rsaKey.PublicKey), fault.Unsupported},
	} {
		if _, err := n.AddDevice(n.ctx, n.admin.Principal, c.spki, ""); !fault.Is(err, c.kind) || fault.Field(err) != "spki" {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
}

func TestTokens(t *testing.T) {
	n := ready(t)
	in := n.join(t, "jonna")
	for _, c := range []struct {
		name    string
		scopes  []account.Scope
		expires time.Time
		field   string
	}{
		{"", []account.Scope{account.ScopeRead}, time.Time{}, "name"},
		{"x", nil, time.Time{}, "scopes"},
		{"x", []account.Scope{"everything"}, time.Time{}, "scopes"},
		{"x", []account.Scope{account.ScopeRead}, n.now(), "expires"},
	} {
		_, _, err := n.IssueToken(n.ctx, in.Principal, c.name, c.scopes, c.expires)
		want(t, err, fault.Invalid, c.field)
	}
	text, tok, err := n.IssueToken(n.ctx, in.Principal, "phone", []account.Scope{account.ScopeListen, account.ScopeRead, account.ScopeRead}, n.now().Add(time.Hour))
	ok(t, err)
	p, err := n.Bearer(n.ctx, text)
	ok(t, err)
	if p.Account != in.Account || len(p.Scopes) != 2 || p.Scopes[0] != account.ScopeRead {
		t.Errorf("%+v", p)
	}
	ok(t, p.Allow(account.ScopeListen))
	ok(t, p.CheckCSRF(""))
	want(t, p.Allow(account.ScopeMoney), fault.Forbidden, "")
	want(t, n.Delete(n.ctx, p, phrase), fault.Forbidden, "")
	want(t, n.SignOutEverywhere(n.ctx, p), fault.Forbidden, "")
	_, _, err = n.IssueToken(n.ctx, p, "child", []account.Scope{account.ScopeAdmin}, time.Time{})
	want(t, err, fault.Forbidden, "")

	admin, _, err := n.IssueToken(n.ctx, n.admin.Principal, "backup", []account.Scope{account.ScopeRead}, time.Time{})
	ok(t, err)
	if p, err := n.Bearer(n.ctx, admin); err != nil || p.Has(account.Moderator) || !p.Has(account.Artist) {
		t.Errorf("an admin's token without the scope: %+v, %v", p, err)
	}
	list, err := n.Tokens(n.ctx, in.Principal)
	ok(t, err)
	if len(list) != 1 || list[0].Seen.IsZero() || list[0].Name != "phone" {
		t.Errorf("tokens = %+v", list)
	}
	n.pass(2 * time.Hour)
	for _, s := range []string{text, "", "9ten_", "9ten_x", strings.TrimPrefix(admin, "9ten_"), in.Token} {
		_, err := n.Bearer(n.ctx, s)
		want(t, err, fault.Unauthenticated, "")
	}
	want(t, n.RevokeToken(n.ctx, n.admin.Principal, tok.ID), fault.NotFound, "")
	ok(t, n.RevokeToken(n.ctx, in.Principal, tok.ID))
}

func TestDelete(t *testing.T) {
	var erased []id.Account
	var refuse error
	n := ready(t, func(ctx context.Context, tx account.Tx, who id.Account) error {
		erased = append(erased, who)
		if err := store.Base(tx).Audit(ctx, "eraser", "erase", string(who), ""); err != nil {
			return err
		}
		return refuse
	})
	in := n.join(t, "jonna")
	want(t, n.Delete(n.ctx, in.Principal, "not the password"), fault.Invalid, "password")
	want(t, n.Delete(n.ctx, n.admin.Principal, phrase), fault.Conflict, "")
	refuse = errors.New("the disk broke half way")
	if err := n.Delete(n.ctx, in.Principal, phrase); !errors.Is(err, refuse) {
		t.Errorf("err = %v", err)
	}
	n.again(t, in) // nothing happened
	if log, err := n.Audited(n.ctx, n.admin.Principal, "", 1); err != nil || log[0].Action == "erase" {
		t.Errorf("the eraser's part was kept: %+v, %v", log, err)
	}
	refuse = nil
	ok(t, n.Delete(n.ctx, in.Principal, phrase))
	if erased[len(erased)-1] != in.Account {
		t.Errorf("erased %v", erased)
	}
	_, _, err := n.Authenticate(n.ctx, in.Token)
	want(t, err, fault.Unauthenticated, "")
	_, err = n.ByHandle(n.ctx, "jonna")
	want(t, err, fault.NotFound, "")
	_, err = n.SignUp(n.ctx, account.SignUp{Handle: "jonna", Password: phrase}, here)
	want(t, err, fault.Conflict, "handle")
	mikko := n.join(t, "mikko")
	want(t, n.Remove(n.ctx, mikko.Principal, n.admin.Account), fault.Forbidden, "")
	ok(t, n.Remove(n.ctx, n.admin.Principal, mikko.Account))
	want(t, n.Remove(n.ctx, n.admin.Principal, mikko.Account), fault.NotFound, "")
}

func TestProfile(t *testing.T) {
	n := ready(t)
	in := n.join(t, "jonna")
	n.join(t, "mikko")
	set := func(name, email, password string) error {
		return n.SetProfile(n.ctx, in.Principal, account.Profile{Name: &name, Email: &email, Password: password})
	}
	ok(t, set("Jonna\u00a0 K.", "", phrase))
	ok(t, n.SetHistoryPaused(n.ctx, in.Principal, true))
	if a, err := n.Account(n.ctx, in.Account); err != nil || a.Name != "Jonna K." || a.Email != "" || !a.HistoryPaused {
		t.Errorf("%+v, %v", a, err)
	}
	want(t, set("Jonna", "mikko@example.org", phrase), fault.Conflict, "email")
	want(t, set("", "", phrase), fault.Invalid, "name")
	want(t, n.SetProfile(n.ctx, account.Principal{}, account.Profile{}), fault.Unauthenticated, "")
	// Who has the address has the account.
	want(t, set("Jonna", "eve@example.org", ""), fault.Invalid, "password")
	want(t, set("Jonna", "eve@example.org", "wrong"), fault.Invalid, "password")
	token := in.Principal
	token.Token = true
	eve := "eve@example.org"
	want(t, n.SetProfile(n.ctx, token, account.Profile{Email: &eve, Password: phrase}), fault.Forbidden, "")
}

func TestPopulate(t *testing.T) {
	n := ready(t)
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	ok(t, err)
	ids, err := n.Populate(n.ctx, []account.Puppet{{Handle: "listener_1", Name: "Listener 1", SPKI: spki(t, pub)}})
	ok(t, err)
	if a, err := n.Account(n.ctx, ids[0]); err != nil || a.Handle != "listener_1" {
		t.Errorf("%+v, %v", a, err)
	}
	for _, password := range []string{"", phrase} {
		_, err = n.SignIn(n.ctx, "listener_1", password, here)
		want(t, err, fault.Unauthenticated, "")
	}
}

func TestContext(t *testing.T) {
	if p := account.From(t.Context()); !p.Guest() || p.Has(account.Listener) {
		t.Errorf("nobody = %+v", p)
	}
	p := account.From(account.With(t.Context(), account.Operator()))
	ok(t, p.Require(account.Admin))
	want(t, account.Principal{}.Require(account.Listener), fault.Unauthenticated, "")
}
