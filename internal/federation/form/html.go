package form

import (
	"html"
	"strings"
)

func escape(s string) string { return html.EscapeString(s) }

// paragraphs writes plain text as the HTML that every server lets through.
func paragraphs(text string) string {
	var b strings.Builder
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			b.WriteString("<p>" + strings.ReplaceAll(escape(p), "\n", "<br>") + "</p>")
		}
	}
	return b.String()
}

func link(to string) string {
	shown := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(to, "https://"), "http://"), "/")
	return `<a href="` + escape(to) + `" rel="me nofollow noopener">` + escape(shown) + `</a>`
}
