package store

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/kept"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// ruled remembers what was decided about servers, which is asked several times for
// each activity, and whether anything was about a person, which is rare.
type ruled struct {
	words   *kept.Map[[]social.Word]
	persons *kept.Map[bool]
}

// newRuled remembers while rulings, which counts what is decided, is the same.
func newRuled(rulings func() uint64) ruled {
	return ruled{words: kept.New[[]social.Word](rulings, 4096), persons: kept.New[bool](rulings, 1)}
}

// remembered is what is known of a name, or what read says. A transaction that decides
// something itself, or comes after one that does in the same commit, reads; on Postgres
// every one that writes does: what it reads is checked against what others write.
func remembered[V any](tx *Tx, m *kept.Map[V], name string, read func() (V, error)) (V, error) {
	if tx.ruling || tx.sql != nil && tx.home.writer == nil {
		return read()
	}
	now := time.Now()
	v, _, ok := m.Get(name, now)
	if ok {
		return v, nil
	}
	v, err := read()
	if err == nil {
		m.Put(name, v, tx.rulings, now)
	}
	return v, err
}

func (tx socialTx) Verdicts(ctx context.Context, names []string) ([]social.Word, error) {
	return remembered(tx.Tx, tx.home.ruled.words, strings.Join(names, " "), func() ([]social.Word, error) {
		var n [social.NamesAtOnce]string // "" is nobody's name
		copy(n[:], names)
		rows, err := tx.Q.ServerVerdicts(ctx, sqlgen.ServerVerdictsParams{One: n[0], Two: n[1], Three: n[2], Four: n[3]})
		out := make([]social.Word, len(rows))
		for i, r := range rows {
			out[i] = social.Word{Host: r.Host, Verdict: social.Verdict(r.Verdict), Own: r.Own != 0}
		}
		return out, wrap(err, "rules")
	})
}

func (tx socialTx) ActorRule(ctx context.Context, actor string) (social.Rule, error) {
	some, err := remembered(tx.Tx, tx.home.ruled.persons, "", func() (bool, error) { return tx.Q.ActorsRuled(ctx) })
	if err != nil {
		return social.Rule{}, wrap(err, "rules")
	}
	if !some {
		return social.Rule{}, fault.New(fault.NotFound, "Nothing was decided about them.")
	}
	r, err := tx.Q.ActorRule(ctx, actor)
	return rule(r), missing(err, "Nothing was decided about them.")
}
