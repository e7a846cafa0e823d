package form

import (
	"html"
	"strings"

	"github.com/michaelperna/9ten/internal/social"
)

func escape(s string) string { return html.EscapeString(s) }

func paragraphs(text string) string { return social.Paragraphs(text) }

func link(to string) string {
	shown := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(to, "https://"), "http://"), "/")
	return `<a href="` + escape(to) + `" rel="me nofollow noopener">` + escape(shown) + `</a>`
}
