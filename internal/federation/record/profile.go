package record

import (
	"strings"

	"golang.org/x/net/html"

	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// A Profile is what the lines of an act's profile say.
type Profile struct {
	Members []music.Member
	Links   []music.Link
	Facts   []music.Member // of other software, which has no members: a name and what is said of it
}

// ProfileOf reads the lines of somebody elsewhere. A line that is a link and nothing else
// leads there, over HTTPS alone; any other is a member where a node of this software says
// it, which writes members so.
func ProfileOf(a *social.Actor) (p Profile) {
	for _, l := range a.Lines {
		text, to, alone := linked(l.Value)
		if alone {
			if at := strings.TrimSpace(to); strings.HasPrefix(at, "https://") && len(at) <= maxAddress {
				p.Links = append(p.Links, music.Link{Label: name(l.Name), URL: at})
			}
			continue
		}
		line := music.Member{Name: name(l.Name), Role: name(text)}
		switch {
		case line.Name == "":
		case a.Releases != "":
			p.Members = append(p.Members, line)
		case line.Role != "":
			p.Facts = append(p.Facts, line)
		}
	}
	return p
}

// linked is the text of HTML, where its first link leads to, and whether there is nothing
// beside that: an address without markup is one, too.
func linked(s string) (text, to string, alone bool) {
	text = plain(s)
	inside, outside := false, ""
	for z := html.NewTokenizer(strings.NewReader(s)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		t := z.Token()
		switch {
		case t.Data == "a" && kind == html.StartTagToken:
			inside = true
			for _, x := range t.Attr {
				if x.Key == "href" && to == "" {
					to = x.Val
				}
			}
		case t.Data == "a" && kind == html.EndTagToken:
			inside = false
		case kind == html.TextToken && !inside:
			outside += t.Data
		}
	}
	if to == "" && !strings.ContainsAny(text, " \n") && (strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")) {
		return text, text, true
	}
	return text, to, to != "" && strings.TrimSpace(outside) == ""
}
