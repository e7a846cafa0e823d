// Package letter says what the node's letters say, in the language of whoever
// gets them: as plain text, and as HTML that loads nothing and reports nothing.
package letter

import (
	"html/template"
	"strings"

	"golang.org/x/text/language"

	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// A Letter is what is to be sent.
type Letter struct{ Subject, Text, HTML string }

// A Writer writes letters.
type Writer struct {
	Words *web.Catalogue
	Base  string // the node's address
}

// A voice says sentences in one language.
type voice struct {
	words *web.Catalogue
	lang  language.Tag
	node  string // what the node is called
	base  string
}

// in returns the writer's voice in a language, for a node of that name. What
// is no language is English.
func (w *Writer) in(lang, node string) voice {
	return voice{w.Words, w.Words.Tag(lang), node, w.Base}
}

func (v voice) say(format string, args ...any) string { return v.words.Say(v.lang, format, args...) }

// A part is a paragraph; one with a link is what the link is called.
type part struct{ Text, Link string }

// sheet is what the template draws.
type sheet struct {
	Lang, Subject string
	Parts         []part
	Foot          []part
}

var page = template.Must(template.New("letter").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;font:16px/1.55 Georgia,serif"><div style="max-width:34em;margin:0 auto">
{{range .Parts}}<p style="margin:0 0 1em">{{if .Link}}<a href="{{.Link}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}</p>
{{end}}<hr style="border:0;border-top:1px solid;opacity:.3;margin:2em 0 1em">
{{range .Foot}}<p style="margin:0 0 .5em;font-size:14px;opacity:.75">{{if .Link}}<a href="{{.Link}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}</p>
{{end}}</div></body></html>
`))

// write makes a letter of its parts. why says at its foot why somebody gets it.
// Each text is one line, whatever the names in it are: another would look like a
// sentence or a link of the node's, and end the subject's header.
func (v voice) write(subject string, parts []part, foot ...part) (Letter, error) {
	subject, foot = music.OneLine(subject), append(foot, part{v.node, v.base})
	var text, html strings.Builder
	for i, list := range [][]part{parts, foot} {
		if i == 1 {
			text.WriteString("-- \n")
		}
		for _, p := range list {
			text.WriteString(music.OneLine(p.Text) + "\n")
			if p.Link != "" {
				text.WriteString(p.Link + "\n")
			}
			if i == 0 {
				text.WriteString("\n")
			}
		}
	}
	err := page.Execute(&html, sheet{v.lang.String(), subject, parts, foot})
	return Letter{subject, text.String(), html.String()}, err
}

// Test is a letter that an operator sends to see whether letters arrive.
func (w *Writer) Test(lang, node string) (Letter, error) {
	v := w.in(lang, node)
	return v.write(v.say("A letter from %s", node), []part{
		{Text: v.say("This letter was sent to see whether letters from %s arrive. They do.", node)},
		{Text: v.say("There is nothing to be done.")},
	})
}
