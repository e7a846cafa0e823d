package outbox

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

var _ social.Refusals = (*Outbox)(nil)

// Invite invites somebody elsewhere to work on a playlist here, who was not yet. what
// names the playlist and the actor.
func (b *Outbox) Invite(ctx context.Context, what string) error {
	list, who, _ := strings.Cut(what, " ")
	x, err := b.Albums.Selection(ctx, id.Playlist(list))
	if fault.Is(err, fault.NotFound) { // taken back meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	site := b.Site(ctx)
	err = b.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		c, err := tx.Collaborator(ctx, id.Playlist(list), who)
		if fault.Is(err, fault.NotFound) || err == nil && (c.State != social.Invited || c.Invite != "") {
			return nil
		}
		if err != nil {
			return err
		}
		o := site.Invitation(tx.Now(), &x, who)
		c.Invite = o.ID
		if err := tx.PutCollaborator(ctx, &c); err != nil {
			return err
		}
		return b.say(ctx, tx, x.Person, who, o)
	})
	if err == nil {
		b.Sent()
	}
	return err
}

// Uninvite takes an invitation back.
func (b *Outbox) Uninvite(ctx context.Context, tx social.Tx, list *music.Playlist, c *social.Collaborator) error {
	site := b.Site(ctx)
	by, p, err := owner(ctx, tx, site, list)
	if err != nil {
		return err
	}
	return b.say(ctx, tx, p, c.Who, &vocab.Object{ID: site.NewActivity(tx.Now()), Type: []string{"Undo"}, Actor: vocab.At(by), To: []string{c.Who}, Object: []vocab.Item{vocab.Of(
		&vocab.Object{ID: c.Invite, Type: []string{"Invite"}, Actor: vocab.At(by), Object: vocab.One(site.Playlist(list.ID)), Target: vocab.At(c.Who)})}})
}

// owner is the address of whose playlist it is, and the person if it is one's.
func owner(ctx context.Context, tx social.Tx, site form.Site, list *music.Playlist) (string, id.Person, error) {
	if list.Act != "" {
		return site.Act(list.Act), "", nil
	}
	p, err := tx.PersonOf(ctx, list.Account)
	return site.Person(p.ID), p.ID, err
}

// as is the address as whom somebody here works on a playlist elsewhere.
func as(ctx context.Context, tx social.Tx, site form.Site, c *social.Collaborator) (string, id.Person, error) {
	list := music.Playlist{Account: id.Account(c.Who)}
	if c.Kind == social.KindAct {
		list.Act = id.Act(c.Who)
	}
	return owner(ctx, tx, site, &list)
}

// Respond tells the owner of a playlist elsewhere whether somebody here works on it.
func (b *Outbox) Respond(ctx context.Context, tx social.Tx, c *social.Collaborator, list *social.Playlist, yes bool) error {
	site := b.Site(ctx)
	by, p, err := as(ctx, tx, site, c)
	if err != nil {
		return err
	}
	return b.say(ctx, tx, p, list.Actor, site.Reply(tx.Now(), by, list, c.Invite, yes))
}

// Depart tells the owner that somebody here does not work on it any more.
func (b *Outbox) Depart(ctx context.Context, tx social.Tx, c *social.Collaborator, list *social.Playlist) error {
	site := b.Site(ctx)
	by, p, err := as(ctx, tx, site, c)
	if err != nil {
		return err
	}
	return b.say(ctx, tx, p, list.Actor, &vocab.Object{ID: site.NewActivity(tx.Now()), Type: []string{"Leave"}, Actor: vocab.At(by), Object: vocab.One(list.IRI), To: []string{list.Actor}})
}

// Suggest tells the owner what somebody here adds or takes out.
func (b *Outbox) Suggest(ctx context.Context, tx social.Tx, c *social.Collaborator, list *social.Playlist, tracks []id.Track, add bool) error {
	site := b.Site(ctx)
	by, p, err := as(ctx, tx, site, c)
	if err != nil {
		return err
	}
	rows, err := tx.Rows(ctx, tracks)
	if err != nil {
		return err
	}
	away, err := tx.Addresses(ctx, tracks)
	if err != nil {
		return err
	}
	x := &vocab.Object{ID: site.NewActivity(tx.Now()), Type: []string{"Remove"}, Actor: vocab.At(by), Target: vocab.At(list.IRI), To: []string{list.Actor}, Published: tx.Now()}
	if add {
		x.Type = []string{"Add"}
	}
	for _, t := range tracks {
		r, known := rows[t]
		at := away[t]
		if at == "" && (known || !add) && !r.Elsewhere() {
			at = site.Track(t)
		}
		if at == "" {
			return fault.New(fault.NotFound, "There is no such track.")
		}
		x.Object = append(x.Object, vocab.At(at))
	}
	return b.say(ctx, tx, p, list.Actor, x)
}

// say sends an activity of somebody here to one actor alone. The server of who hears a
// person hears of the person's end.
func (b *Outbox) say(ctx context.Context, tx social.Tx, p id.Person, to string, x *vocab.Object) error {
	if p != "" {
		return b.toActor(ctx, tx, &social.Person{ID: p}, to, "", x, tx.Now())
	}
	a, err := tx.Actor(ctx, to)
	if err != nil {
		return err
	}
	body, err := x.Encode()
	if err != nil {
		return err
	}
	if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: x.Actor.ID(), Kind: x.Type[0], Body: body}); err != nil {
		return err
	}
	return tx.Deliver(ctx, x.ID, a.Inbox, remote.Host(a.Inbox))
}
