package api

import (
	"context"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// streams are live events.
func (a *API) streams(r *router) {
	op := func(method, path, id, summary string, scope account.Scope) operation {
		return operation{method: method, path: path, id: id, tag: "Live", scope: scope, summary: summary}
	}
	announce := op(http.MethodPost, "/streams", "announce-stream", "Announce a live event of an act of yours; its followers here and elsewhere are told", account.ScopeStudio)
	announce.status = http.StatusCreated
	add(r, announce, a.announceStream)
	add(r, op(http.MethodGet, "/streams", "list-streams", "Live events of the acts you follow, here and elsewhere, that are not over, the soonest first", account.ScopeRead), a.followedStreams)
	add(r, op(http.MethodGet, "/streams/{stream}", "get-stream", "A live event, with how many are there", ""), a.stream)
	add(r, op(http.MethodPost, "/streams/{stream}/end", "end-stream", "End it before its time", account.ScopeStudio), a.endStream)
	add(r, op(http.MethodDelete, "/streams/{stream}", "delete-stream", "Take it back", account.ScopeStudio), a.deleteStream)
	add(r, op(http.MethodPost, "/streams/{stream}/audience", "join-stream", "Say that you are there, for the next five minutes; the act's node learns how many of this node are, from five on", account.ScopeListen), a.joinStream)
	add(r, op(http.MethodGet, "/acts/{act}/streams", "list-act-streams", "Live events of an act that are not over, the soonest first", ""), a.actStreams)
	add(r, op(http.MethodGet, "/elsewhere/acts/{handle}/streams", "list-streams-elsewhere", "Those of an act of another server", ""), a.streamsElsewhere)
}

// Stream is a live event.
type Stream struct {
	ID       id.Live   `json:"id" doc:"This node's"`
	Act      string    `json:"act" doc:"Its act's name in addresses; act@host elsewhere"`
	ActName  string    `json:"act_name"`
	Title    string    `json:"title"`
	Link     string    `json:"link" doc:"Where it is to be heard"`
	Page     string    `json:"page,omitempty" doc:"Where people look at it elsewhere"`
	Starts   time.Time `json:"starts"`
	Ends     time.Time `json:"ends" doc:"Planned, or when it did"`
	On       bool      `json:"on" doc:"It is under way"`
	Audience int64     `json:"audience,omitempty" doc:"How many are there in all, from five on, elsewhere as its own node says; none in lists"`
}

func (a *API) streamOf(l *social.Live) Stream {
	handle := l.Handle
	if l.Host != "" {
		handle += "@" + l.Host
	}
	return Stream{ID: l.ID, Act: handle, ActName: l.Name, Title: l.Title, Link: l.Link, Page: l.Page, Starts: l.Starts, Ends: l.Ends, On: l.On(a.Now())}
}

// streamRef names an event in a path.
type streamRef struct {
	Stream string `path:"stream"`
}

func (r streamRef) id() (id.Live, error) { return id.Parse[id.Live](r.Stream) }

func (a *API) announceStream(ctx context.Context, in *struct {
	Body struct {
		Act    string    `json:"act" doc:"Id of the act"`
		Title  string    `json:"title" maxLength:"200"`
		Link   string    `json:"link" maxLength:"2048" doc:"Where it is to be heard, https"`
		Starts time.Time `json:"starts" doc:"Within a year"`
		Ends   time.Time `json:"ends" doc:"Within a day of its beginning"`
	}
}) (*output[Stream], error) {
	act, err := id.Parse[id.Act](in.Body.Act)
	if err != nil {
		return nil, err
	}
	l, err := a.Lives.Announce(ctx, mover(ctx), act, social.LiveDraft{Title: in.Body.Title, Link: in.Body.Link, Starts: in.Body.Starts, Ends: in.Body.Ends})
	if err != nil {
		return nil, err
	}
	return reply(a.streamOf(&l))
}

func (a *API) followedStreams(ctx context.Context, _ *struct{}) (*output[[]Stream], error) {
	list, err := a.Lives.Followed(ctx, mover(ctx).Account)
	if err != nil {
		return nil, err
	}
	return reply(each(list, a.streamOf))
}

func (a *API) stream(ctx context.Context, in *streamRef) (*output[Stream], error) {
	what, err := in.id()
	if err != nil {
		return nil, err
	}
	l, err := a.Lives.Live(ctx, what)
	if err != nil {
		return nil, err
	}
	out := a.streamOf(&l)
	if out.Audience, err = a.Lives.Audience(ctx, what); err != nil {
		return nil, err
	}
	return reply(out)
}

func (a *API) endStream(ctx context.Context, in *streamRef) (*output[Stream], error) {
	what, err := in.id()
	if err != nil {
		return nil, err
	}
	l, err := a.Lives.End(ctx, mover(ctx), what)
	if err != nil {
		return nil, err
	}
	return reply(a.streamOf(&l))
}

func (a *API) deleteStream(ctx context.Context, in *streamRef) (*struct{}, error) {
	what, err := in.id()
	if err != nil {
		return nil, err
	}
	_, err = a.Lives.Delete(ctx, mover(ctx), what)
	return nil, err
}

func (a *API) joinStream(ctx context.Context, in *streamRef) (*output[Stream], error) {
	what, err := in.id()
	if err != nil {
		return nil, err
	}
	if _, err := a.Lives.Join(ctx, mover(ctx).Account, what); err != nil {
		return nil, err
	}
	return a.stream(ctx, in)
}

func (a *API) actStreams(ctx context.Context, in *ActRef) (*output[[]Stream], error) {
	act, err := a.Catalogue.Act(ctx, viewer(ctx), in.Act)
	if err != nil {
		return nil, err
	}
	list, err := a.Lives.Of(ctx, act.Act.ID, "")
	if err != nil {
		return nil, err
	}
	return reply(each(list, a.streamOf))
}

func (a *API) streamsElsewhere(ctx context.Context, in *handleRef) (*output[[]Stream], error) {
	e, err := a.there()
	if err != nil {
		return nil, err
	}
	f, err := e.Act(ctx, viewer(ctx).Account, in.Handle)
	if err != nil {
		return nil, err
	}
	list, err := a.Lives.Of(ctx, "", f.Actor.ID)
	if err != nil {
		return nil, err
	}
	return reply(each(list, a.streamOf))
}
