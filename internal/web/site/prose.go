package site

import (
	"html/template"
	"regexp"
	"strings"
	"unicode/utf8"
)

// An About is what somebody wrote about a release, an act or a playlist.
type About struct {
	Lead  string          // the first paragraph in plain words, "" nothing was written
	Whole []template.HTML // paragraphs, with web addresses as links
	Long  bool            // the whole is more than a page wants to begin with
}

// longText is how many characters stand on a page at once.
const longText = 320

func about(s string) About {
	if s == "" {
		return About{}
	}
	a := About{Long: utf8.RuneCountInString(s) > longText}
	for p := range strings.SplitSeq(s, "\n\n") {
		a.Whole = append(a.Whole, linked(p))
	}
	a.Lead, _, _ = strings.Cut(s, "\n\n")
	if a.Long {
		a.Lead = shorten(a.Lead, longText*2/3)
	}
	return a
}

// address finds web addresses in a text; what ends a sentence is not part of one.
var address = regexp.MustCompile(`https?://[^\s<>"']*[^\s<>"'.,;:!?)]`)

// linked escapes a text and makes links of the addresses in it.
func linked(s string) template.HTML {
	var b strings.Builder
	from := 0
	for _, at := range address.FindAllStringIndex(s, -1) {
		u := template.HTMLEscapeString(s[at[0]:at[1]])
		b.WriteString(template.HTMLEscapeString(s[from:at[0]]))
		b.WriteString(`<a class="link" rel="noreferrer nofollow ugc" href="` + u + `">` + u + `</a>`)
		from = at[1]
	}
	b.WriteString(template.HTMLEscapeString(s[from:]))
	return template.HTML(b.String()) //nolint:gosec // every part was escaped
}
