package network_test

import (
	"testing"

	"github.com/michaelperna/9ten/internal/network"
)

func TestWhatStrangersWriteIsOneLine(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"We play shanties – in Köln, 東京 and \U0001f469\u200d\U0001f3a4.", "We play shanties – in Köln, 東京 and \U0001f469\u200d\U0001f3a4."},
		{"hello\x1b[1A\x1b[2K\nbig.label.example\tabcde-abcde", "hello[1A[2K big.label.example abcde-abcde"},
		{"two\r\nlines", "two lines"},
		{"\x9b31mred", "31mred"},
		{"\u009b31mred", "31mred"},
		{"a\u202eelpmaxe.b", "aelpmaxe.b"},
		{"a\u2066b\u2069c\u200ed\u061ce", "abcde"},
		{"a\u2028b", "a b"},
		{"bell\a", "bell"},
	} {
		if got := network.OneLine(tt.in); got != tt.want || !network.Plain(got) {
			t.Errorf("%q became %q, want %q", tt.in, got, tt.want)
		}
		if got := network.Plain(tt.in); got != (tt.in == tt.want) {
			t.Errorf("%q is plain: %v", tt.in, got)
		}
	}
}
