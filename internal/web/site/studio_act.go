package site

import (
	"strconv"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// StudioActPage is where an act is edited: what it says of itself, who works
// for it, how its money is divided, which credits it is asked to agree to.
type StudioActPage struct {
	web.Page
	ID, Handle, Name string
	Owner            bool
	Cover            web.Cover
	Fields           []web.Field
	Wallets          []WalletRow
	WalletError      string
	People           []PlaceLine
	Place            []web.Field
	Waiting          []WaitingLine
	Talk             []web.Field // who may do what with it
	Federates        bool        // it may move
	Live             []LiveLine
	LiveFields       []web.Field
	Label            bool
	Signed           []SignedLine // of a label its acts, of an act its labels
	Ask              []web.Field  // of a label
}

// WalletRow is one line of the wallets sheet, as written.
type WalletRow struct{ Name, Address, Percent string }

// PlaceLine is one person of an act.
type PlaceLine struct {
	Account, Handle, Name, Role string
	Self                        bool
}

// WaitingLine is a credit sheet that the act is asked to confirm.
type WaitingLine struct {
	Track, Version, Title, Release, By string
	Shares                             []ShareLine
}

// placeWords are the roles in an act for people.
var placeWords = map[music.Role]string{music.Owner: "Owner", music.Editor: "Editor"}

// spareRows are the empty lines that tables of a form end with.
const spareRows = 2

func actEditFields(a *music.Act) []web.Field {
	about := "About the act"
	if a.Label {
		about = "About the label"
	}
	var members, links []string
	for _, m := range a.Members {
		members = append(members, strings.TrimSuffix(m.Name+": "+m.Role, ": "))
	}
	for _, l := range a.Links {
		links = append(links, strings.TrimSpace(l.Label+" "+l.URL))
	}
	return []web.Field{
		{Name: "name", Label: "Name", Value: a.Name, Required: true, MaxLength: 200},
		{Name: "handle", Label: "Name in addresses", Value: a.Handle, Help: "Letters a to z, digits and hyphens. Old links stop working when it changes.", Required: true, MaxLength: 32},
		{Name: "place", Label: "Where you are from", Value: a.Place, MaxLength: 200},
		{Name: "aliases", Label: "Other names", Value: strings.Join(a.Aliases, ", "), Help: "Separated by commas."},
		{Name: "bio", Label: about, Type: "textarea", Value: a.Bio, Wide: true},
		{Name: "members", Label: "Members", Type: "textarea", Value: strings.Join(members, "\n"), Help: "One a line: Maren Okafor: piano"},
		{Name: "links", Label: "Links", Type: "textarea", Value: strings.Join(links, "\n"), Help: "One a line: Website https://example.org"},
	}
}

func placeFields() []web.Field {
	return []web.Field{
		{Name: "handle", ID: "l-handle", Label: "User name on this node", Required: true, MaxLength: 60},
		{Name: "role", ID: "l-role", Label: "Role", Type: "select", Value: string(music.Editor), Options: []web.Option{{Value: string(music.Editor), Label: "Editor: uploads and edits"}, {Value: string(music.Owner), Label: "Owner: also publishes, agrees to credits, and changes this page"}}},
	}
}

func (v *visit) actEditorPage() (*StudioActPage, error) {
	full, err := v.ownAct()
	if err != nil {
		return nil, err
	}
	a := full.Act
	p := &StudioActPage{Page: v.named(a.Name, web.NavStudio), ID: string(a.ID), Handle: a.Handle, Name: a.Name, Owner: full.Role == music.Owner, Cover: sleeve(a.Cover), Fields: actEditFields(&a), Place: placeFields()}
	p.Federates = v.site.Elsewhere != nil
	p.NoIndex, p.Scripts, p.Accents = true, []string{"studio.js"}, p.Cover.Accents
	if p.Talk, err = v.talkFields(a.ID, ""); err != nil {
		return nil, err
	}
	places, err := v.site.Studio.People(v.Context(), v.ears(), a.ID)
	if err != nil {
		return nil, err
	}
	for _, x := range places {
		person, err := v.site.Accounts.Account(v.Context(), x.Account)
		if err != nil {
			return nil, err
		}
		p.People = append(p.People, PlaceLine{Account: string(x.Account), Handle: person.Handle, Name: person.Name, Role: placeWords[x.Role], Self: x.Account == v.viewer.Account})
	}
	if p.Live, err = v.livesOf(a.ID, ""); err != nil {
		return nil, err
	}
	if err := v.labelPart(p, &a); err != nil {
		return nil, err
	}
	if p.Owner {
		p.LiveFields = liveFields()
		err = v.ownersPart(p, a.ID)
	}
	return p, err
}

// ownersPart fills what only owners see.
func (v *visit) ownersPart(p *StudioActPage, act id.Act) error {
	sheet, err := v.site.Studio.Wallets(v.Context(), v.ears(), act)
	if err != nil {
		return err
	}
	for _, w := range sheet {
		p.Wallets = append(p.Wallets, WalletRow{Name: w.Name, Address: w.Address, Percent: percent(w.Bps)})
	}
	p.Wallets = append(p.Wallets, make([]WalletRow, spareRows)...)
	waiting, err := v.site.Studio.Waiting(v.Context(), v.ears(), act)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		p.Waiting = append(p.Waiting, WaitingLine{
			Track: string(w.Track.ID), Version: strconv.FormatInt(w.Sheet.Version, 10), Title: w.Track.Title,
			Release: w.Release.Facts.Title, By: w.Release.Facts.Artist, Shares: shareLines(w.Sheet.Shares, w.Names),
		})
	}
	return nil
}

