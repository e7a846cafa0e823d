package letter

import (
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/web"
)

// A stranger's name is part of one line: it neither ends the subject, with which
// nobody would get the letter, nor makes links of its own.
func TestNamesInLettersAreOneLine(t *testing.T) {
	words, err := web.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	w := Writer{Words: words, Base: "https://music.example"}
	l, err := w.Digest("en", "Low\tTide", "Bo\n", []notice.Notice{{Kind: notice.Release, ActName: "Ada\r\nhttps://evil.example/\n", Title: "One\tTwo"}}, Links{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(l.Subject, "\r\n\t") || !strings.Contains(l.Subject, "Ada https://evil.example/") || !strings.Contains(l.Subject, "One Two") {
		t.Errorf("subject: %q", l.Subject)
	}
	if strings.Contains(l.Text, "\nhttps://evil.example") || !strings.Contains(l.Text, "Hello Bo ,\n") {
		t.Errorf("text: %q", l.Text)
	}
}
