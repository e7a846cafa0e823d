package outbox

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Comment tells what became of a comment of an act or of a listener who is seen elsewhere:
// whose music it is about, whom it answers, and who follows its author. Comments of others,
// and those that are out of view, are told to nobody.
func (b *Outbox) Comment(ctx context.Context, what id.Comment) error {
	site := b.Site(ctx)
	x, err := b.Albums.Opinion(ctx, what)
	if fault.Is(err, fault.NotFound) {
		return b.gone(ctx, site, former{about: site.Comment(what)})
	}
	if err != nil || x.Hidden {
		return err
	}
	note, who := site.Opinion(&x), x.Author.Person
	if act := x.Author.Act; act != "" {
		return b.tell(ctx, telling{actor: site.Act(act), thing: note, deliver: and(followers(act), each(note.CC))})
	}
	return b.tell(ctx, telling{actor: site.Person(who), thing: note, deliver: func(ctx context.Context, tx social.Tx, outgoing string) (int64, error) {
		return b.toFansAnd(ctx, tx, site, outgoing, who, note.CC)
	}})
}

// named are those for whom what an activity told of was by its own word.
func named(body []byte) deliver {
	if was := said(body); was != nil {
		return each(was.CC)
	}
	return nobody
}

// each is everybody of other servers who is known here by one of these addresses.
func each(addresses []string) deliver {
	return func(ctx context.Context, tx social.Tx, outgoing string) (n int64, err error) {
		for _, at := range addresses {
			a, err := tx.Actor(ctx, at)
			if fault.Is(err, fault.NotFound) { // of this node, no actor, or gone meanwhile
				continue
			}
			if err == nil {
				err = tx.Deliver(ctx, outgoing, a.ReachedAt(), remote.Host(a.ReachedAt()))
			}
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
}

// toFansAnd delivers what a person says to the servers of who follows them, and of who
// else it is for.
func (b *Outbox) toFansAnd(ctx context.Context, tx social.Tx, site form.Site, outgoing string, who id.Person, also []string) (int64, error) {
	n, err := tx.DeliverToFans(ctx, outgoing, who)
	for _, to := range also {
		if err == nil && remote.Host(to) != site.Host() {
			err = b.alsoTo(ctx, tx, outgoing, who, to)
			n++
		}
	}
	return n, err
}

// alsoTo delivers what a person says to somebody else than who follows them, whose
// server then hears of the person's end.
func (b *Outbox) alsoTo(ctx context.Context, tx social.Tx, outgoing string, who id.Person, to string) error {
	a, err := tx.Actor(ctx, to)
	if fault.Is(err, fault.NotFound) { // gone meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	inbox := a.ReachedAt()
	if err := tx.Reach(ctx, who, inbox, a.Host); err != nil {
		return err
	}
	return tx.Deliver(ctx, outgoing, inbox, remote.Host(inbox))
}