// shareLines are the shares of a sheet with the acts' names.
func shareLines(shares []music.Share, names map[id.Act]music.ActRow) (out []ShareLine) {
	for _, s := range shares {
		l := ShareLine{Name: string(s.Act), Percent: percent(s.Bps), Confirmed: s.Confirmed}
		if n, ok := names[s.Act]; ok {
			l.Name, l.URL = n.Name, "/act/"+n.Handle
		}
		out = append(out, l)
	}
	return out
}

func (v *visit) actEditor() error {
	p, err := v.actEditorPage()
	if err != nil {
		return err
	}
	return v.show("studio-act", p)
}

// actAgain shows the page once more; fix writes into it what was sent.
func (v *visit) actAgain(err error, fix func(*StudioActPage) []web.Field) error {
	p, perr := v.actEditorPage()
	if perr != nil {
		return perr
	}
	return v.again(err, "studio-act", p, fix(p))
}

func (v *visit) editAct() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	f := v.form
	_, err = v.site.Studio.EditAct(v.Context(), v.ears(), full.Act.ID, func(a *music.Act) {
		a.Name, a.Handle, a.Place, a.Bio = f.Get("name"), f.Get("handle"), f.Get("place"), f.Get("bio")
		a.Aliases, a.Members, a.Links = commas(f.Get("aliases")), members(f.Get("members")), links(f.Get("links"))
	})
	if err != nil {
		return v.actAgain(err, func(p *StudioActPage) []web.Field { return v.fill(p.Fields) })
	}
	return v.goTo("/studio/act/"+string(full.Act.ID), "Saved.")
}

// commas splits a list that people wrote with commas; empty places are left out.
func commas(s string) (out []string) {
	for x := range strings.SplitSeq(s, ",") {
		if x = strings.TrimSpace(x); x != "" {
			out = append(out, x)
		}
	}
	return out
}

// members reads "Name: what they do", one a line.
func members(s string) (out []music.Member) {
	for line := range strings.Lines(s) {
		name, role, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name != "" || role != "" {
			out = append(out, music.Member{Name: strings.TrimSpace(name), Role: strings.TrimSpace(role)})
		}
	}
	return out
}

// links reads "Label https://address", one a line.
func links(s string) (out []music.Link) {
	for line := range strings.Lines(s) {
		words := strings.Fields(line)
		if len(words) > 0 {
			last := len(words) - 1
			out = append(out, music.Link{Label: strings.TrimSuffix(strings.Join(words[:last], " "), ":"), URL: words[last]})
		}
	}
	return out
}

