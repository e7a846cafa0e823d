package vocab

import (
	"slices"
	"strings"
	"time"
)

// An Object is anything that is sent: an actor, an activity, a thing, a link, a
// collection. Fields are empty where the document says nothing.
type Object struct {
	Context any // "@context" as it was sent
	ID      string
	Type    []string // canonical names

	// Of every thing.
	AttributedTo []Item
	Name         string
	Summary      string
	Content      string
	MediaType    string
	Published    time.Time
	Updated      time.Time
	StartTime    time.Time
	EndTime      time.Time
	Expires      time.Time
	Duration     time.Duration
	To, CC       []string // addresses
	Audience     []string
	InReplyTo    []Item
	Conversation string // "context", the thread
	URL          []Item
	Icon, Image  []Item
	Attachment   []Item
	Tag          []Item
	Replies      Item
	Likes        Item
	Shares       Item
	Sensitive    bool
	FormerType   string // of a Tombstone
	Deleted      time.Time

	// Of an activity.
	Actor  Item
	Object []Item
	Target Item
	Origin Item
	Result []Item

	// Of a collection.
	TotalItems   int64
	First, Last  Item
	Next, Prev   Item
	PartOf       Item
	Items        []Item
	OrderedItems []Item

	// Of an actor.
	PreferredUsername string
	Webfinger         string // FEP-2c59
	Inbox, Outbox     string
	Followers         string
	Following         string
	Featured          string
	Endpoints         *Object // has SharedInbox
	SharedInbox       string
	PublicKey         []Item // has Owner and PublicKeyPem
	AssertionMethod   []Item // Multikeys, FEP-521a
	Owner             string
	Controller        string
	PublicKeyPem      string
	Multibase         string
	AlsoKnownAs       []string
	MovedTo           string
	Approves          bool // "manuallyApprovesFollowers"
	Discoverable      bool
	Indexable         bool

	// Of a link or a picture.
	Href, Rel     string
	Width, Height int64
	Bitrate, Size int64 // bits a second, bytes
	Digest        string

	// Extra is everything else by its canonical name, as it was sent.
	Extra map[string]any
}

// An Item is a thing, or the address of one.
type Item struct {
	IRI    string
	Object *Object // nil: only the address is known
}

// Zero reports whether there is none.
func (i Item) Zero() bool { return i.IRI == "" && i.Object == nil }

// ID is the address of the thing, "" for one without.
func (i Item) ID() string {
	if i.Object != nil {
		return i.Object.ID
	}
	return i.IRI
}

// Link is the address a link leads to: of a thing that is a Link its href, of any
// other its id.
func (i Item) Link() string {
	if i.Object != nil && i.Object.Href != "" {
		return i.Object.Href
	}
	return i.ID()
}

// At is an item that is an address.
func At(iri string) Item { return Item{IRI: iri} }

// Of is an item that is a thing.
func Of(o *Object) Item { return Item{Object: o} }

// One is a list of an address.
func One(iri string) []Item { return []Item{At(iri)} }

// FirstID is the address of the first thing of a list, "" of none.
func FirstID(list []Item) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].ID()
}

// FirstLink is the address that the first link of a list leads to over HTTPS, ""
// when there is none.
func FirstLink(list []Item) string {
	for _, i := range list {
		if u := i.Link(); strings.HasPrefix(u, "https://") {
			return u
		}
	}
	return ""
}

// IDs are the addresses of a list's things.
func IDs(list []Item) []string {
	var out []string
	for _, i := range list {
		if id := i.ID(); id != "" {
			out = append(out, id)
		}
	}
	return out
}

// Is reports whether the object has one of the types.
func (o *Object) Is(types ...string) bool {
	return slices.ContainsFunc(o.Type, func(t string) bool { return slices.Contains(types, t) })
}

// IsActor reports whether it is somebody who acts.
func (o *Object) IsActor() bool {
	return o.Is("Person", "Group", "Organization", "Application", "Service") && o.Inbox != ""
}

// Addressed are all whom it is addressed to.
func (o *Object) Addressed() []string { return slices.Concat(o.To, o.CC, o.Audience) }

// IsPublic reports whether everybody may read it.
func (o *Object) IsPublic() bool {
	return slices.ContainsFunc(o.Addressed(), IsPublic)
}

// IsPublic reports whether an address is that of everybody, in any of its writings.
func IsPublic(to string) bool { return to == Public || to == "as:Public" || to == "Public" }

// Author is who the thing is by: the first it is attributed to.
func (o *Object) Author() string { return FirstID(o.AttributedTo) }
