package remote

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/netsafe"
	"github.com/michaelperna/9ten/internal/social"
)

// Software tells what a server runs, by its NodeInfo (2.0 or 2.1), asking once a
// week, and soon again when it does not answer. Of one that does not say the name is
// empty; it gets what everybody's software understands.
func (s *Servers) Software(ctx context.Context, host string) (social.Peer, error) {
	p, err := s.peer(ctx, host)
	if err != nil || s.Now().Sub(p.Informed) < softwareFor {
		return p, err
	}
	name, version, err := s.nodeInfo(ctx, host)
	informed := s.Now()
	if err != nil {
		s.Log.Debug("nodeinfo", "host", host, "err", err)
		if fault.Is(err, fault.Unavailable) {
			informed = informed.Add(again - softwareFor)
		}
	}
	err = s.change(ctx, host, func(q *social.Peer) {
		q.Informed = informed
		if name != "" {
			q.Software, q.Version = name, version
		}
		p = *q
	})
	return p, err
}

// Unknown reports whether a server that [Servers.Software] returned did not answer
// what it runs, then or before: it may be anything.
func (s *Servers) Unknown(p social.Peer) bool {
	return p.Software == "" && s.Now().Sub(p.Informed) >= softwareFor-again
}

// Own is what nodes like this one say they run.
const Own = "9ten"

// Node returns an Unsupported fault for a server that says it is no 9ten node, and
// Unavailable for one that does not answer what it is.
func (s *Servers) Node(ctx context.Context, host string) error {
	p, err := s.Software(ctx, host)
	switch {
	case err != nil || p.Software == Own:
		return err
	case s.Unknown(p):
		return fault.New(fault.Unavailable, "The server %s does not say what it runs.", host)
	}
	return fault.New(fault.Unsupported, "The server %s is no 9ten node.", host)
}

const maxInfo = 64 << 10 // bytes of a NodeInfo document

func (s *Servers) nodeInfo(ctx context.Context, host string) (name, version string, err error) {
	var links struct {
		Links []struct{ Rel, Href string }
	}
	origin := "https://" + host
	if err := s.json(ctx, origin+"/.well-known/nodeinfo", &links); err != nil {
		return "", "", err
	}
	at := ""
	for _, l := range links.Links {
		if strings.HasPrefix(l.Rel, "http://nodeinfo.diaspora.software/ns/schema/2.") && SameOrigin(l.Href, origin) && l.Href > at {
			at = l.Href
		}
	}
	var info struct {
		Software struct{ Name, Version string }
	}
	if at == "" {
		return "", "", nil
	}
	err = s.json(ctx, at, &info)
	return strings.ToLower(short(info.Software.Name, maxSoftware)), short(info.Software.Version, maxSoftware), err
}

const maxSoftware = 64 // bytes

// short bounds what a stranger says of itself.
func short(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "")
	}
	return s
}

// json asks for a JSON document that needs no signature.
func (s *Servers) json(ctx context.Context, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fault.New(fault.Invalid, "%q is no address.", address)
	}
	if err := s.asks(r.URL.Host); err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	res, err := s.Client.Do(r)
	if err != nil {
		return netsafe.Explain(err, r.URL.Host)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		_, _ = io.CopyN(io.Discard, res.Body, 4096) // so that the connection is used again
		return refusal(res.StatusCode, r.URL.Host)
	}
	b, err := netsafe.Read(res.Body, maxInfo)
	if err != nil {
		return err
	}
	return fault.Wrap(json.Unmarshal(b, into), fault.Invalid, "The server %s answered what cannot be read.", r.URL.Host)
}
