package vocab

import (
	"encoding/json"
	"math"
	"time"
)

// A field is one name: how it is read into an Object, and what is written of it,
// nil for nothing.
type field struct {
	name  string
	read  func(o *Object, v any, r reader)
	write func(o *Object) any
}

// table are the known names in the order in which they are written.
var table = []field{
	text("id", func(o *Object) *string { return &o.ID }),
	types(),
	items("attributedTo", func(o *Object) *[]Item { return &o.AttributedTo }),
	item("actor", func(o *Object) *Item { return &o.Actor }),
	text("preferredUsername", func(o *Object) *string { return &o.PreferredUsername }),
	text("webfinger", func(o *Object) *string { return &o.Webfinger }),
	words("name", func(o *Object) *string { return &o.Name }),
	words("summary", func(o *Object) *string { return &o.Summary }),
	words("content", func(o *Object) *string { return &o.Content }),
	text("mediaType", func(o *Object) *string { return &o.MediaType }),
	list("items", func(o *Object) *[]Item { return &o.Items }),
	list("orderedItems", func(o *Object) *[]Item { return &o.OrderedItems }),
	items("object", func(o *Object) *[]Item { return &o.Object }),
	item("target", func(o *Object) *Item { return &o.Target }),
	item("origin", func(o *Object) *Item { return &o.Origin }),
	items("result", func(o *Object) *[]Item { return &o.Result }),
	items("inReplyTo", func(o *Object) *[]Item { return &o.InReplyTo }),
	text("context", func(o *Object) *string { return &o.Conversation }),
	moment("published", func(o *Object) *time.Time { return &o.Published }),
	moment("updated", func(o *Object) *time.Time { return &o.Updated }),
	moment("startTime", func(o *Object) *time.Time { return &o.StartTime }),
	moment("endTime", func(o *Object) *time.Time { return &o.EndTime }),
	moment("expires", func(o *Object) *time.Time { return &o.Expires }),
	length("duration", func(o *Object) *time.Duration { return &o.Duration }),
	addresses("to", func(o *Object) *[]string { return &o.To }),
	addresses("cc", func(o *Object) *[]string { return &o.CC }),
	addresses("audience", func(o *Object) *[]string { return &o.Audience }),
	items("url", func(o *Object) *[]Item { return &o.URL }),
	items("icon", func(o *Object) *[]Item { return &o.Icon }),
	items("image", func(o *Object) *[]Item { return &o.Image }),
	list("attachment", func(o *Object) *[]Item { return &o.Attachment }),
	list("tag", func(o *Object) *[]Item { return &o.Tag }),
	flag("sensitive", func(o *Object) *bool { return &o.Sensitive }),
	text("formerType", func(o *Object) *string { return &o.FormerType }),
	moment("deleted", func(o *Object) *time.Time { return &o.Deleted }),
	item("replies", func(o *Object) *Item { return &o.Replies }),
	item("likes", func(o *Object) *Item { return &o.Likes }),
	item("shares", func(o *Object) *Item { return &o.Shares }),
	count("totalItems", func(o *Object) *int64 { return &o.TotalItems }),
	item("first", func(o *Object) *Item { return &o.First }),
	item("last", func(o *Object) *Item { return &o.Last }),
	item("next", func(o *Object) *Item { return &o.Next }),
	item("prev", func(o *Object) *Item { return &o.Prev }),
	item("partOf", func(o *Object) *Item { return &o.PartOf }),
	text("inbox", func(o *Object) *string { return &o.Inbox }),
	text("outbox", func(o *Object) *string { return &o.Outbox }),
	text("followers", func(o *Object) *string { return &o.Followers }),
	text("following", func(o *Object) *string { return &o.Following }),
	text("featured", func(o *Object) *string { return &o.Featured }),
	inner("endpoints", func(o *Object) **Object { return &o.Endpoints }),
	text("sharedInbox", func(o *Object) *string { return &o.SharedInbox }),
	items("publicKey", func(o *Object) *[]Item { return &o.PublicKey }),
	list("assertionMethod", func(o *Object) *[]Item { return &o.AssertionMethod }),
	text("owner", func(o *Object) *string { return &o.Owner }),
	text("controller", func(o *Object) *string { return &o.Controller }),
	text("publicKeyPem", func(o *Object) *string { return &o.PublicKeyPem }),
	text("publicKeyMultibase", func(o *Object) *string { return &o.Multibase }),
	addresses("alsoKnownAs", func(o *Object) *[]string { return &o.AlsoKnownAs }),
	text("movedTo", func(o *Object) *string { return &o.MovedTo }),
	flag("manuallyApprovesFollowers", func(o *Object) *bool { return &o.Approves }),
	flag("discoverable", func(o *Object) *bool { return &o.Discoverable }),
	flag("indexable", func(o *Object) *bool { return &o.Indexable }),
	text("href", func(o *Object) *string { return &o.Href }),
	text("rel", func(o *Object) *string { return &o.Rel }),
	whole("width", func(o *Object) *int64 { return &o.Width }),
	whole("height", func(o *Object) *int64 { return &o.Height }),
	whole("bitrate", func(o *Object) *int64 { return &o.Bitrate }),
	whole("size", func(o *Object) *int64 { return &o.Size }),
	text("digestMultibase", func(o *Object) *string { return &o.Digest }),
}

