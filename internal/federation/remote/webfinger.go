package remote

import (
	"context"
	"net/url"
	"strings"
)

// A Finger is what a server says of a handle of its own (RFC 7033).
type Finger struct {
	Actor     string // the document's address
	Subscribe string // where its people follow somebody, with {uri} in it; "" nowhere
}

// Subscribe is the relation of a template to where people of a server follow somebody.
const Subscribe = "http://ostatus.org/schema/1.0/subscribe"

// WebFinger asks a server for one of its people. Faults: NotFound, Unavailable.
func (s *Servers) WebFinger(ctx context.Context, handle, host string) (f Finger, err error) {
	if err := s.Policy.Allow(ctx, host); err != nil {
		return f, err
	}
	var answer struct {
		Links []struct{ Rel, Type, Href, Template string }
	}
	at := url.URL{Scheme: "https", Host: host, Path: "/.well-known/webfinger", RawQuery: url.Values{"resource": {"acct:" + handle + "@" + host}}.Encode()}
	if err := s.json(ctx, at.String(), &answer); err != nil {
		return f, err
	}
	for _, l := range answer.Links {
		document := strings.HasPrefix(l.Type, "application/activity+json") || strings.HasPrefix(l.Type, "application/ld+json")
		switch {
		case l.Rel == "self" && document && f.Actor == "" && strings.HasPrefix(l.Href, "https://"):
			f.Actor = l.Href
		case l.Rel == Subscribe && strings.HasPrefix(l.Template, "https://") && strings.Contains(l.Template, "{uri}"):
			f.Subscribe = l.Template
		}
	}
	return f, nil
}
