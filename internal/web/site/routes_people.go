package site

// peoplePages are those of accounts.
func (s *Site) peoplePages() []page {
	return []page{
		{pattern: "GET /setup", do: (*visit).setup},
		{pattern: "POST /setup", do: (*visit).doSetup, open: true},
		{pattern: "GET /signin", do: (*visit).signIn},
		{pattern: "POST /signin", do: (*visit).doSignIn, open: true},
		{pattern: "GET /signup", do: (*visit).signUp},
		{pattern: "POST /signup", do: (*visit).doSignUp, open: true},
		{pattern: "POST /signout", who: listener, do: (*visit).signOut},
	}
}
