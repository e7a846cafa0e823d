package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// Health is how it goes with another server.
type Health struct {
	Host      string    `json:"host"`
	Software  string    `json:"software,omitempty" doc:"As it says of itself"`
	Version   string    `json:"version,omitempty"`
	State     string    `json:"state" enum:"well,waiting,lost,away" doc:"well: everything has arrived; waiting: something is on its way; lost: something will not arrive by itself, see backfill-server; away: it takes nothing now"`
	InSync    time.Time `json:"in_sync" doc:"Everything made until then has arrived there"`
	Waiting   int64     `json:"waiting" doc:"Activities that have not arrived"`
	Tries     int64     `json:"tries,omitempty" doc:"Of the one that was tried most often"`
	Arrived   int64     `json:"arrived" doc:"Activities that have arrived since they are counted"`
	Lost      int64     `json:"lost" doc:"Activities that were given up since they are counted: the server did not take them, or was away for a week"`
	Missing   int64     `json:"missing" doc:"What it does not know of because of that, and was not told again"`
	LostAt    time.Time `json:"lost_at,omitzero" doc:"When the oldest of that was made"`
	LostWhy   string    `json:"lost_why,omitempty" doc:"Why the latest of that was given up"`
	Delivered time.Time `json:"delivered,omitzero" doc:"When something arrived there last"`
	Failed    time.Time `json:"failed,omitzero" doc:"When something did not arrive last"`
	Error     string    `json:"error,omitempty" doc:"Why"`
	Next      time.Time `json:"next,omitzero" doc:"When a server that is away is asked again"`
	Received  time.Time `json:"received,omitzero" doc:"When something came from there last"`
	Claimed   int64     `json:"claimed,omitempty" doc:"Counted plays of music here that it told of in the last 31 days"`
	Asked     int64     `json:"asked,omitempty" doc:"How often it asked for the sound in that time"`
	Doubtful  bool      `json:"doubtful,omitempty" doc:"It tells of more plays than it can have had: more than 1.2 for each time it asked, and 50"`
}

// The states of another server.
const (
	Well    = "well"
	Waiting = "waiting"
	Lost    = "lost"
	Away    = "away"
)

// Healths is a page of servers in order of their names.
type Healths struct {
	Rows []Health `json:"rows"`
	Next string   `json:"next,omitempty" doc:"Cursor of the page after"`
}

const perPage = 50

// A Desk answers the operator about other servers.
type Desk struct {
	Store  Store
	Host   string // of this node
	Policy *HostPolicy
	// Hurried is called when deliveries became due. It must not block.
	Hurried func()
	// Fill has everything fetched that an act elsewhere published. It is nil where the
	// node does not federate.
	Fill func(ctx context.Context, tx Tx, a Actor) error
}

// Servers tells how it goes with those after a name.
func (d *Desk) Servers(ctx context.Context, after string) (out Healths, err error) {
	out.Rows = []Health{}
	err = d.Store.SocialView(ctx, func(tx Tx) error {
		peers, err := tx.Peers(ctx, after, perPage+1)
		if err != nil {
			return err
		}
		queues, err := tx.Queues(ctx)
		if err != nil {
			return err
		}
		losses, err := tx.Losses(ctx)
		if err != nil {
			return err
		}
		claimed, err := tx.Claimed(ctx, tx.Now().Add(-Compared))
		if err != nil {
			return err
		}
		asked, err := tx.Asked(ctx, tx.Now().Add(-Compared))
		if err != nil {
			return err
		}
		by := map[string]Queue{}
		for _, q := range queues {
			by[q.Host] = q
		}
		lost := map[string]Losses{}
		for _, l := range losses {
			lost[l.Host] = l
		}
		for i, p := range peers {
			if i == perPage {
				out.Next = peers[i-1].Host
				break
			}
			h := health(p, by[p.Host], lost[p.Host], tx.Now())
			h.Claimed, h.Asked = claimed[p.Host], asked[p.Host]
			h.Doubtful = Doubtful(h.Claimed, h.Asked)
			out.Rows = append(out.Rows, h)
		}
		return nil
	})
	return out, err
}

func health(p Peer, q Queue, l Losses, now time.Time) Health {
	h := Health{Host: p.Host, Software: p.Software, Version: p.Version, State: Well, InSync: now, Waiting: q.N, Tries: q.Tries, Arrived: p.Arrived, Lost: p.Lost,
		Missing: l.N, LostAt: l.Oldest, LostWhy: l.Why, Delivered: p.Delivered, Failed: p.Failed, Error: p.Error, Received: p.Received}
	if q.N > 0 {
		h.State, h.InSync = Waiting, q.Oldest
	}
	if l.N > 0 {
		h.State = Lost
		if l.Oldest.Before(h.InSync) {
			h.InSync = l.Oldest
		}
	}
	if p.Closed.After(now) {
		h.State, h.Next = Away, p.Closed
	}
	return h
}

// Retry has everything that waits for a server delivered now. Faults: NotFound
// for one that is not known.
func (d *Desk) Retry(ctx context.Context, host string) error {
	return d.hurry(ctx, host, func(Tx) error { return nil })
}

// hurry has everything that waits for a server delivered now, and does something about
// it in the same transaction.
func (d *Desk) hurry(ctx context.Context, host string, also func(Tx) error) error {
	err := d.Store.SocialUpdate(ctx, func(tx Tx) error {
		p, err := tx.Peer(ctx, host)
		if err != nil {
			return err
		}
		if p == (Peer{Host: host}) {
			return fault.New(fault.NotFound, "There is no server %s that this node has to do with.", host)
		}
		p.Closed = time.Time{}
		if err := tx.PutPeer(ctx, p); err != nil {
			return err
		}
		if err := tx.Hurry(ctx, host); err != nil {
			return err
		}
		return also(tx)
	})
	if err == nil {
		d.Hurried()
	}
	return err
}
