// Package wellknown answers what servers ask of every server at fixed addresses:
// who is behind a handle (WebFinger, RFC 7033), what software runs here (NodeInfo
// 2.0 and 2.1), and where these are (host-meta, RFC 6415).
package wellknown

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/social"
)

// Acts finds acts by their handle or id. Faults: NotFound.
type Acts interface {
	Act(ctx context.Context, v music.Viewer, handle string) (music.FullAct, error)
}

// People finds listeners who are seen elsewhere, by their handle. Faults: NotFound.
type People interface {
	Called(ctx context.Context, handle string) (social.Person, error)
	Person(ctx context.Context, p id.Person) (social.Person, error)
}

// Usage is what NodeInfo tells of a node: numbers, nobody's name.
type Usage struct {
	People   int64
	Monthly  int64 // signed in within 30 days
	HalfYear int64
	Works    int64 // public tracks
	Open     bool  // anybody may sign up
}

// WellKnown answers. All of it is public.
type WellKnown struct {
	Site    func(context.Context) form.Site
	Acts    Acts
	People  People
	Version string
	Usage   func(context.Context) (Usage, error)
	// Capabilities are what other 9ten nodes may rely on, by name.
	Capabilities []string
	Log          *slog.Logger
}

// Register adds its addresses.
func (k *WellKnown) Register(mux *http.ServeMux) {
	for path, answer := range map[string]func(*http.Request) (contentType string, body any, err error){
		"/.well-known/webfinger":      k.webfinger,
		"/.well-known/nodeinfo":       k.nodeInfos,
		"/.well-known/host-meta.json": k.hostMeta,
		"/nodeinfo/2.0":               func(r *http.Request) (string, any, error) { return k.nodeInfo(r, "2.0") },
		"/nodeinfo/2.1":               func(r *http.Request) (string, any, error) { return k.nodeInfo(r, "2.1") },
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			contentType, body, err := answer(r)
			if err != nil {
				problem.Log(k.Log, r, err)
				problem.Write(w, err)
				return
			}
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Cache-Control", "public, max-age=300")
			_ = json.NewEncoder(w).Encode(body) // who went away hears nothing
		})
	}
	mux.HandleFunc("GET /.well-known/host-meta", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xrd+xml; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=300")
		_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" type="application/xrd+xml" template="` +
			k.Site(r.Context()).Origin + `/.well-known/webfinger?resource={uri}"/></XRD>` + "\n"))
	})
}

type link struct {
	Rel      string `json:"rel"`
	Type     string `json:"type,omitempty"`
	Href     string `json:"href,omitempty"`
	Template string `json:"template,omitempty"`
}

func (k *WellKnown) hostMeta(r *http.Request) (string, any, error) {
	return "application/jrd+json", map[string]any{"links": []link{{Rel: "lrdd", Type: "application/jrd+json", Template: k.Site(r.Context()).Origin + "/.well-known/webfinger?resource={uri}"}}}, nil
}

// webfinger finds acct:handle@host, and actors by their own address.
func (k *WellKnown) webfinger(r *http.Request) (string, any, error) {
	site, resource := k.Site(r.Context()), r.URL.Query().Get("resource")
	if resource == "" {
		return "", nil, fault.On("resource", fault.Invalid, "Say whom you look for, as resource=acct:name@%s.", site.Host())
	}
	actor, page, handle, err := k.find(r.Context(), site, resource)
	if err != nil {
		return "", nil, err
	}
	return "application/jrd+json", map[string]any{
		"subject": "acct:" + handle + "@" + site.Host(),
		"aliases": []string{actor, page},
		"links": []link{
			{Rel: "self", Type: "application/activity+json", Href: actor},
			{Rel: "http://webfinger.net/rel/profile-page", Type: "text/html", Href: page},
			{Rel: remote.Subscribe, Template: site.Origin + "/search?q={uri}"}, // where its people follow somebody elsewhere
		},
	}, nil
}

