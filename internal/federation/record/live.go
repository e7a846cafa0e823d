package record

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// Live reads the public live event that a thing of an act is, false when it is none.
func Live(o *vocab.Object, act string) (l social.Live, ok bool) {
	if !o.Is("nineten:LiveStream") || !theirs(o, act) || !o.IsPublic() {
		return l, false
	}
	l = social.Live{IRI: o.ID, Actor: act, Title: cut(name(o.Name), maxLive), Link: word(o, "nineten:stream"), Page: cmp.Or(page(o.URL), o.ID), Starts: o.StartTime, Ends: o.EndTime, Published: o.Published, Updated: o.Updated}
	if l.Updated.IsZero() {
		l.Updated = l.Published
	}
	return l, strings.HasPrefix(l.Link, "https://") && len(l.IRI) <= maxAddress && len(l.Page) <= maxAddress && !l.Published.IsZero()
}

// Audience reads how many people are at a live event in all, 0 where its node does not say.
func Audience(o *vocab.Object) int64 {
	var said json.Number
	if !o.Get("nineten:audience", &said) {
		return 0
	}
	n, err := said.Int64()
	if err != nil {
		return 0
	}
	return n
}

// Bounds of a live event.
const (
	maxLive    = 200  // characters of its title
	maxAddress = 2048 // bytes
)
