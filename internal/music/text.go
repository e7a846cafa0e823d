package music

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/michaelperna/9ten/internal/fault"
)

// Limits of what people write, in characters.
const (
	nameMax   = 120
	titleMax  = 300
	textMax   = 10_000
	lyricsMax = 60_000
	tagMax    = 40
	tagsMax   = 20
	listMax   = 100
)

// unseen reports characters that are not seen but change what is: marks that
// turn the direction of writing, and spaces without a width. Joiners stay,
// which scripts and emoji are written with.
func unseen(r rune) bool {
	return r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) || r == '\u200b' || r == '\u2060' || r == '\ufeff'
}

// OneLine cleans a single line: NFC, control characters and what is unseen gone,
// runs of white space made one space.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unseen(r):
			return -1
		case unicode.IsControl(r) || unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

// prose cleans a text of several lines: NFC, "\n" line ends, no other control
// characters, no more than one empty line in a row.
func prose(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.Map(func(r rune) rune {
		if unseen(r) || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	for strings.Contains(s, "\n\n\n") {
		s = strings.ReplaceAll(s, "\n\n\n", "\n\n")
	}
	return norm.NFC.String(strings.TrimSpace(s))
}

// cut shortens what a file says of itself to a limit, at a character.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit]))
}

// fileName is the last part of what somebody calls a file, fit to be shown; a
// long one keeps its ending. It is never used as a path.
func fileName(s string) string {
	s = OneLine(path.Base(strings.ReplaceAll(s, `\`, "/")))
	ext := path.Ext(s)
	if len(ext) > 10 {
		ext = ""
	}
	return cut(strings.TrimSuffix(s, ext), titleMax-len(ext)) + ext
}

// need checks the length of a cleaned text; what names it in the sentence.
func need(field, what, s string, limit int, empty bool) error {
	if s == "" && !empty {
		return fault.On(field, fault.Invalid, "%s is missing.", fault.Term(what))
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return fault.On(field, fault.Invalid, "%s has %d characters; %d are the most it can have.", fault.Term(what), n, limit)
	}
	return nil
}

// Tag folds a genre or mood to the form tags are compared in: "Hip Hop" and
// "hip-hop " are one. It returns "" when nothing is left.
func Tag(s string) string {
	return cut(strings.Join(Terms(s), "-"), tagMax)
}

// TagsOf folds a stranger's list as [Tag] does, and keeps as many as a release can have.
func TagsOf(list []string) (out []string) {
	for _, s := range list {
		if t := Tag(s); t != "" && !slices.Contains(out, t) && len(out) < tagsMax {
			out = append(out, t)
		}
	}
	return out
}

// tags folds a list, drops doubles and keeps the order.
func tags(list []string) ([]string, error) {
	var out []string
	for _, s := range list {
		if t := Tag(s); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	if len(out) > tagsMax {
		return nil, fault.On("tags", fault.Invalid, "A release can have %d tags; these are %d.", tagsMax, len(out))
	}
	return out, nil
}

// webAddress checks a link that a page will show.
func webAddress(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(s) > 500 {
		return fault.On("links", fault.Invalid, "%q is no web address: write it like https://example.org.", cut(s, 80))
	}
	return nil
}

// oneOf checks a choice against its closed list.
func oneOf[T ~string](field, what string, v T, all []T) error {
	if slices.Contains(all, v) {
		return nil
	}
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = string(a)
	}
	return fault.On(field, fault.Invalid, "%q is no %s. These are: %s.", cut(string(v), 40), fault.Term(what), strings.Join(names, ", "))
}

// trimmed writes whole and hundredths without needless zeros: 99.5, 100.
func trimmed(whole, hundredths int64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%02d", whole, hundredths), "0"), ".")
}
