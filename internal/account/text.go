package account

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/michaelperna/9ten/internal/fault"
)

var handleForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_]{1,29}$`)

// reserved are handles that would pass for the node itself.
var reserved = []string{"9ten", "node", "operator", "root", "system", "support", "commons", "deleted", "everyone", "null", "undefined"}

// Reserved reports whether a handle would pass for the node itself.
func Reserved(handle string) bool { return slices.Contains(reserved, handle) }

func fold(handle string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(handle), "@"))
}

func cleanHandle(s string) (string, error) {
	h := fold(s)
	switch {
	case !handleForm.MatchString(h):
		return "", fault.On("handle", fault.Invalid, "A user name has 2 to 30 letters (a to z), digits or underscores and begins with a letter or digit.")
	case Reserved(h):
		return "", fault.On("handle", fault.Invalid, "The user name %s is reserved. Choose another.", h)
	}
	return h, nil
}

// cleanName tidies a display name; an empty one becomes the given default.
func cleanName(s, instead string) (string, error) { return cleanText("name", "A name", s, instead, 60) }

// cleanText brings text into NFC and one line. what begins the sentence that
// refuses it.
func cleanText(field, what, s, instead string, most int) (string, error) {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) && r != '\u200d' && r != '\u200c' }) {
		return "", fault.On(field, fault.Invalid, "%s cannot have characters that do not show.", fault.Term(what))
	}
	s = norm.NFC.String(strings.Join(strings.Fields(s), " "))
	if s == "" {
		s = instead
	}
	if n := utf8.RuneCountInString(s); n > most || n == 0 {
		return "", fault.On(field, fault.Invalid, "%s has 1 to %d characters.", fault.Term(what), most)
	}
	return s, nil
}

// cleanEmail reads an address in lower case; an empty one is none.
func cleanEmail(s string) (string, error) {
	if s = strings.ToLower(strings.TrimSpace(s)); s == "" {
		return "", nil
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		return "", fault.On("email", fault.Invalid, "That is no mail address. Leave it empty if you would rather not give one.")
	}
	return s, nil
}

// clipAgent shortens what a browser calls itself.
func clipAgent(s string) string {
	s = strings.ToValidUTF8(s, "")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return s
}
