package form

import (
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Comment is the address of a comment that an act made, or a listener who is seen elsewhere.
func (s Site) Comment(c id.Comment) string { return s.Origin + Root + "comments/" + string(c) }

// CommentPage is where people look at it.
func (s Site) CommentPage(r id.Release, c id.Comment) string {
	return s.ReleasePage(r) + "#c-" + string(c)
}

// CommentOf is the comment of an address, false when it is none of this site.
func (s Site) CommentOf(iri string) (id.Comment, bool) {
	return own[id.Comment](iri, s.Origin+Root+"comments/")
}

// Conversation is the address of what is said of a release and its tracks (FEP-7888): the
// context of each post about them, and of each comment.
func (s Site) Conversation(r id.Release) string { return s.Release(r) + "/context" }

// ConversationOf is the release of such an address, false when it is none of this site.
func (s Site) ConversationOf(iri string) (id.Release, bool) {
	at, ok := strings.CutSuffix(iri, "/context")
	if !ok {
		return "", false
	}
	return own[id.Release](at, s.Origin+Root+"releases/")
}

// An Opinion is a comment of an act or a listener who is seen elsewhere, and what it is about.
type Opinion struct {
	social.Comment
	Act     string         // whose music it is
	Fans    string         // the followers of that act, of another server, "" not known
	Answers string         // the music's address, or that of the comment that it answers
	To      social.Comment // the latter, the zero value none
	Within  string         // the conversation in which the music is, "" not known
}

// Opinion is it as everybody's software shows it. Where it belongs in its track says
// 9ten's own word, in seconds.
func (s Site) Opinion(x *Opinion) *vocab.Object {
	by := s.author(&x.Author)
	o := &vocab.Object{
		ID: s.Comment(x.ID), Type: []string{"Note"}, AttributedTo: vocab.One(by), InReplyTo: vocab.One(x.Answers), Conversation: x.Within, Content: x.HTML, Published: x.At,
		URL: vocab.One(s.CommentPage(x.Thing.Release, x.ID)), To: []string{vocab.Public}, CC: []string{by + "/followers"},
	}
	if x.Act != by {
		o.CC = append(o.CC, x.Act)
	}
	aloof(o)
	if x.Fans != "" { // its server passes the comment on to theirs
		o.CC = append(o.CC, x.Fans)
	}
	if x.Changed.After(x.At) {
		o.Updated = x.Changed
	}
	if x.Position >= 0 {
		o.Put("nineten:position", thousandths(x.Position))
	}
	if to := s.author(&x.To.Author); to != "" && to != by {
		o.CC = append(o.CC, to)
		o.Tag = []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Mention"}, Href: to, Name: s.mention(&x.To.Author)})}
	}
	return o
}

// author is the address of who made a comment that others know.
func (s Site) author(a *social.Author) string {
	switch {
	case a.Act != "":
		return s.Act(a.Act)
	case a.Person != "":
		return s.Person(a.Person)
	}
	return a.Actor
}

func (s Site) mention(a *social.Author) string {
	if a.Host == "" {
		return a.Address() + "@" + s.Host()
	}
	return a.Address()
}

// CommentGone is what stays of a comment.
func (s Site) CommentGone(c id.Comment, at time.Time) *vocab.Object {
	return &vocab.Object{ID: s.Comment(c), Type: []string{"Tombstone"}, FormerType: "Note", Deleted: at}
}