func (k *WellKnown) find(ctx context.Context, site form.Site, resource string) (actor, page, handle string, err error) {
	name, isHandle := strings.CutPrefix(resource, "acct:")
	if isHandle {
		user, host, _ := strings.Cut(strings.TrimPrefix(name, "@"), "@")
		if !strings.EqualFold(host, site.Host()) {
			return "", "", "", fault.New(fault.NotFound, "%s is not of this node.", name)
		}
		name = user
	} else if a, ok := site.ActOf(resource); ok {
		name = string(a)
	} else if rest, ok := strings.CutPrefix(resource, site.Origin+"/act/"); ok {
		name = rest
	} else if resource == site.Node() || strings.TrimSuffix(resource, "/") == site.Origin {
		name = site.Host()
	}
	if strings.EqualFold(name, site.Host()) {
		return site.Node(), site.Origin + "/", site.Host(), nil
	}
	if p, err := k.person(ctx, site, name, isHandle, resource); err == nil {
		return site.Person(p.ID), site.PersonPage(p.Handle), p.Handle, nil
	} else if !fault.Is(err, fault.NotFound) {
		return "", "", "", err
	}
	full, err := k.Acts.Act(ctx, music.Viewer{}, name)
	if err == nil && isHandle && !strings.EqualFold(full.Act.Handle, name) {
		if _, e := id.Parse[id.Act](name); e == nil {
			err = fault.New(fault.NotFound, "There is no such act.")
		}
	}
	return site.Act(full.Act.ID), site.ActPage(full.Act.Handle), full.Act.Handle, err
}

// person finds a listener who is seen elsewhere, by the handle or an own address. No
// act has the handle of one.
func (k *WellKnown) person(ctx context.Context, site form.Site, name string, isHandle bool, resource string) (social.Person, error) {
	if isHandle {
		return k.People.Called(ctx, name)
	}
	if handle, ok := strings.CutPrefix(resource, site.PersonPage("")); ok {
		return k.People.Called(ctx, handle)
	}
	if who, ok := site.PersonOf(resource); ok {
		return k.People.Person(ctx, who)
	}
	return social.Person{}, fault.New(fault.NotFound, "There is nobody of that name.")
}

const schema = "http://nodeinfo.diaspora.software/ns/schema/"

func (k *WellKnown) nodeInfos(r *http.Request) (string, any, error) {
	origin := k.Site(r.Context()).Origin
	return "application/json", map[string]any{"links": []link{
		{Rel: schema + "2.1", Href: origin + "/nodeinfo/2.1"},
		{Rel: schema + "2.0", Href: origin + "/nodeinfo/2.0"},
		{Rel: "https://www.w3.org/ns/activitystreams#Application", Href: k.Site(r.Context()).Node()}, // FEP-2677
	}}, nil
}

func (k *WellKnown) nodeInfo(r *http.Request, version string) (string, any, error) {
	u, err := k.Usage(r.Context())
	if err != nil {
		return "", nil, err
	}
	software := map[string]string{"name": remote.Own, "version": k.Version}
	if version == "2.1" {
		software["repository"] = "https://github.com/michaelperna/9ten"
		software["homepage"] = "https://michaelperna.github.io/9ten/"
	}
	site := k.Site(r.Context())
	return `application/json; profile="` + schema + version + `#"`, map[string]any{
		"version": version, "software": software, "protocols": []string{"activitypub"},
		"services":          map[string][]string{"inbound": {}, "outbound": {}},
		"openRegistrations": u.Open,
		"usage":             map[string]any{"users": map[string]int64{"total": u.People, "activeMonth": u.Monthly, "activeHalfyear": u.HalfYear}, "localPosts": u.Works},
		"metadata":          map[string]any{"nodeName": site.Name, "nodeDescription": site.About, "nineten": map[string]any{"capabilities": k.Capabilities}},
	}, nil
}
