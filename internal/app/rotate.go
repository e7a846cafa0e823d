package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

func rotateFlags(f *flag.FlagSet, c *call) {
	f.BoolVar(&c.opt.leaked, "leaked", false, "somebody has the key: nothing is signed with it from now on, also where the new one is not known yet, and what it proved counts no more")
}

// A rotation gives the node another key of a kind. do returns its address, as the node's
// own actor has it, and since when it is.
type rotation struct {
	does string
	do   func(n *node, ctx context.Context, leaked bool) (key string, since time.Time, err error)
}

// rotations by what they rotate.
var rotations = map[string]rotation{
	"http": {"Requests are signed", func(n *node, ctx context.Context, leaked bool) (string, time.Time, error) {
		k, err := n.rotateKey(ctx, leaked)
		return k.of(form.Site{Origin: n.cfg.BaseURL}.Node()).ID, k.since, err
	}},
	"proof": {"Documents are proved", func(n *node, ctx context.Context, leaked bool) (string, time.Time, error) {
		s, err := n.rotateProof(ctx, leaked)
		return n.federation.nodeProof(s), s.since, err
	}},
}

// rotateKey gives the node another key for its requests, or others for proofs, and has
// followers elsewhere be told of it once the node runs.
func rotateKey(ctx context.Context, c *call) error {
	r, ok := rotations[c.args[0]]
	if !ok {
		return usagef("there are two keys to rotate: http and proof")
	}
	return withNode(ctx, c, func(n *node) error {
		key, since, err := r.do(n, ctx, c.opt.leaked)
		if err != nil {
			return err
		}
		out := struct {
			Key   string    `json:"key"`
			Since time.Time `json:"since"`
		}{key, since}
		return c.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "%s with %s once the node runs. Followers elsewhere are told then.\n", r.does, out.Key)
		})
	})
}

// rotateKey does so. Followers are told by jobs, which are there first: they say nothing
// of a key that is still the same. It returns Conflict for a node that no other server
// can know: with a key it would look like one that was known.
func (n *node) rotateKey(ctx context.Context, leaked bool) (requestKey, error) {
	if err := n.tellKeys(ctx); err != nil {
		return requestKey{}, err
	}
	return n.dir.rotateRequestKey(n.now(), leaked)
}

// rotateProof has all actors prove with other keys. Faults as of rotateKey.
func (n *node) rotateProof(ctx context.Context, leaked bool) (proofSecret, error) {
	if err := n.tellKeys(ctx); err != nil {
		return proofSecret{}, err
	}
	return n.dir.rotateProof(n.keys.proofs, n.now(), leaked)
}

// tellKeys has followers elsewhere be told of the keys of whom they follow, if they are
// others by then.
func (n *node) tellKeys(ctx context.Context) error {
	if !n.federation.known() {
		return fault.New(fault.Conflict, "This node has spoken with no other server: there is no key to rotate.")
	}
	return n.db.SocialUpdate(ctx, func(tx social.Tx) error {
		acts, err := tx.FollowedActs(ctx)
		if err != nil {
			return err
		}
		people, err := tx.FollowedPersons(ctx)
		if err != nil {
			return err
		}
		var whats []string
		for _, a := range acts {
			whats = append(whats, music.Telling("act", string(a)))
		}
		for _, p := range people {
			whats = append(whats, music.Telling("person", string(p)))
		}
		for _, what := range whats {
			if err := tx.Enqueue(ctx, music.JobTell, what, []byte(what), tx.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}
