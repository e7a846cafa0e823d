package network

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a stranger wrote is shown to operators beside what they compare. A note
// that holds a line's end or a terminal's commands could write a row of its own
// there, and one that turns the direction of writing could have a row read as
// another.

// Plain reports whether text is one line that shows as it is.
func Plain(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unplain) }

// OneLine is text as one line that shows as it is: runs of white space are one
// space, and what would not show is gone.
func OneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	return strings.Map(func(r rune) rune {
		if unplain(r) {
			return -1
		}
		return r
	}, s)
}

// unplain is a closed list of ranges and no property of Unicode: the contract asks
// it, and has to answer the same whatever version of Unicode a node was built with.
func unplain(r rune) bool {
	switch {
	case unicode.IsControl(r), // below U+0100 alone, for good
		r == 0x061c, r == 0x200e, r == 0x200f, // marks of direction
		r >= 0x2028 && r <= 0x202e, // ends of lines and paragraphs, embeddings, overrides
		r >= 0x2066 && r <= 0x2069: // isolates
		return true
	}
	return false
}
