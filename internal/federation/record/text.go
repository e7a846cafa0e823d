package record

import (
	"strings"

	"golang.org/x/net/html"
)

// Plain is a stranger's HTML as text: what they wrote, and nothing that a
// browser would do something with.
func Plain(s string) string { return cut(plain(s), maxText) }

func plain(s string) string {
	var b strings.Builder
	hidden := 0 // elements whose text is not for people
	for z := html.NewTokenizer(strings.NewReader(s)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return tidy(b.String())
		}
		tag, _ := z.TagName()
		unseen := string(tag) == "script" || string(tag) == "style"
		switch {
		case kind == html.TextToken && hidden == 0:
			b.Write(z.Text())
		case unseen && kind == html.StartTagToken:
			hidden++
		case unseen && kind == html.EndTagToken:
			hidden = max(0, hidden-1)
		case string(tag) == "br" || string(tag) == "li" && kind == html.StartTagToken:
			b.WriteByte('\n')
		case kind == html.EndTagToken && string(tag) == "p":
			b.WriteString("\n\n")
		}
	}
}

// tidy leaves no more than one empty line.
func tidy(s string) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if line != "" || len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, line)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// name is a stranger's word on one line.
func name(s string) string { return cut(strings.Join(strings.Fields(s), " "), maxName) }

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
