package activity

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// react makes a handler of activities that say what somebody thinks of a thing
// here, in whatever form they saw it. What is not of this node is not its own:
// most of what people like is not. An emoji counts as a like where there is none, which
// then is known by it.
func react(kind social.Reaction) Handler {
	return func(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
		o, err := object(in)
		if err != nil {
			return nil, err
		}
		t, act, err := thing(ctx, tx, in, o)
		if err != nil || t == (social.Thing{}) {
			return nil, err
		}
		return nil, social.React(ctx, tx, act, social.Reacted{Actor: in.From.ID, Kind: kind, Thing: t, Activity: in.ID, Emoji: in.Is("EmojiReact")})
	}
}

// unreact takes that back: what was said with the activity that is named, or
// else what it is about, as some software undoes with an id of its own. Emojis are several:
// one that is not what is known here is not the like.
func unreact(kind social.Reaction) Handler {
	return func(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
		o, err := object(in)
		if err != nil {
			return nil, err
		}
		was, err := social.UnreactBy(ctx, tx, in.From.ID, o.ID())
		if err != nil || was || o.Object == nil || len(o.Object.Object) != 1 || o.Object.Is("EmojiReact") && o.ID() != "" {
			return nil, err
		}
		t, _, err := thing(ctx, tx, in, o.Object.Object[0])
		if err != nil || t == (social.Thing{}) {
			return nil, err
		}
		return nil, social.Unreact(ctx, tx, social.Reacted{Actor: in.From.ID, Kind: kind, Thing: t})
	}
}

// thing is what of this node an item is, and whose, the zero value when it is of
// another. Faults: NotFound for what is not public here.
func thing(ctx context.Context, tx social.Tx, in In, o vocab.Item) (social.Thing, id.Act, error) {
	r, t, ok := in.Site.MusicOf(o.ID())
	if !ok {
		return social.Thing{}, "", nil
	}
	found, act, err := tx.Public(ctx, social.Thing{Release: r, Track: t})
	if fault.Is(err, fault.NotFound) {
		return social.Thing{}, "", fault.Wrap(err, fault.NotFound, "%q is nothing that everybody can hear here.", o.ID())
	}
	return found, act, err
}
