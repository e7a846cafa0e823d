package elsewhere

import (
	"context"
	"net/url"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/social"
)

// working are those who work on a playlist of another server, by what is known of them
// here: nobody is asked for, and who is silenced or blocked here is left out.
func (d *Desk) working(ctx context.Context, tx social.Tx, addresses []string) (out []social.Collaborator, err error) {
	for _, at := range addresses {
		c := social.Collaborator{Who: at, Kind: social.KindActor, State: social.Works, Away: true}
		known, err := d.names(ctx, tx, &c)
		if err != nil {
			return nil, err
		}
		if known {
			out = append(out, c)
		}
	}
	return out, nil
}

// names fills in what is known of somebody by their address, false for whom nobody here
// is to see. Of a stranger the address without its scheme stands for the name.
func (d *Desk) names(ctx context.Context, tx social.Tx, c *social.Collaborator) (bool, error) {
	if p, ok := d.Site.PersonOf(c.Who); ok {
		who, err := tx.Person(ctx, p)
		c.Name, c.Handle = who.Name, who.Handle
		return err == nil && who.Gone.IsZero(), absent(err)
	}
	if a, ok := d.Site.ActOf(c.Who); ok {
		name, handle, err := tx.ActNamed(ctx, a)
		c.Name, c.Handle = name, handle
		return err == nil, absent(err)
	}
	verdict, err := social.Judged(ctx, tx, c.Who, remote.Host(c.Who))
	if err != nil || verdict == social.Silence || verdict == social.Block {
		return false, err
	}
	a, err := tx.Actor(ctx, c.Who)
	if err == nil {
		c.Name, c.Handle, c.Host = a.Name, a.Handle, a.Host
		return true, nil
	}
	if u, bad := url.Parse(c.Who); bad == nil {
		c.Name = u.Host + u.Path
	}
	return c.Name != "", absent(err)
}

// absent is no fault where something is not there.
func absent(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
