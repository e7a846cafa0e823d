package api

import (
	"context"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// studioOp is an operation of the studio.
func studioOp(method, path, name, summary string) operation {
	o := operation{method: method, path: "/studio" + path, id: name, tag: "Studio", scope: account.ScopeStudio, summary: summary}
	if method == http.MethodPost {
		o.status = http.StatusCreated
	}
	return o
}

func (a *API) studio(r *router) {
	open := studioOp(http.MethodPost, "", "open-studio", "Open a studio for this account")
	open.status, open.session = http.StatusNoContent, true
	add(r, open, a.openStudio)
	createAct := studioOp(http.MethodPost, "/acts", "make-act", "Make an act")
	createAct.role = account.Artist
	add(r, studioOp(http.MethodGet, "/acts", "list-own-acts", "Acts you have a part in"), a.ownActs)
	add(r, createAct, a.createAct)
	add(r, studioOp(http.MethodPatch, "/acts/{act}", "edit-act", "Change what an act says of itself"), a.editAct)
	add(r, studioOp(http.MethodGet, "/acts/{act}/people", "list-act-people", "Who may act for the act"), a.actPeople)
	add(r, studioOp(http.MethodPut, "/acts/{act}/people/{handle}", "set-act-role", "Give somebody a role"), a.giveRole)
	add(r, studioOp(http.MethodDelete, "/acts/{act}/people/{handle}", "take-act-role", "Take somebody's role"), a.takeRole)
	add(r, studioOp(http.MethodGet, "/acts/{act}/wallets", "get-act-wallets", "How the act's money is divided inside it"), a.wallets)
	add(r, studioOp(http.MethodPut, "/acts/{act}/wallets", "set-act-wallets", "Divide the act's money"), a.setWallets)
	a.studioLabels(r)
	a.studioDesk(r)
	a.studioReleases(r)
	a.studioTracks(r)
}

func (a *API) openStudio(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.Accounts.OpenStudio(ctx, account.From(ctx))
}

// ActFacts is what an act says of itself. What is not given stays.
type ActFacts struct {
	Handle  *string         `json:"handle,omitempty" doc:"Part of addresses; made from the name when a new act has none"`
	Name    *string         `json:"name,omitempty"`
	Bio     *string         `json:"bio,omitempty"`
	Place   *string         `json:"place,omitempty"`
	Aliases *[]string       `json:"aliases,omitempty"`
	Members *[]music.Member `json:"members,omitempty"`
	Links   *[]music.Link   `json:"links,omitempty"`
}

func (f *ActFacts) apply(a *music.Act) {
	set(&a.Handle, f.Handle)
	set(&a.Name, f.Name)
	set(&a.Bio, f.Bio)
	set(&a.Place, f.Place)
	set(&a.Aliases, f.Aliases)
	set(&a.Members, f.Members)
	set(&a.Links, f.Links)
}

// NewAct is an act to be made.
type NewAct struct {
	ActFacts
	Label bool `json:"label,omitempty" doc:"It is a label: it publishes nothing itself, and has acts. It stays one"`
}

type createActInput struct{ Body NewAct }

type editActInput struct {
	ActRef
	Body ActFacts
}

func (r ActRef) id() (id.Act, error) { return id.Parse[id.Act](r.Act) }

func (a *API) ownActs(ctx context.Context, _ *struct{}) (*output[[]Act], error) {
	acts, err := a.Studio.Acts(ctx, mover(ctx))
	if err != nil {
		return nil, err
	}
	return reply(each(acts, func(o *music.OwnAct) Act {
		out := actOf(&o.Act)
		out.Role = string(o.Role)
		return out
	}))
}

func (a *API) createAct(ctx context.Context, in *createActInput) (*output[Act], error) {
	var act music.Act
	in.Body.apply(&act)
	act.Label = in.Body.Label
	act, err := a.Studio.CreateAct(ctx, mover(ctx), act)
	if err != nil {
		return nil, err
	}
	out := actOf(&act)
	out.Role = string(music.Owner)
	return reply(out)
}

func (a *API) editAct(ctx context.Context, in *editActInput) (*output[Act], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	done, err := a.Studio.EditAct(ctx, mover(ctx), act, in.Body.apply)
	if err != nil {
		return nil, err
	}
	return reply(actOf(&done))
}

// ActPerson is somebody with a role in an act.
type ActPerson struct {
	Handle string    `json:"handle"`
	Name   string    `json:"name"`
	Role   string    `json:"role" doc:"editor uploads and edits; owner does everything"`
	Since  time.Time `json:"since"`
}

// PersonRef names somebody in an act.
type PersonRef struct {
	ActRef
	Handle string `path:"handle" doc:"Of the account"`
}

type roleInput struct {
	PersonRef
	Body struct {
		Role string `json:"role" enum:"editor,owner"`
	}
}

func (a *API) actPeople(ctx context.Context, in *ActRef) (*output[[]ActPerson], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	places, err := a.Studio.People(ctx, mover(ctx), act)
	if err != nil {
		return nil, err
	}
	out := make([]ActPerson, len(places))
	for i, p := range places {
		who, err := a.Accounts.Account(ctx, p.Account)
		if err != nil {
			return nil, err
		}
		out[i] = ActPerson{who.Handle, who.Name, string(p.Role), p.Since}
	}
	return reply(out)
}

func (a *API) setRole(ctx context.Context, in *PersonRef, role music.Role) error {
	act, err := in.id()
	if err != nil {
		return err
	}
	who, err := a.Accounts.ByHandle(ctx, in.Handle)
	if err != nil {
		return err
	}
	return a.Studio.SetRole(ctx, mover(ctx), act, who.ID, role)
}

func (a *API) giveRole(ctx context.Context, in *roleInput) (*struct{}, error) {
	return nil, a.setRole(ctx, &in.PersonRef, music.Role(in.Body.Role))
}

func (a *API) takeRole(ctx context.Context, in *PersonRef) (*struct{}, error) {
	return nil, a.setRole(ctx, in, music.NoRole)
}

// Wallet is one line of how an act's money is divided inside it.
type Wallet struct {
	Name    string `json:"name" doc:"The person or label"`
	Address string `json:"address" doc:"0x and 40 hex digits, checksummed (EIP-55)"`
	BPS     int64  `json:"bps" doc:"Basis points; all lines sum to 10000"`
}

type walletsInput struct {
	ActRef
	Body struct {
		Wallets []Wallet `json:"wallets" doc:"Empty takes the sheet away"`
	}
}

func (a *API) wallets(ctx context.Context, in *ActRef) (*output[[]Wallet], error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	sheet, err := a.Studio.Wallets(ctx, mover(ctx), act)
	if err != nil {
		return nil, err
	}
	return reply(each(sheet, func(w *music.Wallet) Wallet { return Wallet{w.Name, w.Address, w.Bps} }))
}

func (a *API) setWallets(ctx context.Context, in *walletsInput) (*struct{}, error) {
	act, err := in.id()
	if err != nil {
		return nil, err
	}
	sheet := each(in.Body.Wallets, func(w *Wallet) music.Wallet { return music.Wallet{Name: w.Name, Address: w.Address, Bps: w.BPS} })
	return nil, a.Studio.SetWallets(ctx, mover(ctx), act, sheet)
}
