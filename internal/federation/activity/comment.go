package activity

import (
	"context"
	"math"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// comment takes what answers a thing of this node, or a comment on one. What
// answers something else is not its own.
func comment(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	n := note(in)
	if n == nil || len(n.InReplyTo) == 0 {
		return nil, nil
	}
	c := social.Comment{Author: social.Author{Actor: in.From.ID, Host: in.From.Host}, IRI: n.ID, URL: page(n), HTML: n.Content, Position: position(n)}
	ours, err := answered(ctx, tx, in, n, &c)
	if err != nil || !ours {
		return nil, err
	}
	switch {
	case n.Author() != in.From.ID || !strings.HasPrefix(n.ID, "https://") || !remote.SameOrigin(n.ID, in.From.ID):
		return nil, fault.New(fault.Forbidden, "%q is not %s's.", n.ID, in.From.ID)
	case !n.IsPublic() && !in.IsPublic():
		return nil, fault.New(fault.Forbidden, "%q is not for everybody, so it is no comment.", n.ID)
	}
	keep := social.Say
	if in.Listed != "" {
		keep, c.At = social.Gather, n.Published
	}
	c, err = keep(ctx, tx, c)
	if err != nil || c.ID == "" {
		return nil, err
	}
	return passOn(ctx, tx, in, "Create", &c, append(in.Addressed(), n.Addressed()...))
}

// note is the text that an activity is about, nil when it is about something else.
func note(in In) *vocab.Object {
	if len(in.Object.Object) != 1 {
		return nil
	}
	if n := in.Object.Object[0].Object; n != nil && n.Is("Note", "Article", "Page") {
		return n
	}
	return nil
}

// answered finds what a comment is about: a thing of this node, or that of the
// comment it answers. What answers something that is not known is about the release of
// which it says that it is part of the conversation.
func answered(ctx context.Context, tx social.Tx, in In, n *vocab.Object, c *social.Comment) (bool, error) {
	what := n.InReplyTo[0]
	t, _, err := thing(ctx, tx, in, what)
	if err != nil || t != (social.Thing{}) {
		c.Thing = t
		return true, err
	}
	parent, err := commentAt(ctx, tx, in, what.ID())
	if fault.Is(err, fault.NotFound) && in.Listed != "" {
		c.Thing, err = there(ctx, tx, in.Listed, what.ID())
		return c.Thing != (social.Thing{}), err
	}
	if fault.Is(err, fault.NotFound) {
		c.Thing, err = within(ctx, tx, in, n)
		return c.Thing != (social.Thing{}), err
	}
	if err == nil && in.Listed != "" && parent.Thing.Release != in.Listed {
		return false, nil // it is said elsewhere, too, and stands there
	}
	if err != nil {
		return false, err
	}
	if err := social.MayAnswer(ctx, tx, &parent.Author, in.From); err != nil {
		return true, err
	}
	c.Thing, c.Parent = parent.Thing, parent.ID
	return true, nil
}

// within is the public release whose conversation a text is part of by its own word
// (FEP-7888), the zero value none. What answers an address of this node answers nothing
// else.
func within(ctx context.Context, tx social.Tx, in In, n *vocab.Object) (social.Thing, error) {
	r, ok := in.Site.ConversationOf(n.Conversation)
	if !ok || remote.SameOrigin(n.InReplyTo[0].ID(), in.Site.Origin) {
		return social.Thing{}, nil
	}
	t, _, err := tx.Public(ctx, social.Thing{Release: r})
	if fault.Is(err, fault.NotFound) {
		return social.Thing{}, nil
	}
	return t, err
}

// there is what of a release elsewhere an address names: it, or a track of it, or the post
// about either that nodes have; the zero value where it names neither.
func there(ctx context.Context, tx social.Tx, listed id.Release, at string) (social.Thing, error) {
	r, err := tx.Release(ctx, listed)
	if err != nil {
		return social.Thing{}, err
	}
	at = strings.TrimSuffix(at, "/note")
	if at == r.IRI {
		return social.Thing{Release: r.ID}, nil
	}
	for i := range r.Tracks {
		if at == r.Tracks[i].Document() {
			return social.Thing{Release: r.ID, Track: r.Tracks[i].ID}, nil
		}
	}
	return social.Thing{}, nil
}

// commentAt finds a comment by its address: one of another server, or one of this that
// others were told of. Faults: NotFound.
func commentAt(ctx context.Context, tx social.Tx, in In, iri string) (social.Comment, error) {
	here, ok := in.Site.CommentOf(iri)
	if !ok {
		return tx.CommentAt(ctx, iri)
	}
	c, err := tx.Comment(ctx, here)
	if err == nil && !c.Author.Told() {
		err = fault.New(fault.NotFound, "There is no such comment.")
	}
	return c, err
}

// page is where people read a text, of its own server.
func page(n *vocab.Object) string {
	for _, u := range n.URL {
		if at := u.Link(); strings.HasPrefix(at, "https://") && remote.SameOrigin(at, n.ID) {
			return at
		}
	}
	return n.ID
}

// position is where in a track a text says it belongs, in milliseconds, -1 none.
func position(n *vocab.Object) int64 {
	var seconds float64
	if !n.Get("nineten:position", &seconds) || seconds < 0 || seconds > 24*60*60 {
		return -1
	}
	return int64(math.Round(seconds * 1000))
}

// reword changes a comment to what its author says it is now.
func reword(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	n := note(in)
	if n == nil {
		return nil, nil
	}
	c, err := own(ctx, tx, in, n.ID)
	if err != nil || c.ID == "" {
		return nil, err
	}
	if c.Parent != "" {
		parent, err := tx.Comment(ctx, c.Parent)
		if err == nil {
			err = social.MayAnswer(ctx, tx, &parent.Author, in.From)
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	c.HTML, c.Position = n.Content, position(n)
	if changed, err := social.Reword(ctx, tx, c); err != nil || !changed || !c.Passed {
		return nil, err
	}
	return passOn(ctx, tx, in, "Update", &c, nil)
}

// unsay removes a comment that its author has deleted.
func unsay(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	c, err := own(ctx, tx, in, o.ID())
	if err != nil || c.ID == "" {
		return nil, err
	}
	var outs []Out
	if c.Passed {
		if outs, err = passOn(ctx, tx, in, "Delete", &c, nil); err != nil {
			return nil, err
		}
	}
	return outs, tx.DropComment(ctx, c.ID)
}

// own finds a comment of the activity's actor, the zero value when there is none of
// that address.
func own(ctx context.Context, tx social.Tx, in In, iri string) (social.Comment, error) {
	c, err := tx.CommentAt(ctx, iri)
	if fault.Is(err, fault.NotFound) {
		return social.Comment{}, nil
	}
	if err == nil && c.Author.Actor != in.From.ID {
		err = fault.New(fault.Forbidden, "%q is not %s's.", iri, in.From.ID)
	}
	return c, err
}