// basisPoints reads what [percent] writes, with a comma or a point.
func basisPoints(field, s string) (int64, error) {
	bad := fault.On(field, fault.Invalid, "%q is no share: write per cents like 50 or 33.33.", s)
	clean := strings.ReplaceAll(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "%")), ",", ".")
	whole, part, point := strings.Cut(clean, ".")
	if point && part == "" || len(part) > 2 || len(whole) > 3 || whole == "" {
		return 0, bad
	}
	n, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 32)
	if err != nil {
		return 0, bad
	}
	return int64(n), nil
}

func (v *visit) editWallets() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	rows := v.walletRows()
	var sheet []music.Wallet
	for _, r := range rows {
		bps, perr := basisPoints("wallets", r.Percent)
		if perr != nil {
			err = perr
			break
		}
		sheet = append(sheet, music.Wallet{Name: r.Name, Address: r.Address, Bps: bps})
	}
	if err == nil {
		err = v.site.Studio.SetWallets(v.Context(), v.ears(), full.Act.ID, sheet)
	}
	if err != nil {
		return v.actAgain(err, func(p *StudioActPage) []web.Field {
			p.Wallets = append(rows, make([]WalletRow, spareRows)...)
			if fault.Field(err) != "wallets" {
				return nil
			}
			p.WalletError = v.why(err)
			return []web.Field{{Name: "wallets"}} // the sentence stands in the table
		})
	}
	return v.goTo("/studio/act/"+string(full.Act.ID), "Saved. It holds from the next payout on.")
}

// walletRows are the lines of the sheet that have something in them.
func (v *visit) walletRows() (rows []WalletRow) {
	at := func(name string, i int) string {
		if list := v.form[name]; i < len(list) {
			return strings.TrimSpace(list[i])
		}
		return ""
	}
	for i := range v.form["wallet"] {
		if r := (WalletRow{at("wallet", i), at("address", i), at("percent", i)}); r != (WalletRow{}) {
			rows = append(rows, r)
		}
	}
	return rows
}

func (v *visit) editPlaces() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	who, role := id.Account(v.form.Get("account")), music.NoRole
	if v.form.Get("do") == "add" {
		person, ferr := v.site.Accounts.ByHandle(v.Context(), v.form.Get("handle"))
		if fault.Is(ferr, fault.NotFound) {
			ferr = fault.On("handle", fault.Invalid, "Nobody here is called %q.", v.form.Get("handle"))
		}
		who, role, err = person.ID, music.Role(v.form.Get("role")), ferr
		if err == nil && role == music.NoRole {
			err = fault.On("role", fault.Invalid, "A role is owner or editor.")
		}
	}
	if err == nil {
		err = v.site.Studio.SetRole(v.Context(), v.ears(), full.Act.ID, who, role)
	}
	if err != nil {
		return v.actAgain(err, func(p *StudioActPage) []web.Field {
			if v.form.Get("do") == "add" {
				v.fill(p.Place)
			}
			return p.Place
		})
	}
	if who == v.viewer.Account && role == music.NoRole {
		return v.goTo("/studio", v.say("You do not work for %s any more.", full.Act.Name))
	}
	return v.goTo("/studio/act/"+string(full.Act.ID), "Saved. Whoever works for an act earns it nothing by listening.")
}

// answerSheet agrees to a credit sheet for the act, or declines it.
func (v *visit) answerSheet() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	track, err := id.Parse[id.Track](v.form.Get("track"))
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(v.form.Get("version"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "That is no version of a credit sheet.")
	}
	yes := v.form.Get("answer") == "yes"
	if _, err := v.site.Studio.Answer(v.Context(), v.ears(), track, version, full.Act.ID, yes); err != nil {
		return v.actAgain(err, func(*StudioActPage) []web.Field { return nil })
	}
	said := "Declined. The sheet before it stays."
	if yes {
		said = "Agreed."
	}
	return v.goTo("/studio/act/"+string(full.Act.ID), said)
}
