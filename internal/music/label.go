package music

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Signing says that an act is on a label, or is asked to be. A label is an [Act] that
// publishes nothing itself: what its acts publish under its name is what it has.
type Signing struct {
	Label, Act id.Act
	Agreed     bool // the act has said yes
	Since      time.Time
}

// Bounds of labels.
const (
	rosterMax   = 200 // acts that a label has or asks
	labelsMax   = 20  // labels that an act is on or is asked by
	labelledMax = 500 // releases that a label's page looks at
)

// names reports whether what a release says of its label is a label's name.
func (a *Act) names(label string) bool {
	return a.Label && label != "" && strings.Join(Terms(label), " ") == strings.Join(Terms(a.Name), " ")
}

// A Signed act is one end of a [Signing] with the name of the other.
type Signed struct {
	Row    ActRow
	Agreed bool
	Since  time.Time
}

// Labels of an act, those that ask it too. Needs an editor of the act.
func (s *Studio) Labels(ctx context.Context, v Viewer, a id.Act) (out []Signed, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		if err := may(ctx, tx, v, a, Editor); err != nil {
			return err
		}
		list, err := tx.LabelsOf(ctx, a)
		if err != nil {
			return err
		}
		out, err = signed(ctx, tx, list, func(x *Signing) id.Act { return x.Label })
		return err
	})
	return out, err
}

// Roster is the acts of a label, those it asks too. Needs an editor of the label.
func (s *Studio) Roster(ctx context.Context, v Viewer, label id.Act) (out []Signed, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		if err := may(ctx, tx, v, label, Editor); err != nil {
			return err
		}
		list, err := tx.Roster(ctx, label)
		if err != nil {
			return err
		}
		out, err = signed(ctx, tx, list, func(x *Signing) id.Act { return x.Act })
		return err
	})
	return out, err
}

// signed names one end of each signing.
func signed(ctx context.Context, tx Tx, list []Signing, end func(*Signing) id.Act) ([]Signed, error) {
	ids := make([]id.Act, len(list))
	for i := range list {
		ids[i] = end(&list[i])
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := tx.ActNames(ctx, ids)
	out := make([]Signed, len(list))
	for i := range list {
		out[i] = Signed{rows[ids[i]], list[i].Agreed, list[i].Since}
	}
	return out, err
}

// AskAct has a label ask an act of this node to be on it. Needs an owner of the label.
// Who owns both agrees with that. Besides the common faults: Invalid for what cannot be
// asked, Conflict for one that is asked or on it.
func (s *Studio) AskAct(ctx context.Context, v Viewer, label id.Act, handle string) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		l, err := tx.Act(ctx, label)
		if err != nil {
			return unknown(err, noAct)
		}
		if err := may(ctx, tx, v, label, Owner); err != nil {
			return err
		}
		a, err := tx.ActByHandle(ctx, strings.ToLower(strings.TrimPrefix(strings.TrimSpace(handle), "@")))
		if fault.Is(err, fault.NotFound) {
			return fault.On("act", fault.Invalid, "No act here is called %q.", cut(handle, 60))
		}
		if err != nil {
			return err
		}
		if !l.Label || a.Label {
			return fault.On("act", fault.Invalid, "Only acts are on labels.")
		}
		roster, err := tx.Roster(ctx, label)
		if err != nil {
			return err
		}
		labels, err := tx.LabelsOf(ctx, a.ID)
		if err != nil {
			return err
		}
		for _, x := range roster {
			if x.Act == a.ID {
				return fault.On("act", fault.Conflict, "The act is on this label, or is asked already.")
			}
		}
		if len(roster) >= rosterMax || len(labels) >= labelsMax {
			return fault.On("act", fault.Conflict, "A label has or asks at most %d acts, and an act is on or asked by at most %d labels.", rosterMax, labelsMax)
		}
		both, err := role(ctx, tx, v, a.ID)
		if err != nil {
			return err
		}
		if err := tx.PutSigning(ctx, Signing{Label: label, Act: a.ID, Agreed: both == Owner}); err != nil {
			return err
		}
		if err := tellLabel(ctx, tx, label, a.ID); err != nil {
			return err
		}
		step := notice.Asked
		if both == Owner {
			step = notice.Joined
		}
		if err := tellOwners(ctx, tx, v, label, a.ID, step); err != nil {
			return err
		}
		return tx.Audit(ctx, v.actor(), "label.ask", string(label), string(a.ID))
	})
}

// JoinLabel has an act agree to be on a label that asks it. Needs an owner of the act.
// Besides the common faults: NotFound when it is not asked.
func (s *Studio) JoinLabel(ctx context.Context, v Viewer, a, label id.Act) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		if err := may(ctx, tx, v, a, Owner); err != nil {
			return err
		}
		labels, err := tx.LabelsOf(ctx, a)
		if err != nil {
			return err
		}
		for _, x := range labels {
			if x.Label != label {
				continue
			}
			if x.Agreed {
				return nil
			}
			if err := tx.PutSigning(ctx, Signing{Label: label, Act: a, Agreed: true}); err != nil {
				return err
			}
			if err := tellLabel(ctx, tx, label, a); err != nil {
				return err
			}
			if err := tellOwners(ctx, tx, v, label, a, notice.Joined); err != nil {
				return err
			}
			return tx.Audit(ctx, v.actor(), "label.join", string(label), string(a))
		}
		return fault.New(fault.NotFound, "The act is not on this label, nor asked to be.")
	})
}

