package site

// peoplePages are those of accounts, and of who runs the node.
func (s *Site) peoplePages() []page {
	return []page{
		{pattern: "GET /setup", do: (*visit).setup},
		{pattern: "POST /setup", do: (*visit).doSetup, open: true},
		{pattern: "GET /signin", do: (*visit).signIn},
		{pattern: "POST /signin", do: (*visit).doSignIn, open: true},
		{pattern: "GET /signup", do: (*visit).signUp},
		{pattern: "POST /signup", do: (*visit).doSignUp, open: true},
		{pattern: "POST /signout", who: listener, do: (*visit).signOut},
		{pattern: "GET /reset", do: (*visit).reset},
		{pattern: "POST /reset", do: (*visit).doReset, open: true},
		{pattern: "GET /account", who: listener, do: (*visit).account},
		{pattern: "POST /account", who: listener, do: (*visit).saveProfile},
		{pattern: "POST /account/password", who: listener, do: (*visit).changePassword},
		{pattern: "POST /account/sessions/end", who: listener, do: (*visit).endSessions},
		{pattern: "POST /account/devices/revoke", who: listener, do: (*visit).revokeDevice},
		{pattern: "POST /account/tokens", who: listener, do: (*visit).issueToken},
		{pattern: "POST /account/tokens/revoke", who: listener, do: (*visit).revokeToken},
		{pattern: "POST /account/delete", who: listener, do: (*visit).deleteAccount},
		{pattern: "GET /operator/people", who: moderator, do: (*visit).people},
		{pattern: "POST /operator/people", who: admin, do: (*visit).addPerson},
		{pattern: "POST /operator/people/{id}", who: admin, do: (*visit).changePerson},
		{pattern: "GET /operator/settings", who: admin, do: (*visit).settings},
		{pattern: "POST /operator/settings", who: admin, do: (*visit).saveSettings},
		{pattern: "POST /operator/settings/mail", who: admin, do: (*visit).testMail},
		{pattern: "GET /operator/music", who: moderator, do: (*visit).moderation},
		{pattern: "POST /operator/music/down", who: moderator, do: (*visit).takeDown},
		{pattern: "POST /operator/music/restore", who: moderator, do: (*visit).restore},
	}
}
