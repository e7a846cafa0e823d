package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// talk is what people say of the music.
func (a *API) talk(r *router) {
	const tag = "Comments"
	add(r, operation{method: http.MethodGet, path: "/releases/{release}/comments", id: "list-comments", tag: tag, summary: "What was said of a release and its tracks, the latest first, and under each what answers it"}, a.comments)
	add(r, operation{method: http.MethodPost, path: "/releases/{release}/comments", id: "comment", tag: tag, scope: account.ScopeLibrary, status: http.StatusCreated, summary: "Say something; it stays on this node, unless you are seen on other servers or say it as your act"}, a.comment)
	add(r, operation{method: http.MethodPut, path: "/comments/{comment}", id: "edit-comment", tag: tag, scope: account.ScopeLibrary, summary: "Change what you said"}, a.editComment)
	add(r, operation{method: http.MethodPut, path: "/comments/{comment}/hidden", id: "hide-comment", tag: tag, scope: account.ScopeLibrary, summary: "Hide a comment, for the act's people and moderators"}, a.hideComment(true))
	add(r, operation{method: http.MethodDelete, path: "/comments/{comment}/hidden", id: "show-comment", tag: tag, scope: account.ScopeLibrary, summary: "Show a hidden comment again"}, a.hideComment(false))
	add(r, operation{method: http.MethodDelete, path: "/comments/{comment}", id: "delete-comment", tag: tag, scope: account.ScopeLibrary, summary: "Delete a comment: your own, or one on your act's music"}, a.deleteComment)
	add(r, operation{method: http.MethodGet, path: "/studio/acts/{act}/comments", id: "get-comment-policy", tag: tag, scope: account.ScopeStudio, summary: "Who may comment, like and boost"}, a.commentPolicy)
	add(r, operation{method: http.MethodPut, path: "/studio/acts/{act}/comments", id: "set-comment-policy", tag: tag, scope: account.ScopeStudio, summary: "Say who may comment, like and boost, on all of the act's music or on one release"}, a.setCommentPolicy)
}

// Comment is what somebody said.
type Comment struct {
	ID         id.Comment `json:"id"`
	Release    id.Release `json:"release"`
	Track      id.Track   `json:"track,omitempty" doc:"None: the release as a whole"`
	Parent     id.Comment `json:"parent,omitempty" doc:"Comment that it answers"`
	Depth      int        `json:"depth" doc:"How deep it stands in its conversation, from 0"`
	Name       string     `json:"name" doc:"Of its author"`
	Address    string     `json:"address" doc:"@name of somebody here, who is seen on other servers by the handle there, or of an act; @name@host of somebody elsewhere"`
	Page       string     `json:"page,omitempty" doc:"Of its author elsewhere, or here as other servers see them, or of an act"`
	URL        string     `json:"url,omitempty" doc:"Where it stands elsewhere"`
	HTML       string     `json:"html" doc:"Clean: paragraphs, lists, quotes, links"`
	PositionMS int64      `json:"position_ms" doc:"Into the track; -1 none"`
	At         int64      `json:"at_ms" doc:"Unix milliseconds"`
	Changed    int64      `json:"changed_ms"`
	Hidden     bool       `json:"hidden,omitempty"`
	Own        bool       `json:"own,omitempty"`
	Barred     bool       `json:"barred,omitempty" doc:"Its author is blocked by the act; for who keeps the comments"`
}

func commentOf(s *social.Said) Comment {
	return Comment{ID: s.ID, Release: s.Thing.Release, Track: s.Thing.Track, Parent: s.Parent, Depth: s.Depth, Name: s.Author.Name, Address: s.Author.Address(), Page: s.Author.Page(),
		URL: s.URL, HTML: s.HTML, PositionMS: s.Position, At: unixMS(s.At), Changed: unixMS(s.Changed), Hidden: s.Hidden, Own: s.Own, Barred: s.Barred}
}

// Comments are a conversation.
type Comments struct {
	Rows   []Comment     `json:"rows"`
	Next   id.Comment    `json:"next,omitempty" doc:"Cursor of the page after, with older ones; none at the end"`
	Policy social.Policy `json:"policy" enum:"everybody,followers,nobody" doc:"Who may comment"`
	Writes bool          `json:"writes" doc:"You may"`
	Likes  Permission    `json:"likes" doc:"Who may like it so that others learn of it; what you like you keep for yourself in any case"`
	Boosts Permission    `json:"boosts" doc:"Who may boost it"`
	Keeps  bool          `json:"keeps,omitempty" doc:"You may hide and delete those of others"`
}

// A Permission is who may do something, and whether you may.
type Permission struct {
	Policy social.Policy `json:"policy" enum:"everybody,followers,nobody"`
	May    bool          `json:"may" doc:"You may"`
}

func permission(c *social.Conversation, v social.Verb) Permission {
	return Permission{c.Policies[v], c.May[v]}
}

