package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// persons are listeners who are seen on other servers.
func (a *API) persons(r *router) {
	op := func(method, path, id, summary string, scope account.Scope) operation {
		return operation{method: method, path: path, id: id, tag: "Elsewhere", scope: scope, summary: summary}
	}
	add(r, op(http.MethodGet, "/me/person", "get-person", "How you are seen on other servers; 404 when you are not", account.ScopeRead), a.ownPerson)
	add(r, op(http.MethodPut, "/me/person", "set-person", "Be seen on other servers, by a handle that is yours for good, or change what is seen there", account.ScopeLibrary), a.setPerson)
	end := op(http.MethodDelete, "/me/person", "end-person", "Be seen there no longer: other servers are told that you are gone, and nobody gets the handle; needs a session", account.ScopeLibrary)
	end.session = true
	add(r, end, a.endPerson)
	add(r, op(http.MethodGet, "/me/person/followers", "list-person-followers", "Who follows you from other servers, asks to, or is blocked", account.ScopeRead), a.personFollowers)
	add(r, op(http.MethodPut, "/me/person/followers", "judge-person-follower", "Let somebody follow you who asked, remove or block them; they are told", account.ScopeLibrary), a.judgeFollower)
	a.boosts(r, op)
	add(r, op(http.MethodGet, "/people/{handle}", "find-person", "A listener of this node who is seen on other servers", ""), a.findPerson)
	add(r, op(http.MethodGet, "/people/{handle}/boosts", "list-person-boosts", "What they share, the latest first; nothing of who wants to be asked who follows them", ""), a.personBoosts)
}

// SeenPerson is a listener as other servers see them.
type SeenPerson struct {
	ID        id.Person `json:"id" doc:"In the address of the document, /ap/people/ID"`
	Handle    string    `json:"handle"`
	Address   string    `json:"address" doc:"@handle@host, as other servers look for it"`
	Name      string    `json:"name"`
	About     string    `json:"about,omitempty"`
	Approves  bool      `json:"approves" doc:"Whoever wants to follow is asked about first"`
	Listens   bool      `json:"listens,omitempty" doc:"Your followers on other servers are told what you listen to; of others you do not learn whether theirs are"`
	Followers int64     `json:"followers"`
}

func (a *API) personOf(ctx context.Context, p *social.Person) (*output[SeenPerson], error) {
	n, err := a.People.Count(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return reply(SeenPerson{ID: p.ID, Handle: p.Handle, Address: "@" + p.Handle + "@" + a.host(), Name: p.Name, About: p.About, Approves: p.Approves, Listens: p.Listens, Followers: n})
}

func (a *API) ownPerson(ctx context.Context, _ *struct{}) (*output[SeenPerson], error) {
	p, err := a.People.Of(ctx, mover(ctx).Account)
	if err != nil {
		return nil, err
	}
	return a.personOf(ctx, &p)
}

type personInput struct {
	Body struct {
		Handle   string `json:"handle" doc:"2 to 32 letters a to z, digits, and hyphens between them; stays"`
		Name     string `json:"name,omitempty" maxLength:"60" doc:"None: the handle"`
		About    string `json:"about,omitempty" maxLength:"1000"`
		Approves bool   `json:"approves,omitempty" doc:"Whoever wants to follow is asked about first"`
		Listens  bool   `json:"listens,omitempty" doc:"Your followers on other servers are told what you listen to, one play at a time, but nothing while your history is paused"`
	}
}

func (a *API) setPerson(ctx context.Context, in *personInput) (*output[SeenPerson], error) {
	p, err := a.People.Show(ctx, mover(ctx), social.PersonDraft(in.Body))
	if err != nil {
		return nil, err
	}
	return a.personOf(ctx, &p)
}

func (a *API) endPerson(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.People.Hide(ctx, mover(ctx).Account)
}

func (a *API) findPerson(ctx context.Context, in *struct {
	Handle string `path:"handle" maxLength:"100"`
}) (*output[SeenPerson], error) {
	p, err := a.People.Called(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	p.Listens = false // theirs to tell
	return a.personOf(ctx, &p)
}

// PersonFollower is somebody on another server who has to do with a listener or an act here.
type PersonFollower struct {
	Actor  string `json:"actor" doc:"Address of their document"`
	Handle string `json:"handle" doc:"name@host"`
	Name   string `json:"name,omitempty"`
	Page   string `json:"page,omitempty"`
	Since  int64  `json:"since_ms" doc:"Unix milliseconds"`
}

func personFollowerOf(f *social.Fan) PersonFollower {
	return PersonFollower{Actor: f.Actor, Handle: f.Handle + "@" + f.Host, Name: f.Name, Page: f.URL, Since: unixMS(f.Since)}
}

func (a *API) personFollowers(ctx context.Context, in *struct {
	State string `query:"state" enum:"follows,asked,blocked" default:"follows"`
	After string `query:"after" maxLength:"2048" doc:"next of the page before"`
}) (*output[Page[PersonFollower]], error) {
	list, next, err := a.People.Fans(ctx, mover(ctx).Account, social.FollowState(in.State), in.After)
	if err != nil {
		return nil, err
	}
	return reply(Page[PersonFollower]{Rows: each(list, personFollowerOf), Next: next})
}

func (a *API) judgeFollower(ctx context.Context, in *struct {
	Body struct {
		Actor string `json:"actor" maxLength:"2048" doc:"Address of their document, or name@host"`
		State string `json:"state" enum:"follows,none,blocked"`
	}
}) (*struct{}, error) {
	return nil, a.People.Judge(ctx, mover(ctx).Account, in.Body.Actor, judged(in.Body.State))
}

func (a *API) personBoosts(ctx context.Context, in *struct {
	Handle string `path:"handle" maxLength:"60"`
	PageInput
}) (*output[Page[News]], error) {
	l, err := a.People.Shared(ctx, viewer(ctx).Account, in.Handle, in.page())
	if err != nil {
		return nil, err
	}
	return reply(paged(l, newsOf))
}