// EndLabel has an act be on a label no longer, or not be asked. Needs an owner of one of
// them. Besides the common faults: NotFound.
func (s *Studio) EndLabel(ctx context.Context, v Viewer, a, label id.Act) error {
	return s.Store.Update(ctx, func(tx Tx) error {
		step := notice.Declined
		if err := may(ctx, tx, v, a, Owner); err != nil {
			if err := may(ctx, tx, v, label, Owner); err != nil {
				return err
			}
			step = "" // the label asks no more
		}
		was, err := agreed(ctx, tx, a, label)
		if err != nil {
			return err
		}
		if was {
			step = notice.Parted
		}
		if err := tx.DropSigning(ctx, label, a); err != nil {
			return err
		}
		if err := tellLabel(ctx, tx, label, a); err != nil {
			return err
		}
		if err := tellOwners(ctx, tx, v, label, a, step); err != nil {
			return err
		}
		return tx.Audit(ctx, v.actor(), "label.end", string(label), string(a))
	})
}

// tellOwners tells who owns a label and an act what became of one's being on the other, in
// place of what they were told before; "" is nothing any more.
func tellOwners(ctx context.Context, tx Tx, v Viewer, label, act id.Act, step notice.Step) error {
	c := notice.Cause{Kind: notice.Label, Act: act, Label: label, Step: step, Person: v.Account}
	if err := tx.Untell(ctx, c); err != nil || step == "" {
		return err
	}
	return tx.Tell(ctx, c)
}

// tellLabel has followers of a label be told of an act's releases, as it is by then.
func tellLabel(ctx context.Context, tx Tx, label, act id.Act) error {
	rows, err := tx.ReleaseList(ctx, Filter{Act: act}, begin(), mostTold)
	for i := range rows {
		if err := tell(ctx, tx, "label", string(label)+" "+string(rows[i].ID)); err != nil {
			return err
		}
	}
	return err
}

// tellRelease has other servers be told of a release: followers of its act, and of the
// labels the act is on.
func tellRelease(ctx context.Context, tx Tx, r *Release) error {
	labels, err := tx.LabelsOf(ctx, r.Act)
	if err != nil {
		return err
	}
	for _, l := range labels {
		if err := tell(ctx, tx, "label", string(l.Label)+" "+string(r.ID)); err != nil {
			return err
		}
	}
	return tell(ctx, tx, "release", string(r.ID))
}

// retitleLabel has the followers of a label that is called otherwise be told of what
// names it, and of what does so no longer.
func retitleLabel(ctx context.Context, tx Tx, label id.Act) error {
	roster, err := tx.Roster(ctx, label)
	for _, x := range roster {
		if err := tellLabel(ctx, tx, label, x.Act); err != nil {
			return err
		}
	}
	return err
}

// OnLabel reports whether a release is of a label: public, of an act that agreed to be on
// it, and naming it. Faults: NotFound for no label.
func (c *Catalogue) OnLabel(ctx context.Context, label id.Act, r id.Release) (on bool, act id.Act, err error) {
	err = c.Store.View(ctx, func(tx Tx) error {
		l, err := tx.Act(ctx, label)
		if err != nil {
			return unknown(err, noAct)
		}
		rel, err := tx.Release(ctx, r)
		if err != nil {
			return unknown(err, noRelease)
		}
		act = rel.Act
		if rel.State != Published || !l.names(rel.Facts.Label) {
			return nil
		}
		on, err = agreed(ctx, tx, act, label)
		return err
	})
	return on, act, err
}

func agreed(ctx context.Context, tx Tx, act, label id.Act) (bool, error) {
	labels, err := tx.LabelsOf(ctx, act)
	for _, x := range labels {
		if x.Label == label {
			return x.Agreed, nil
		}
	}
	return false, err
}

// LabelOf is the label of this node that a release names and its act is on, with an empty
// id where there is none.
func (c *Catalogue) LabelOf(ctx context.Context, r *Release) (row ActRow, err error) {
	if r.Facts.Label == "" {
		return row, nil
	}
	err = c.Store.View(ctx, func(tx Tx) error {
		labels, err := tx.LabelsOf(ctx, r.Act)
		for _, x := range labels {
			l, err := tx.Act(ctx, x.Label)
			if err != nil {
				return err
			}
			if x.Agreed && l.names(r.Facts.Label) {
				row = l.row()
			}
		}
		return err
	})
	return row, err
}

// LabelPage is what a label shows: its acts by when they came, and what they published
// under its name, the newest first.
func (c *Catalogue) LabelPage(ctx context.Context, l *Act) (acts []ActRow, releases []ReleaseRow, err error) {
	err = c.Store.View(ctx, func(tx Tx) error {
		roster, err := tx.Roster(ctx, l.ID)
		if err != nil {
			return err
		}
		list, err := signed(ctx, tx, roster, func(x *Signing) id.Act { return x.Act })
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.Agreed {
				acts = append(acts, x.Row)
			}
		}
		rows, names, err := tx.LabelReleases(ctx, l.ID, labelledMax)
		for i := range rows {
			if l.names(names[i]) {
				releases = append(releases, rows[i])
			}
		}
		return err
	})
	return acts, releases, err
}
