package elsewhere

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"math/big"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// What a node is told of plays leaves at some moment between these, so that the
// moment says nothing, and is good for a week.
const (
	soonest = time.Hour
	latest  = 6 * time.Hour
	goodFor = 7 * 24 * time.Hour
	// mostTold is of how many tracks a node is told in a night.
	mostTold = 9_000
)

// told is the payload of [social.JobListens].
type told struct {
	social.Untold
	Until time.Time
	Root  string
}

// Listens has the nodes of tracks told how often they were played here until the
// last day that is in the log. What too few people heard waits for more.
func (d *Desk) Listens(ctx context.Context) error {
	return d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		until := calendar.DayOf(tx.Now()).Start()
		root, err := tx.LogRoot(ctx, until.Add(-time.Second))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		list, err := tx.Untold(ctx, until)
		if err != nil {
			return err
		}
		of := map[string]int{}
		for _, u := range list {
			if of[u.Host]++; of[u.Host] > mostTold { // the rest tomorrow: its node takes no more in a day
				continue
			}
			u.First = calendar.DayOf(u.First).Start()
			if !u.First.Before(until) { // late, of days that were told: with the next
				continue
			}
			if err := d.later(ctx, tx, told{u, until, root}); err != nil {
				return err
			}
			if err := tx.SetTold(ctx, u.Track, until); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Desk) later(ctx context.Context, tx social.Tx, t told) error {
	payload, err := json.Marshal(t)
	if err != nil {
		return err
	}
	wait, err := rand.Int(rand.Reader, big.NewInt(int64(latest-soonest)))
	if err != nil {
		return err
	}
	return tx.Enqueue(ctx, social.JobListens, string(t.Track)+" "+calendar.DayOf(t.First).String(), payload, tx.Now().Add(soonest+time.Duration(wait.Int64())))
}

// Tell tells a node what a payload of [social.JobListens] has. It goes to the act's
// own node, to nobody else, and is proved by this one.
func (d *Desk) Tell(ctx context.Context, payload []byte) error {
	var t told
	if err := json.Unmarshal(payload, &t); err != nil {
		return err
	}
	err := d.Store.SocialUpdate(ctx, func(tx social.Tx) error {
		x := d.listens(&t, tx.Now())
		body, err := x.Encode()
		if err != nil {
			return err
		}
		if body, err = d.Prove(body, tx.Now()); err != nil {
			return err
		}
		if err := tx.Send(ctx, social.Outgoing{ID: x.ID, Actor: d.Site.Node(), Kind: x.Type[0], Body: body, Expires: x.Expires}); err != nil {
			return err
		}
		return tx.Deliver(ctx, x.ID, t.Inbox, t.Host)
	})
	if err == nil {
		d.Sent()
	}
	return err
}

func (d *Desk) listens(t *told, now time.Time) *vocab.Object {
	counter := &vocab.Object{Type: []string{"InteractionCounter"}}
	counter.Put("userInteractionCount", t.Counted)
	counter.Put("nineten:plays", t.Plays)
	counter.Put("nineten:seconds", t.Seconds)
	x := &vocab.Object{ID: d.Site.Heard(t.IRI, t.First, t.Until), Type: []string{"Listen", "nineten:ListenActivity"}, Actor: vocab.At(d.Site.Node()), Object: []vocab.Item{vocab.At(t.IRI)}, To: []string{t.Actor},
		StartTime: t.First, EndTime: t.Until, Expires: now.Add(goodFor), Result: []vocab.Item{vocab.Of(counter)}}
	x.Put("nineten:logRoot", t.Root)
	return x
}
