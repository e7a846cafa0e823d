package store

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/kept"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

// ruled remembers what was decided about servers, which is asked several times for
// each activity, and whether anything was about a person, which is rare.
type ruled struct {
	words   *kept.Map[words]
	persons *kept.Map[bool]
}

// words are what was decided, by the names of servers; nil is more than is remembered.
type words map[string][]social.Word

// mostWords are remembered. A long list of others has some thousands.
const mostWords = 10_000

// newRuled remembers while rulings, which counts what is decided, is the same.
func newRuled(rulings func() uint64) ruled {
	return ruled{words: kept.New[words](rulings, 1), persons: kept.New[bool](rulings, 1)}
}

// remembers reports whether a transaction may go by what is remembered. One that decides
// something itself, or comes after one that does in the same commit, reads; on Postgres
// every one that writes does: what it reads is checked against what others write.
func (tx *Tx) remembers() bool { return !tx.ruling && (tx.sql == nil || tx.home.writer != nil) }

// remembered is what is known, or what read says.
func remembered[V any](tx *Tx, m *kept.Map[V], read func() (V, error)) (V, error) {
	now := time.Now()
	v, _, ok := m.Get("", now)
	if ok {
		return v, nil
	}
	v, err := read()
	if err == nil {
		m.Put("", v, tx.rulings, now)
	}
	return v, err
}

func (tx socialTx) Verdicts(ctx context.Context, names []string) (out []social.Word, err error) {
	if tx.remembers() {
		all, err := remembered(tx.Tx, tx.home.ruled.words, func() (words, error) { return tx.allWords(ctx) })
		if err != nil {
			return nil, err
		}
		if all != nil {
			for _, name := range names {
				out = append(out, all[name]...)
			}
			return out, nil
		}
	}
	var n [social.NamesAtOnce]string // "" is nobody's name
	copy(n[:], names)
	rows, err := tx.Q.ServerVerdicts(ctx, sqlgen.ServerVerdictsParams{One: n[0], Two: n[1], Three: n[2], Four: n[3]})
	for _, r := range rows {
		out = append(out, social.Word{Host: r.Host, Verdict: social.Verdict(r.Verdict), Own: r.Own != 0})
	}
	return out, wrap(err, "rules")
}

func (tx *Tx) allWords(ctx context.Context) (words, error) {
	rows, err := tx.Q.ServerVerdictsAll(ctx, mostWords+1)
	if err != nil || len(rows) > mostWords {
		return nil, wrap(err, "rules")
	}
	all := make(words, len(rows))
	for _, r := range rows {
		all[r.Host] = append(all[r.Host], social.Word{Host: r.Host, Verdict: social.Verdict(r.Verdict), Own: r.Own != 0})
	}
	return all, nil
}

func (tx socialTx) ActorRule(ctx context.Context, actor string) (social.Rule, error) {
	if tx.remembers() {
		some, err := remembered(tx.Tx, tx.home.ruled.persons, func() (bool, error) { return tx.Q.ActorsRuled(ctx) })
		if err != nil {
			return social.Rule{}, wrap(err, "rules")
		}
		if !some {
			return social.Rule{}, fault.New(fault.NotFound, "Nothing was decided about them.")
		}
	}
	r, err := tx.Q.ActorRule(ctx, actor)
	return rule(r), missing(err, "Nothing was decided about them.")
}
