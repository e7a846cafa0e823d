package site

import (
	"cmp"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// HomePage is a listener's first page: their nine, as it stands.
type HomePage struct {
	web.Page
	Month    time.Time
	Days     int // of the month
	DaysLeft int // today not included
	Dial     web.Dial
	Nine     web.Nine
	Rows     []web.Row
	First    web.Row // who gets the most
	Heard    int64   // seconds, all acts
	Sum      money.Micro
	Keep     money.Micro // the node's part
	Pays     bool        // this month is paid: the sums are real
	Full     bool        // nine dollars are shared, not a part of a month
	Full9    bool        // all nine places are taken
	Free     int         // places that are not
	Next     ActCard     // who comes after the ninth
	Behind   int64       // seconds until it would overtake the ninth
	Live     []LiveLine  // of followed acts
	Followed []Sleeve
	Resume   []Stopped
	Newest   []Sleeve
}

// Stopped is a track somebody did not hear to its end.
type Stopped struct {
	Ref  web.TrackRef
	At   int64 // milliseconds
	Left int64 // milliseconds
}

// home is the first page: the landing for guests, the nine for listeners.
func (v *visit) home() error {
	if v.viewer.Account == "" {
		return v.landing()
	}
	now := v.site.Now().UTC()
	period := calendar.PeriodOf(now)
	p := &HomePage{Page: v.base("Your nine", web.NavNine), Month: period.Start(), Days: period.Days(), DaysLeft: period.Days() - now.Day(),
		Dial: web.Dial{Days: period.Days(), Today: now.Day()}}
	p.NoIndex = true
	if err := v.nine(p, period); err != nil {
		return err
	}
	if err := v.shelves(p); err != nil {
		return err
	}
	return v.show("home", p)
}

// nine fills the grid, the rows and the sums from the preview of the split.
func (v *visit) nine(p *HomePage, period calendar.Period) error {
	charge, err := v.site.Wallet.Charge(v.Context(), v.viewer.Account, period)
	if err != nil {
		return err
	}
	pot := charge.Pot
	if p.Pays = pot > 0; p.Pays {
		p.Keep = charge.Operator
	} else {
		pot, p.Keep = listen.FullPot, money.Price/money.OperatorPart
	}
	p.Full = pot == listen.FullPot
	n, cards, err := v.places(period, pot)
	if err != nil {
		return err
	}
	p.Heard = n.Totals.Seconds
	for _, place := range n.Places {
		c := cards[place.Act]
		p.Rows = append(p.Rows, web.Row{Rank: place.Rank, Name: c.Name, URL: c.URL, Fact: heard(place.Credit.Credit), Amount: place.Micro})
		p.Sum += place.Micro
	}
	p.Nine, p.Free = nineOf(n.Places, cards), 9-len(p.Rows)
	p.Full9 = p.Free == 0
	if len(n.Next) > 0 {
		p.Next, p.Behind = cards[n.Next[0].Act], int64(n.Behind) //nolint:gosec // seconds of a month
	}
	if len(p.Rows) > 0 {
		p.First, p.Accents = p.Rows[0], p.Nine.Cells[0].Cover.Accents
	}
	return nil
}

// places are the viewer's nine acts of a month, and who comes next.
func (v *visit) places(period calendar.Period, pot money.Micro) (listen.Nine, map[id.Act]ActCard, error) {
	n, err := v.site.Listen.Nine(v.Context(), v.viewer.Account, period, pot)
	if err != nil {
		return n, nil, err
	}
	ids := make([]id.Act, 0, len(n.Places)+1)
	for _, place := range n.Places {
		ids = append(ids, place.Act)
	}
	if len(n.Next) > 0 {
		ids = append(ids, n.Next[0].Act)
	}
	cards, err := v.acts(ids)
	return n, cards, err
}

func nineOf(places []listen.Place, cards map[id.Act]ActCard) web.Nine {
	nine := web.Nine{Label: "Your nine, by share"}
	for _, place := range places {
		c := cards[place.Act]
		nine.Cells = append(nine.Cells, web.Cell{Name: c.Name, URL: c.URL, Cover: c.Cover, Amount: place.Micro})
	}
	return nine
}

// shelves fills what lies under the nine.
func (v *visit) shelves(p *HomePage) error {
	ctx := v.Context()
	lives, err := v.site.Lives.Followed(ctx, v.viewer.Account)
	if err != nil {
		return err
	}
	if p.Live, err = v.liveLines(lives, true); err != nil {
		return err
	}
	news, err := v.site.Feed.News(ctx, v.ears(), music.Page{Limit: 6})
	if err != nil {
		return err
	}
	p.Followed = v.newsShelf(news.Rows)
	if err := v.stopped(p); err != nil {
		return err
	}
	newest, err := v.site.Catalogue.Releases(ctx, music.Filter{}, music.Page{Limit: 12})
	if err != nil {
		return err
	}
	p.Newest = shelf(newest.Rows)
	return nil
}

// stopped fills where the listener stopped, and what was to follow.
func (v *visit) stopped(p *HomePage) error {
	r, err := v.site.Library.Resume(v.Context(), v.ears())
	if fault.Is(err, fault.NotFound) || err == nil && r.Track == "" {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := v.site.Catalogue.TrackRows(v.Context(), []id.Track{r.Track})
	if err != nil {
		return err
	}
	if row, ok := rows[r.Track]; ok && r.PositionMS < row.DurationMS {
		p.Resume = append(p.Resume, Stopped{Ref: trackRef(&row), At: r.PositionMS, Left: row.DurationMS - r.PositionMS})
	}
	return nil
}

// LandingPage is what a guest sees first.
type LandingPage struct {
	web.Page
	Nine   web.Nine
	Month  time.Time      // the settled month whose nine these are; zero: the most played
	Payers uint32         // who gave it
	Sample []web.TrackRow // one track, to hear at once
	Newest []Sleeve
}

// popularTracks is how many of the most played tracks the node's nine is
// taken from.
const popularTracks = 100

func (v *visit) landing() error {
	p := &LandingPage{Page: v.base("", web.NavNine)}
	if done, err := v.site.Accounts.IsSetUp(v.Context()); err != nil {
		return err
	} else if !done {
		p.Notices = append(p.Notices, web.Notice{Text: "This node is not set up yet. Open the link that its terminal shows."})
	}
	v.public(&p.Page, "/", "Ten dollars a month: nine go to the nine acts you listened to most. You get a receipt that you can check yourself.", web.Cover{})
	tracks, err := v.site.Catalogue.Tracks(v.Context(), music.Filter{Order: music.Popular}, music.Page{Limit: popularTracks})
	if err != nil {
		return err
	}
	if err := v.nodeNine(p, tracks.Rows); err != nil {
		return err
	}
	if one := sample(tracks.Rows); one != nil {
		p.Sample = trackRows(one, nil)
		p.Accents = p.Sample[0].Ref.Accents
	}
	newest, err := v.site.Catalogue.Releases(v.Context(), music.Filter{}, music.Page{Limit: 6})
	if err != nil {
		return err
	}
	p.Newest = shelf(newest.Rows)
	return v.show("landing", p)
}

// sample is the most played track that is as long as a song, else the longest.
func sample(rows []music.TrackRow) []music.TrackRow {
	best := -1
	for i, r := range rows {
		if r.DurationMS >= 90_000 {
			return rows[i : i+1]
		}
		if best < 0 || r.DurationMS > rows[best].DurationMS {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return rows[best : best+1]
}

// nodeNine is the node's own nine: those of the newest settled month with
// what they were given, before that the most played.
func (v *visit) nodeNine(p *LandingPage, rows []music.TrackRow) error {
	chart, err := v.site.Report.Chart(v.Context())
	if err != nil {
		return err
	}
	if len(chart.Lines) == 0 {
		return v.mostPlayed(&p.Nine, rows)
	}
	ids := make([]id.Act, len(chart.Lines))
	for i, l := range chart.Lines {
		ids[i] = l.Act
	}
	cards, err := v.acts(ids)
	if err != nil {
		return err
	}
	p.Month, p.Payers = chart.Period.Start(), chart.Payers
	p.Nine.Label, p.Nine.Whole = "The node’s nine, by what they were given", true
	for _, l := range chart.Lines {
		c := cards[l.Act]
		p.Nine.Cells = append(p.Nine.Cells, web.Cell{Name: c.Name, URL: c.URL, Cover: c.Cover, Amount: l.Micro})
	}
	return nil
}

// mostPlayed makes a nine of tracks: the acts with the most counted plays
// among them, each as lit as its plays.
func (v *visit) mostPlayed(n *web.Nine, rows []music.TrackRow) error {
	plays := map[id.Act]int64{}
	var ids []id.Act
	for _, r := range rows {
		if _, known := plays[r.Act]; !known {
			ids = append(ids, r.Act)
		}
		plays[r.Act] += r.Key
	}
	slices.SortStableFunc(ids, func(a, b id.Act) int { return cmp.Compare(plays[b], plays[a]) })
	ids = ids[:min(9, len(ids))]
	cards, err := v.acts(ids)
	if err != nil {
		return err
	}
	n.Label, n.Small = "The most played acts", true
	for _, a := range ids {
		c := cards[a]
		n.Cells = append(n.Cells, web.Cell{Name: c.Name, URL: c.URL, Cover: c.Cover, Amount: money.Micro(plays[a])})
	}
	return nil
}
