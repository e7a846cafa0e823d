package site_test

import (
	"net/http"
	"testing"
)

// TestForgotten says the same whether there is such an account or not.
func TestForgotten(t *testing.T) {
	n := newNode(t)
	n.setUp(true)
	v := n.visitor()
	v.open("/signin").sees(200, "/signin", "The person who runs this node can give you a link")
	n.mail.server = "mail.example:587"
	v.open("/signin").sees(200, "/signin", `href="/forgot"`)
	v.open("/forgot").send("/forgot", "login", " ").sees(422, "/forgot", "your user name or your mail address")
	known := v.send("/forgot", "login", "anneke").sees(200, "/forgot", "a letter with a link is on its way").body
	if unknown := v.open("/forgot").send("/forgot", "login", "nobody").sees(200, "/forgot").body; unknown != known {
		t.Errorf("the page tells who has an account:\n%s\n%s", known, unknown)
	}
	if len(n.errands) != 2 || n.errands[0].Login != "anneke" || n.errands[1].Login != "nobody" {
		t.Errorf("%+v", n.errands)
	}
	for range 2 {
		v.send("/forgot", "login", "anneke")
	}
	v.send("/forgot", "login", "anneke").sees(http.StatusTooManyRequests, "/forgot", "tried too often", `value="anneke"`)
	v.open("/address?token=made-up").sees(403, "/address", "used or is too old")
	v.send("/address", "token", "made-up").sees(403, "/address", "used or is too old")
}

// TestInvitations invites by letter and by link, and makes an account with one.
func TestInvitations(t *testing.T) {
	n := newNode(t)
	op := n.setUp(false)
	op.open("/operator/people").sees(200, "/operator/people", `href="/invitations"`)
	op.open("/invitations").send("/invitations", "email", "no mail", "role", "listener").sees(422, "/invitations", "no mail address", `value="no mail"`)
	op.send("/invitations", "email", "bo@example.org", "role", "artist").sees(200, "/invitations", "on its way to bo@example.org", "Artist", "until 8 December 2026")
	op.send("/invitations", "email", "", "role", "listener").sees(200, "/invitations", "Pass this link on", "By link")
	link := first(t, op.body, `(/signup\?invitation=[^<"]+)`)
	op.open("/invitations").misses(link)
	v := n.visitor()
	v.open("/signup").sees(200, "/signup", "made by hand").open("/signup?invitation=made-up").sees(403, "/signup", "This invitation was used")
	token := link[len("/signup?invitation="):]
	v.open(link).sees(200, "/signup", token).send("/signup", "invitation", token, "handle", "bo", "password", "short").sees(422, "/signup", "at least 10 characters", token)
	v.send("/signup", "invitation", token, "handle", "bo", "password", words)
	v.open("/account").sees(200, "/account", "@bo").misses("/invitations").open("/invitations").sees(403, "/invitations", "the operator alone invites")
	n.visitor().open(link).sees(403, "/signup", "This invitation was used")
	op.open("/operator/settings").send("/operator/settings", "node", "Harbour", "invite", "yes")
	v.open("/account").sees(200, "/account", `href="/invitations"`).open("/invitations").sees(200, "/invitations", "None is open").misses("bo@example.org", `name="role"`)
	op.open("/invitations").send("/invitations/withdraw", "invitation", first(t, op.body, `name="invitation" value="(\w+)"`)).sees(200, "/invitations", "taken back")
}

// Who comes with an invitation that is good no more makes an account without, where
// anybody may.
func TestStaleInvitation(t *testing.T) {
	n := newNode(t)
	n.setUp(true)
	v := n.visitor()
	v.open("/signup?invitation=made-up").sees(200, "/signup", "You need none", `name="handle"`).misses("made-up")
	v.send("/signup", "invitation", "made-up", "handle", "bo", "password", words).sees(200, "/signup", "You need none", `value="bo"`).misses("made-up")
	v.send("/signup", "handle", "bo", "password", words)
	v.open("/account").sees(200, "/account", "@bo")
}
