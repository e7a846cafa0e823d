package elsewhere

import (
	"context"
	"encoding/json"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/federation/remote"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

const (
	mostIndexed = 5000      // releases of one node
	astray      = time.Hour // how far two nodes' clocks may be apart
)

// A walk is how far the reading of a node's index has come. It is the job's
// payload: a node that is killed goes on there.
type walk struct {
	Host string `json:"host"`
	Page string `json:"page,omitempty"` // "" the beginning
	Past string `json:"past,omitempty"` // the last release that was seen to, its address
	Left int    `json:"left"`           // how many more are looked at
}

// WantIndex asks for the index of another node, as a payload of [social.JobIndex].
func WantIndex(ctx context.Context, tx social.Tx, host string) error {
	return goOn(ctx, tx, walk{Host: host, Left: mostIndexed}, time.Time{})
}

func goOn(ctx context.Context, tx social.Tx, w walk, at time.Time) error {
	payload, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return tx.Enqueue(ctx, social.JobIndex, w.Host, payload, at)
}

// Index reads the part of another node's index that a payload of [social.JobIndex]
// names: releases that are new or were changed are fetched, a few at a time, and
// those which it has no more are forgotten. A node that has no index, or about
// which a moderator decided anything but to allow it, is not read.
func (d *Desk) Index(ctx context.Context, payload []byte) error {
	var w walk
	if err := json.Unmarshal(payload, &w); err != nil {
		return err
	}
	known, ok, err := d.shelf(ctx, w.Host)
	if err != nil || !ok {
		return err
	}
	items, next, err := d.leaf(ctx, &w)
	if ctx.Err() != nil {
		return ctx.Err() // the node stops: it goes on there
	}
	if err != nil {
		d.Log.Info("the index of a node is not read", "node", w.Host, "err", err)
		return nil // tomorrow again
	}
	var found []social.Release
	asked := 0
	listed := map[string]bool{}
	from := w.Past
	for _, o := range items {
		if o.ID <= from {
			continue // it was seen to before the node was killed, or waited
		}
		if w.Left <= 0 || asked >= each {
			break
		}
		w.Left--
		w.Past, listed[o.ID] = o.ID, true
		if k, ok := known[o.ID]; ok && k.Fetched.After(o.Updated.Add(astray)) {
			continue
		}
		asked++
		r, err := d.indexed(ctx, o)
		switch {
		case done(err):
			delete(listed, o.ID) // it is gone, or not what it was said to be
		case err != nil: // its server does not give it now: tomorrow again
		default:
			found = append(found, r)
		}
	}
	whole := len(items) == 0 || w.Past >= items[len(items)-1].ID
	last := whole && next == ""
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		for i := range found {
			if err := social.Shelve(ctx, tx, &found[i]); err != nil && !done(err) {
				return err
			}
		}
		for iri, k := range known {
			if iri > from && (iri <= w.Past || last) && !listed[iri] {
				if err := social.Withdraw(ctx, tx, iri, k.Actor); err != nil {
					return err
				}
			}
		}
		if last || w.Left <= 0 {
			return nil
		}
		if whole {
			w.Page = next
		}
		return goOn(ctx, tx, w, tx.Now().Add(between))
	})
}

// shelf is what is known of a node's releases in the form that an index names,
// false for a node that is not to be read.
func (d *Desk) shelf(ctx context.Context, host string) (known map[string]social.Kept, ok bool, err error) {
	err = d.Store.SocialView(ctx, func(tx social.Tx) error {
		node := form.Site{Origin: "https://" + host}
		verdict, err := social.Judged(ctx, tx, node.Node(), host)
		if ok = err == nil && (verdict == "" || verdict == social.Allow); !ok {
			return err
		}
		list, err := tx.ReleasesOfHost(ctx, host)
		known = make(map[string]social.Kept, len(list))
		for _, k := range list {
			if r, _, _ := node.MusicOf(k.IRI); r != "" && node.Release(r) == k.IRI {
				known[k.IRI] = k
			}
		}
		return err
	})
	return known, ok, err
}

// leaf fetches the page of an index at which a walk stands. Its releases are of
// its own node and in order, or it is none.
func (d *Desk) leaf(ctx context.Context, w *walk) (items []*vocab.Object, next string, err error) {
	index := form.Site{Origin: "https://" + w.Host}.Index()
	if w.Page == "" {
		o, err := d.Servers.Document(ctx, index)
		if err != nil {
			return nil, "", err
		}
		w.Page = o.First.ID()
	}
	wrong := fault.New(fault.Invalid, "%s is no index of a node.", index)
	if !remote.SameOrigin(w.Page, index) {
		return nil, "", wrong
	}
	page, err := d.Servers.Document(ctx, w.Page)
	if err != nil {
		return nil, "", err
	}
	before := ""
	for _, i := range page.OrderedItems {
		o := i.Object
		if o == nil || !remote.SameOrigin(o.ID, index) || !remote.SameOrigin(o.Author(), index) || o.ID <= before {
			return nil, "", wrong
		}
		before = o.ID
		items = append(items, o)
	}
	next = page.Next.ID()
	if next != "" && (!remote.SameOrigin(next, index) || len(items) == 0 || before <= w.Past) {
		return nil, "", wrong // it would lead on for ever
	}
	return items, next, nil
}

// indexed fetches a release that an index names, and its act where that is not
// known.
func (d *Desk) indexed(ctx context.Context, named *vocab.Object) (social.Release, error) {
	act, err := d.Servers.Actor(ctx, named.Author())
	if err != nil {
		return social.Release{}, err
	}
	o, err := d.Servers.Document(ctx, named.ID)
	if err != nil {
		return social.Release{}, err
	}
	r, ok := record.Of(o, act.ID)
	if !ok || r.IRI != named.ID {
		return r, fault.New(fault.Invalid, "%s is no release of %s.", named.ID, act.ID)
	}
	return r, nil
}
