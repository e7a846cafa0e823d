package activity

import (
	"context"
	"slices"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// passOn has an activity about a comment reach who follows whom of this node it answers
// (ActivityPub 7.1.2): the act, and the person whose comment that is, where it is addressed
// to their followers. What becomes of one that was passed on follows it, whomever it is
// addressed to. It goes as it came, byte by byte: by its actor's proof, or by asking their
// server, others find out that it is theirs.
func passOn(ctx context.Context, tx social.Tx, in In, kind string, c *social.Comment, addressed []string) ([]Out, error) {
	if len(in.Body) == 0 { // it was asked for, and did not come
		return nil, nil
	}
	act, person, err := whom(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	if !c.Passed && !slices.Contains(addressed, in.Site.Act(act)+"/followers") {
		act = ""
	}
	if !c.Passed && !slices.Contains(addressed, in.Site.Person(person)+"/followers") {
		person = ""
	}
	p := social.Passed{Outgoing: social.Outgoing{ID: in.ID, Kind: kind, Body: in.Body}, Comment: c.ID, Act: act, Person: person, From: in.From}
	switch {
	case act != "":
		p.Actor = in.Site.Act(act)
	case person != "":
		p.Actor = in.Site.Person(person)
	default:
		return nil, nil
	}
	return []Out{{Pass: &p}}, nil
}

// whom of this node a comment answers: the act whose music it is about, and the person
// whose comment, "" none.
func whom(ctx context.Context, tx social.Tx, c *social.Comment) (act id.Act, p id.Person, err error) {
	if _, act, err = tx.Known(ctx, c.Thing); err != nil && !fault.Is(err, fault.NotFound) {
		return "", "", err
	}
	if c.Parent == "" {
		return act, "", nil
	}
	above, err := tx.Comment(ctx, c.Parent)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", "", err
	}
	return act, above.Author.Person, nil
}

// Concerns is the address of the comment that an activity says is there, has changed or is
// no more, if that is one that would stand here or does. What only has the address of
// something new concerns nobody. Faults: NotFound.
func Concerns(ctx context.Context, tx social.Tx, in In) (string, error) {
	o, err := object(in)
	if err != nil {
		return "", err
	}
	if in.Is("Update", "Delete") {
		_, err := tx.CommentAt(ctx, o.ID())
		return o.ID(), err
	}
	n := note(in)
	if !in.Is("Create") || n == nil || len(n.InReplyTo) == 0 {
		return "", fault.New(fault.NotFound, "%q is about nothing here.", in.ID)
	}
	var c social.Comment
	ours, err := answered(ctx, tx, in, n, &c)
	if err == nil && !ours {
		err = fault.New(fault.NotFound, "%q is about nothing here.", in.ID)
	}
	return n.ID, err
}

// Fetched keeps a comment as its own server gave it: in has nothing but that, who made it,
// and this node. One that is no comment on anything here is not kept. Faults: as those of a
// comment that came by itself.
func Fetched(ctx context.Context, tx social.Tx, in In, n *vocab.Object) error {
	in.Object = &vocab.Object{Type: []string{"Create"}, Actor: vocab.At(in.From.ID), Object: []vocab.Item{vocab.Of(n)}}
	known, err := own(ctx, tx, in, n.ID)
	switch {
	case err != nil:
		return err
	case known.ID == "":
		_, err = comment(ctx, tx, in)
	case known.HTML != social.Clean(n.Content):
		_, err = reword(ctx, tx, in)
	}
	return err
}
