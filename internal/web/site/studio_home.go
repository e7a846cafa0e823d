package site

import (
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// ActHomePage is where an act moves here from another server, or away.
type ActHomePage struct {
	web.Page
	ID, Name string
	Here     string // the address of its document, which the other server wants
	Handle   string // with the host
	Moved    music.Location
	Since    time.Time
	Until    time.Time // before which it cannot move again, zero: it can
	Known    []web.Field
	Away     []web.Field
}

func (v *visit) actHomePage() (*ActHomePage, error) {
	full, err := v.ownAct()
	if err != nil {
		return nil, err
	}
	if v.site.Elsewhere == nil {
		return nil, fault.New(fault.NotFound, "This node does not federate.")
	}
	h, err := v.site.Elsewhere.HomeOf(v.Context(), v.ears(), full.Act.ID)
	if err != nil {
		return nil, err
	}
	p := &ActHomePage{Page: v.named(full.Act.Name, web.NavStudio), ID: string(full.Act.ID), Name: full.Act.Name, Handle: "@" + full.Act.Handle + "@" + v.site.host(), Moved: h.Moved, Since: h.At}
	p.NoIndex, p.Here = true, strings.TrimSuffix(v.site.BaseURL, "/")+"/ap/acts/"+p.ID
	if until := h.At.Add(social.Settled); !h.At.IsZero() && v.site.Now().Before(until) {
		p.Until = until
	}
	var known []string
	for _, a := range h.Known {
		known = append(known, "@"+a.Handle)
	}
	p.Known = []web.Field{{Name: "addresses", Label: "Its addresses on other servers", Type: "textarea", Value: strings.Join(known, "\n"), Help: "One a line: @act@social.example", Wide: true}}
	p.Away = []web.Field{
		{Name: "to", Label: "Its new address", Help: "Such as @act@social.example", Required: true, MaxLength: 400},
		{Name: "password", Label: "Your password", Type: "password", Required: true, Autocomplete: "current-password"},
	}
	return p, nil
}

func (v *visit) actHome() error {
	p, err := v.actHomePage()
	if err != nil {
		return err
	}
	return v.show("studio-home", p)
}

// moveAct says where else an act is known, moves it away, or back.
func (v *visit) moveAct() error {
	p, err := v.actHomePage()
	if err != nil {
		return err
	}
	act, fields, said := id.Act(p.ID), p.Known, "Saved."
	switch v.form.Get("do") {
	case "move":
		fields, said = p.Away, "It has moved. Its followers are told."
		if err = v.site.Accounts.Sure(v.Context(), v.viewer, v.form.Get("password")); err == nil {
			err = v.site.Elsewhere.MoveAway(v.Context(), v.ears(), act, v.form.Get("to"))
		}
	case "return":
		said = "It is here again."
		err = v.site.Elsewhere.ComeBack(v.Context(), v.ears(), act)
	default:
		err = v.site.Elsewhere.SetKnown(v.Context(), v.ears(), act, strings.Fields(v.form.Get("addresses")))
	}
	if err != nil {
		return v.again(err, "studio-home", p, v.fill(fields))
	}
	return v.goTo("/studio/act/"+p.ID+"/home", v.words(said))
}
