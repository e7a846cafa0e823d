package music

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// spelt holds letters that lose no mark when decomposed but that people type
// without it all the same.
var spelt = strings.NewReplacer(
	"ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ł", "l", "ħ", "h", "ı", "i", "ŋ", "n",
	"'", "", "’", "", "ʼ", "", // don't and dont are one word
)

// Fold brings a text to the letters it is searched by: lower case, marks and
// apostrophes dropped, compatibility forms made plain. "Sigur Rós" becomes
// "sigur ros".
func Fold(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c == '\'' {
			plain = false
			break
		}
	}
	if plain {
		return strings.ToLower(s)
	}
	s = spelt.Replace(strings.ToLower(norm.NFKD.String(s)))
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.M, r) {
			return -1
		}
		return r
	}, s)
}

// Terms splits a text into the words it is searched by: folded runs of letters
// and digits. Scripts written without spaces give a word per character. No
// word holds anything a query language could read as more than a word.
func Terms(s string) []string {
	var out []string
	s = Fold(s)
	start := -1
	end := func(i int) {
		if start >= 0 {
			out = append(out, s[start:i])
			start = -1
		}
	}
	for i, r := range s {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) && unicode.IsLetter(r):
			end(i)
			out = append(out, string(r))
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			if start < 0 {
				start = i
			}
		default:
			end(i)
		}
	}
	end(len(s))
	return out
}
