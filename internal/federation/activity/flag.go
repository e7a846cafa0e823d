package activity

import (
	"context"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// longestFlag is how many bytes of a report's words are looked at.
const longestFlag = 8_000

// flag takes a report of another server for the moderators. What it names that is
// not here is left out; a report about nothing that is here is refused.
func flag(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	by := social.Author{Actor: in.From.ID, Host: in.From.Host}
	if err := social.MayReport(ctx, tx, by); err != nil {
		return nil, err
	}
	r := social.Report{By: by, Activity: in.ID, Words: social.Text(in.Content[:min(len(in.Content), longestFlag)])}
	seen := map[social.Subject]bool{}
	for _, o := range in.Object.Object[:min(len(in.Object.Object), social.MostSubjects)] {
		s, err := subject(ctx, tx, in, o)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !seen[s] {
			seen[s] = true
			r.About = append(r.About, s)
		}
	}
	if len(r.About) == 0 {
		return nil, fault.New(fault.NotFound, "The report is about nothing that is here.")
	}
	_, err := social.Complain(ctx, tx, r)
	return nil, err
}

// subject is what of this node a reported thing is. Faults: NotFound.
func subject(ctx context.Context, tx social.Tx, in In, o vocab.Item) (social.Subject, error) {
	if kind, target := named(in.Site, o.ID()); kind != "" {
		return social.Describe(ctx, tx, kind, target)
	}
	t, _, err := thing(ctx, tx, in, o)
	if err != nil {
		return social.Subject{}, err
	}
	if t.Release != "" {
		return social.Describe(ctx, tx, social.ARelease, string(t.Release))
	}
	c, err := commentAt(ctx, tx, in, o.ID())
	if err != nil {
		return social.Subject{}, err
	}
	return social.Describe(ctx, tx, social.AComment, string(c.ID))
}

// named is what of this node has an address of its own that says what it is, "" for any
// other: music has many, and comments are of other servers, too.
func named(s form.Site, at string) (social.Kind, string) {
	at = strings.TrimSuffix(at, "/note") // of a playlist and an event
	if act, ok := s.ActOf(at); ok {
		return social.AnAct, string(act)
	}
	if p, ok := s.PersonOf(at); ok {
		return social.APerson, string(p)
	}
	if l, ok := s.PlaylistOf(at); ok {
		return social.APlaylist, string(l)
	}
	if l, ok := s.LiveOf(at); ok {
		return social.ALive, string(l)
	}
	return "", ""
}

// unflag takes a report back that nobody has decided about.
func unflag(ctx context.Context, tx social.Tx, in In) ([]Out, error) {
	o, err := object(in)
	if err != nil {
		return nil, err
	}
	return nil, tx.DropReportBy(ctx, in.From.ID, o.ID())
}