// spellings are other names under which a known one is written.
var spellings = map[string]string{
	"@id": "id", "@type": "type",
	"toot:discoverable": "discoverable", "toot:indexable": "indexable", "toot:featured": "featured",
	"fw:bitrate": "bitrate", "pt:size": "size", "pt:views": "views",
}

// text is a string; of a list the first one, of a thing its address.
func text(name string, at func(*Object) *string) field {
	return field{name, func(o *Object, v any, r reader) {
		*at(o) = r.first(v).ID()
	}, func(o *Object) any { return filled(*at(o)) }}
}

// words are a string that people read, never an address.
func words(name string, at func(*Object) *string) field {
	return field{name, func(o *Object, v any, _ reader) {
		for _, x := range each(v) {
			if s, ok := x.(string); ok {
				*at(o) = s
				return
			}
		}
	}, func(o *Object) any { return filled(*at(o)) }}
}

func item(name string, at func(*Object) *Item) field {
	return field{name, func(o *Object, v any, r reader) { *at(o) = r.first(v) }, func(o *Object) any {
		if at(o).Zero() {
			return nil
		}
		return *at(o)
	}}
}

func inner(name string, at func(*Object) **Object) field {
	return field{name, func(o *Object, v any, r reader) { *at(o) = r.first(v).Object }, func(o *Object) any {
		if *at(o) == nil {
			return nil
		}
		return *at(o)
	}}
}

// items are written without a list when there is one of them.
func items(name string, at func(*Object) *[]Item) field {
	f := list(name, at)
	f.write = func(o *Object) any {
		switch all := *at(o); len(all) {
		case 0:
			return nil
		case 1:
			return all[0]
		default:
			return all
		}
	}
	return f
}

// list is always written as one.
func list(name string, at func(*Object) *[]Item) field {
	return field{name, func(o *Object, v any, r reader) {
		for _, x := range each(v) {
			if i := r.item(x); !i.Zero() {
				*at(o) = append(*at(o), i)
			}
		}
	}, func(o *Object) any {
		if *at(o) == nil {
			return nil
		}
		return *at(o)
	}}
}

func addresses(name string, at func(*Object) *[]string) field {
	return field{name, func(o *Object, v any, r reader) {
		for _, x := range each(v) {
			if id := r.item(x).ID(); id != "" {
				*at(o) = append(*at(o), id)
			}
		}
	}, func(o *Object) any {
		if *at(o) == nil {
			return nil
		}
		return *at(o)
	}}
}

func types() field {
	return field{"type", func(o *Object, v any, _ reader) {
		for _, x := range each(v) {
			if s, ok := x.(string); ok && s != "" {
				o.Type = append(o.Type, canonical(s))
			}
		}
	}, func(o *Object) any {
		switch len(o.Type) {
		case 0:
			return nil
		case 1:
			return o.Type[0]
		}
		return o.Type
	}}
}

func moment(name string, at func(*Object) *time.Time) field {
	return field{name, func(o *Object, v any, _ reader) {
		s, _ := v.(string)
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			*at(o) = t.UTC()
		}
	}, func(o *Object) any {
		if at(o).IsZero() {
			return nil
		}
		return at(o).UTC().Format(time.RFC3339Nano)
	}}
}

// length is an ISO 8601 duration, or seconds as a number.
func length(name string, at func(*Object) *time.Duration) field {
	return field{name, func(o *Object, v any, _ reader) {
		if s, ok := v.(string); ok {
			*at(o), _ = parseDuration(s)
		} else if n, ok := number(v); ok && n >= 0 && n < 1e8 {
			*at(o) = time.Duration(n * float64(time.Second))
		}
	}, func(o *Object) any {
		if *at(o) == 0 {
			return nil
		}
		return formatDuration(*at(o))
	}}
}

func flag(name string, at func(*Object) *bool) field {
	return field{name, func(o *Object, v any, _ reader) {
		*at(o), _ = v.(bool)
	}, func(o *Object) any {
		if !*at(o) {
			return nil
		}
		return true
	}}
}

// whole is a number without a fraction that is not below zero.
func whole(name string, at func(*Object) *int64) field {
	return field{name, func(o *Object, v any, _ reader) {
		if n, ok := number(v); ok && n >= 0 && n <= 1<<53 && n == math.Trunc(n) {
			*at(o) = int64(n)
		}
	}, func(o *Object) any {
		if *at(o) == 0 {
			return nil
		}
		return *at(o)
	}}
}

// count is a whole that a collection says even when it is zero.
func count(name string, at func(*Object) *int64) field {
	f := whole(name, at)
	wrote := f.write
	f.write = func(o *Object) any {
		if o.Is("Collection", "OrderedCollection") {
			return *at(o)
		}
		return wrote(o)
	}
	return f
}

func number(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

func filled(s string) any {
	if s == "" {
		return nil
	}
	return s
}
