package remote_test

import (
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
)

// Of the lines of a profile a hundred are kept, and none that is longer than it may be.
func TestLinesOfAProfile(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	doc := ada.Document()
	add := func(kind, name, value string) {
		line := &vocab.Object{Type: []string{kind}, Name: name}
		line.Put("value", value)
		doc.Attachment = append(doc.Attachment, vocab.Of(line))
	}
	add("Image", "no line", "x")
	add("PropertyValue", "long", strings.Repeat("x", 3000))
	add("PropertyValue", " Two\nlines ", "<p>she</p>")
	for range 150 {
		add("PropertyValue", "more", "x")
	}
	s.Publish(doc, "")
	a, err := fedtest.NewNode(t, s).Servers.Actor(t.Context(), ada.ID)
	if err != nil || len(a.Lines) != 100 || a.Lines[0].Name != "Two lines" || a.Lines[0].Value != "<p>she</p>" {
		t.Errorf("%d lines: %+v, %v", len(a.Lines), a.Lines[:min(1, len(a.Lines))], err)
	}
}
