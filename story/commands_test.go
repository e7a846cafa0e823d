package story

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

// call asks the interface for programs, with the token in $TOKEN where there
// is one, and keeps what is answered.
//
//	api STATUS METHOD /path FILE [JSON]
func call(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 && len(args) != 5 {
		ts.Fatalf("usage: api STATUS METHOD /path FILE [JSON]")
	}
	body := ""
	if len(args) == 5 {
		body = args[4]
	}
	h := http.Header{}
	if t := ts.Getenv("TOKEN"); t != "" {
		h.Set("Authorization", "Bearer "+t)
	}
	code, answer, _ := ask(ts, args[1], args[2], body, h)
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), answer, 0o600))
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("%s %s answers %d, want %s\n%s", args[1], args[2], code, args[0], answer)
	}
}

func ask(ts *testscript.TestScript, method, path, body string, h http.Header) (int, []byte, []*http.Cookie) {
	req, err := http.NewRequest(method, ts.Getenv("URL")+"/api/v1"+path, strings.NewReader(body))
	ts.Check(err)
	req.Header = h
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return resp.StatusCode, b, resp.Cookies()
}

// login signs somebody in and makes them a token with scopes, as $TOKEN.
//
//	login HANDLE PASSWORD SCOPE...
func login(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: login HANDLE PASSWORD SCOPE...")
	}
	post := func(path string, v any, h http.Header, out any) []*http.Cookie {
		b, err := json.Marshal(v)
		ts.Check(err)
		code, answer, cookies := ask(ts, http.MethodPost, path, string(b), h)
		if code != http.StatusCreated {
			ts.Fatalf("%s answers %d: %s", path, code, answer)
		}
		ts.Check(json.Unmarshal(answer, out))
		return cookies
	}
	var session struct{ CSRF string }
	cookies := post("/session", map[string]any{"login": args[0], "password": args[1]}, http.Header{}, &session)
	h := http.Header{"X-Csrf-Token": {session.CSRF}, "Cookie": {cookies[0].Name + "=" + cookies[0].Value}}
	var token struct{ Secret string }
	post("/tokens", map[string]any{"name": "story", "scopes": args[2:]}, h, &token)
	ts.Setenv("TOKEN", token.Secret)
}

// take finds a text in a file, and sets a variable to what the first group
// of the expression matched.
//
//	take FILE REGEXP VARIABLE
func take(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: take FILE REGEXP VARIABLE")
	}
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	m := re.FindStringSubmatch(ts.ReadFile(args[0]))
	if len(m) < 2 {
		ts.Fatalf("%s has nothing like %s:\n%s", args[0], args[1], ts.ReadFile(args[0]))
	}
	ts.Setenv(args[2], m[1])
}

// statement changes a database behind the node's back. Something has to change.
//
//	sql FILE STATEMENT
func statement(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	res, err := db.Exec(args[1])
	ts.Check(err)
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("%s changes %d rows: %v", args[1], n, err)
	}
	ts.Check(db.Close())
}

// flipByte changes one bit of a file's byte, counted from its end.
//
//	flipbyte FILE FROM-END
func flipByte(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: flipbyte FILE FROM-END")
	}
	var back int
	_, err := fmt.Sscan(args[1], &back)
	ts.Check(err)
	b := []byte(ts.ReadFile(args[0]))
	if back < 1 || back > len(b) {
		ts.Fatalf("%s has %d bytes", args[0], len(b))
	}
	b[len(b)-back] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}
