package form

import (
	"net/url"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Person is the address of the document of a listener who is seen elsewhere.
func (s Site) Person(p id.Person) string { return s.Origin + Root + "people/" + string(p) }

// PersonPage is where people look at one.
func (s Site) PersonPage(handle string) string { return s.Origin + "/person/" + url.PathEscape(handle) }

// PersonOf is the person of an address, false when it is none of this site.
func (s Site) PersonOf(iri string) (id.Person, bool) {
	return own[id.Person](iri, s.Origin+Root+"people/")
}

// PersonActor is the document of a listener who is seen elsewhere: what they wrote for
// it, and nothing else that the node knows of them.
func (s Site) PersonActor(p *social.Person, k Keys) (*vocab.Object, error) {
	at := s.Person(p.ID)
	o := &vocab.Object{
		ID: at, Type: []string{"Person"}, PreferredUsername: p.Handle, Webfinger: p.Handle + "@" + s.Host(), Name: p.Name, Summary: paragraphs(p.About),
		URL: vocab.One(s.PersonPage(p.Handle)), Published: p.Created.UTC().Truncate(24 * time.Hour), Inbox: at + "/inbox", Outbox: at + "/outbox", Followers: at + "/followers",
		Endpoints: &vocab.Object{SharedInbox: s.Inbox()}, Approves: p.Approves,
	}
	o.Put("implements", signatures)
	return o, k.put(o)
}

// PersonGone is what stays of one.
func (s Site) PersonGone(p *social.Person) *vocab.Object {
	return &vocab.Object{ID: s.Person(p.ID), Type: []string{"Tombstone"}, FormerType: "Person", Deleted: p.Gone}
}

// Answer lets somebody follow an actor here, or does not.
func (s Site) Answer(now time.Time, who, follower, follow string, yes bool) *vocab.Object {
	o := &vocab.Object{ID: s.NewActivity(now), Type: []string{"Accept"}, Actor: vocab.At(who), To: []string{follower},
		Object: []vocab.Item{vocab.Of(&vocab.Object{ID: follow, Type: []string{"Follow"}, Actor: vocab.At(follower), Object: vocab.One(who)})}}
	if !yes {
		o.Type = []string{"Reject"}
	}
	return o
}
