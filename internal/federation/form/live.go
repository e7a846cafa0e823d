package form

import (
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Live is the address of a live event's document.
func (s Site) Live(l id.Live) string { return s.Origin + Root + "live/" + string(l) }

// LiveNote is that of the post about it.
func (s Site) LiveNote(l id.Live) string { return s.Live(l) + "/note" }

// LivePage is where people look at an act's events.
func (s Site) LivePage(handle string) string { return s.ActPage(handle) + "#live" }

// LiveOf is the event of an address, false when it is none of this site.
func (s Site) LiveOf(iri string) (id.Live, bool) { return own[id.Live](iri, s.Origin+Root+"live/") }

// OwnLive is a live event in 9ten's own form.
func (s Site) OwnLive(l *social.Live) *vocab.Object {
	o := s.liveThing(l, s.Live(l.ID), "Event", "nineten:LiveStream")
	o.Name, o.StartTime, o.EndTime = l.Title, l.Starts, l.Ends
	o.Put("nineten:stream", l.Link)
	return o
}

// moment is how posts write when something begins.
const moment = "2 January 2006, 15:04 UTC"

// LivePost is the same as everybody's software shows it.
func (s Site) LivePost(l *social.Live) *vocab.Object {
	o := s.liveThing(l, s.LiveNote(l.ID), "Note")
	o.Content = "<p>Live: " + anchor(l.Link, l.Title) + "</p><p>" + l.Starts.UTC().Format(moment) + ", until " + l.Ends.UTC().Format("15:04 UTC") + "</p>"
	o.Tag = []vocab.Item{vocab.Of(objectLink(s.Live(l.ID)))}
	return o
}

func (s Site) liveThing(l *social.Live, at string, types ...string) *vocab.Object {
	act := s.Act(l.Act)
	o := &vocab.Object{ID: at, Type: types, AttributedTo: vocab.One(act), Published: l.Published, URL: vocab.One(s.LivePage(l.Handle)), To: []string{vocab.Public}, CC: []string{act + "/followers"}}
	if l.Updated.After(l.Published) {
		o.Updated = l.Updated
	}
	s.allow(o, Allowed{Policies: social.Policies{social.Commenting: social.Nobody}}) // nothing here is shown beneath it
	return o
}