type commentsInput struct {
	ReleaseRef
	After string `query:"after" doc:"next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

func (a *API) comments(ctx context.Context, in *commentsInput) (*output[Comments], error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	before := id.Comment("")
	if in.After != "" {
		if before, err = id.Parse[id.Comment](in.After); err != nil {
			return nil, err
		}
	}
	c, err := a.Talk.Comments(ctx, viewer(ctx), r, before, in.Limit)
	if err != nil {
		return nil, err
	}
	return reply(Comments{Rows: each(c.Comments, commentOf), Next: c.Next, Policy: c.Policies[social.Commenting], Writes: c.May[social.Commenting],
		Likes: permission(&c, social.Liking), Boosts: permission(&c, social.Boosting), Keeps: c.Keeps})
}

type commentInput struct {
	ReleaseRef
	Body struct {
		Track      string `json:"track,omitempty" doc:"None: the release as a whole"`
		Parent     string `json:"parent,omitempty" doc:"Comment that it answers"`
		PositionMS *int64 `json:"position_ms,omitempty" minimum:"0" doc:"Into the track"`
		Text       string `json:"text" minLength:"1" maxLength:"5000" doc:"Plain; an empty line begins a paragraph"`
		As         string `json:"as,omitempty" doc:"Act of yours in whose name it is said, on its own music, there and here"`
	}
}

func (a *API) comment(ctx context.Context, in *commentInput) (*output[Comment], error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	d := social.Draft{Thing: social.Thing{Release: r, Track: id.Track(in.Body.Track)}, Parent: id.Comment(in.Body.Parent), Position: positionOf(in.Body.PositionMS), Text: in.Body.Text, As: id.Act(in.Body.As)}
	c, err := a.Talk.Write(ctx, mover(ctx), d)
	if err != nil {
		return nil, err
	}
	return reply(commentOf(&social.Said{Comment: c, Own: true}))
}

type editCommentInput struct {
	CommentRef
	Body struct {
		PositionMS *int64 `json:"position_ms,omitempty" minimum:"0" doc:"Into the track; none: where the text begins with a time, or nowhere"`
		Text       string `json:"text" minLength:"1" maxLength:"5000" doc:"Plain; an empty line begins a paragraph"`
	}
}

func (a *API) editComment(ctx context.Context, in *editCommentInput) (*output[Comment], error) {
	what, err := id.Parse[id.Comment](in.Comment)
	if err != nil {
		return nil, err
	}
	c, err := a.Talk.Edit(ctx, mover(ctx), what, in.Body.Text, positionOf(in.Body.PositionMS))
	if err != nil {
		return nil, err
	}
	return reply(commentOf(&social.Said{Comment: c, Own: true}))
}

// positionOf is a place in a track, -1 for none.
func positionOf(ms *int64) int64 {
	if ms == nil {
		return -1
	}
	return *ms
}

// CommentRef names a comment in a path.
type CommentRef struct {
	Comment string `path:"comment" doc:"Comment id"`
}

func (a *API) hideComment(on bool) func(context.Context, *CommentRef) (*struct{}, error) {
	return func(ctx context.Context, in *CommentRef) (*struct{}, error) {
		c, err := id.Parse[id.Comment](in.Comment)
		if err != nil {
			return nil, err
		}
		return nil, a.Talk.Hide(ctx, mover(ctx), c, on)
	}
}

func (a *API) deleteComment(ctx context.Context, in *CommentRef) (*struct{}, error) {
	c, err := id.Parse[id.Comment](in.Comment)
	if err != nil {
		return nil, err
	}
	_, err = a.Talk.Delete(ctx, mover(ctx), c)
	return nil, err
}

// CommentPolicy says who may comment, like and boost.
type CommentPolicy struct {
	Who   social.Policy  `json:"who" enum:",everybody,followers,nobody" doc:"Who may comment. Empty: nothing is said, so a release has its act's and an act everybody"`
	Like  *social.Policy `json:"like,omitempty" enum:",everybody,followers,nobody" doc:"Who may like it; without it that stays as it is"`
	Boost *social.Policy `json:"boost,omitempty" enum:",everybody,followers,nobody" doc:"Who may boost it; without it that stays as it is"`
}

// policies are those that a program says.
func (p *CommentPolicy) policies() social.Policies {
	out := social.Policies{social.Commenting: p.Who}
	for verb, who := range map[social.Verb]*social.Policy{social.Liking: p.Like, social.Boosting: p.Boost} {
		if who != nil {
			out[verb] = *who
		}
	}
	return out
}

// PolicyRef names what a policy is of.
type PolicyRef struct {
	ActRef
	Release string `query:"release" doc:"Of one release; without it, of the act"`
}

func (in *PolicyRef) of() (act id.Act, r id.Release, err error) {
	if act, err = id.Parse[id.Act](in.Act); err != nil || in.Release == "" {
		return act, "", err
	}
	r, err = id.Parse[id.Release](in.Release)
	return act, r, err
}

func (a *API) commentPolicy(ctx context.Context, in *PolicyRef) (*output[CommentPolicy], error) {
	act, r, err := in.of()
	if err != nil {
		return nil, err
	}
	p, err := a.Talk.Policies(ctx, mover(ctx), act, r)
	if err != nil {
		return nil, err
	}
	like, boost := p[social.Liking], p[social.Boosting]
	return reply(CommentPolicy{Who: p[social.Commenting], Like: &like, Boost: &boost})
}

type setPolicyInput struct {
	PolicyRef
	Body CommentPolicy
}

func (a *API) setCommentPolicy(ctx context.Context, in *setPolicyInput) (*struct{}, error) {
	act, r, err := in.of()
	if err != nil {
		return nil, err
	}
	return nil, a.Talk.SetPolicies(ctx, mover(ctx), act, r, in.Body.policies())
}
