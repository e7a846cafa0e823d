package social

import (
	"html"
	"strings"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Clean makes of what a stranger wrote in HTML what may stand on a page: running
// text, lists, quotes and links, and every tag that is opened is closed.
func Clean(text string) string {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "em", "strong", "i", "b", "del", "code", "pre", "blockquote", "ul", "ol", "li")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("https", "http")
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	var b strings.Builder
	for _, n := range nodes(p.Sanitize(text)) {
		_ = dom.Render(&b, n) // a builder takes everything
	}
	return strings.TrimSpace(b.String())
}

func nodes(text string) []*dom.Node {
	list, err := dom.ParseFragment(strings.NewReader(text), &dom.Node{Type: dom.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil { // too deep to be a text
		return nil
	}
	return list
}

// Text is what HTML says without its tags: a space where a paragraph or a line
// ends.
func Text(html string) string {
	if html == "" {
		return ""
	}
	var b strings.Builder
	for _, n := range nodes(html) {
		words(&b, n)
	}
	return strings.TrimSpace(b.String())
}

func words(b *strings.Builder, n *dom.Node) {
	if n.Type == dom.TextNode {
		b.WriteString(n.Data)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		words(b, c)
	}
	if n.Type == dom.ElementNode && (n.DataAtom == atom.P || n.DataAtom == atom.Br || n.DataAtom == atom.Li) {
		b.WriteByte(' ')
	}
}

// Source is the plain text of which [Paragraphs] made HTML.
func Source(html string) string {
	text := Text(strings.NewReplacer("</p>", "</p>\n\n", "<br/>", "\n").Replace(html))
	return strings.ReplaceAll(text, " \n\n", "\n\n")
}

// Paragraphs writes plain text as the HTML that every server lets through.
func Paragraphs(text string) string {
	text = visible(text)
	var b strings.Builder
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(p), "\n", "<br>") + "</p>")
		}
	}
	return b.String()
}

// visible is text without what hides or turns other text.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
}
