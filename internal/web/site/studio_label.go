package site

import (
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// SignedLine is an act of a label, or a label of an act.
type SignedLine struct {
	ID, Name, URL string
	Agreed        bool
}

func signedLines(list []music.Signed) (out []SignedLine) {
	for _, x := range list {
		out = append(out, SignedLine{string(x.Row.ID), x.Row.Name, "/act/" + x.Row.Handle, x.Agreed})
	}
	return out
}

func askFields() []web.Field {
	return []web.Field{{Name: "act", ID: "b-act", Label: "Act, by its name in addresses", Required: true, MaxLength: 60}}
}

// labelPart fills who is on a label, or on which labels an act is.
func (v *visit) labelPart(p *StudioActPage, a *music.Act) error {
	of := v.site.Studio.Labels
	if p.Label = a.Label; p.Label {
		of, p.Ask = v.site.Studio.Roster, askFields()
	}
	list, err := of(v.Context(), v.ears(), a.ID)
	p.Signed = signedLines(list)
	return err
}

// actLabel has an act and a label find each other, or part.
func (v *visit) actLabel() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	act, said := full.Act.ID, "Saved."
	var other id.Act
	if v.form.Get("do") != "ask" {
		if other, err = id.Parse[id.Act](v.form.Get("other")); err != nil {
			return err
		}
	}
	switch v.form.Get("do") {
	case "ask":
		err, said = v.site.Studio.AskAct(v.Context(), v.ears(), act, v.form.Get("act")), "Asked. The owners of the act agree in their studio; your own is on the label at once."
	case "join":
		err = v.site.Studio.JoinLabel(v.Context(), v.ears(), act, other)
	case "end":
		if full.Act.Label {
			act, other = other, act
		}
		err = v.site.Studio.EndLabel(v.Context(), v.ears(), act, other)
	default:
		err = fault.New(fault.Invalid, "That is nothing to do with a label.")
	}
	if err != nil {
		return v.actAgain(err, func(p *StudioActPage) []web.Field { return v.fill(p.Ask) })
	}
	return v.goTo("/studio/act/"+string(full.Act.ID), said)
}
