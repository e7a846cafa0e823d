package web

import (
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/money"
)

// KitPage shows every part once, in the states that the pages do not show.
type KitPage struct {
	Page
	Nine, Even, Few Nine
	Rows            []Row
	Tracks          []TrackRow
	Shelf           []Card
	Wave            TrackRef
	Dial, Calendar  Dial
	Chain           []Link
	Fields          []Field
	Notes           []Notice
	Meters          []Meter
	Empty           Empty
	Micro           money.Micro
	At              time.Time
	Bars            []int
}

// NewKit fills the kit with invented music. covers are ids under /covers/
// with their accents, at least nine of them, or none to see empty sleeves.
func NewKit(base Page, covers []Cover) *KitPage {
	if len(covers) < 9 {
		covers = make([]Cover, 9)
	}
	base.Title, base.Accents, base.NoIndex, base.Scripts = "Kit", covers[0].Accents, true, []string{"studio.js"}
	k := &KitPage{Page: base, Micro: 2_031_744, At: time.Date(2026, 11, 22, 9, 14, 0, 0, time.UTC)}
	acts := []string{"Maren Okafor Trio", "Sister Voltage", "Glasshouse Weather", "Tomasz Wren", "Ottoline Amsel", "Oumar Lindqvist", "The Ferrymen’s Union", "DJ Oblong", "Palomar & the Quiet"}
	cents := []money.Micro{214, 162, 131, 102, 88, 71, 57, 44, 31}
	heard := []string{"9 h 12", "6 h 58", "5 h 38", "4 h 23", "3 h 47", "3 h 03", "2 h 27", "1 h 54", "1 h 20"}
	k.Nine.Label, k.Even.Label, k.Few.Label = "Nine", "Nine, nearly equal", "Four so far"
	for i, a := range acts {
		c := Cell{Name: a, URL: "#", Cover: covers[i], Fact: heard[i], Amount: cents[i] * money.Cent}
		k.Nine.Cells = append(k.Nine.Cells, c)
		k.Rows = append(k.Rows, Row{Rank: i + 1, Name: a, URL: "#", Fact: heard[i], Amount: c.Amount})
		c.Amount = money.Dollar
		k.Even.Cells = append(k.Even.Cells, c)
		k.Shelf = append(k.Shelf, Card{Title: a, Sub: "Album", Fact: "Friday", URL: "#", Cover: covers[i]})
	}
	k.Few.Cells, k.Few.Small = k.Nine.Cells[:4], true
	k.Shelf = k.Shelf[:6]
	k.Tracks = kitTracks(covers[0])
	k.Wave = k.Tracks[0].Ref
	k.Dial = Dial{Days: 30, Today: 22}
	k.Calendar = Dial{Days: 30, Today: 22, Due: map[int]string{1: "1", 4: "4", 14: "14", 20: "20", 25: "25"}}
	k.Chain = []Link{
		{Title: "Checked", Text: "A filled square and a line to the next."},
		{Title: "Checked too", Text: "Words first, hashes after.", Hash: "7c1e 09fa … b3d4 552e"},
		{Title: "Does not hold", Text: "Says what failed, and is crossed out.", State: LinkBad},
		{Title: "Still to come", Text: "Hollow, and says when.", State: LinkOpen},
	}
	k.Fields = []Field{
		{Name: "title", Label: "Title", Value: "Concrete Pastorals", Help: "As it is on the sleeve."},
		{Name: "payout", Label: "Payout address", Value: "0x4b7A29c0E1d85F36aB0c9D12E7f4A6835eC0917", Error: "One character is missing at the end. Addresses have 42, this one has 41."},
		{Name: "licence", Label: "Licence", Type: "select", Value: "by", Options: []Option{{"all", "All rights reserved"}, {"by", "CC BY 4.0"}}},
		{Name: "about", Label: "About it", Type: "textarea", Value: "Nine pieces about counting things that will not stay still.", Wide: true},
	}
	k.Notes = []Notice{
		{Text: "Today is the 22nd, so November costs you $3.00 for the nine days left."},
		{Kind: NoteOK, Text: "Paid. The transfer is on the chain since 09:14."},
		{Kind: NoteErr, Text: "Quayside cannot reach the ledger. Listening and uploading go on; what has to be recorded waits its turn.", Link: "#", Go: "What is waiting"},
	}
	k.Meters = []Meter{{Label: "Storage", Value: 31, Cap: 80, Words: "31 of 80 GB, full in about 4 months"}}
	k.Empty = Empty{Title: "Nobody here yet", Text: "Play anything for half a minute and its act takes the first place.", URL: "#", Go: "Browse Quayside"}
	k.Bars = []int{48, 54, 53, 68, 65, 78, 89, 86, 98}
	return k
}

// kitTracks are three tracks; the third cannot be played yet.
func kitTracks(c Cover) []TrackRow {
	peaks := make([]byte, 300)
	for i := range peaks {
		peaks[i] = byte((i*i*31+i*17)%140 + 60 - 50*(i/250))
	}
	row := func(n int, id, title string, ms int64) TrackRow {
		return TrackRow{Number: n, Ref: TrackRef{
			ID: id, Title: title, Act: "Maren Okafor Trio", ActURL: "#act", Release: "Low Tide Arithmetic", ReleaseID: "R1", ReleaseURL: "/kit",
			CoverID: c.ID, Accents: c.Accents, Millis: ms, Quality: "FLAC 44.1/16", Peaks: peaks, TrackGain: -380, AlbumGain: -410, Peak: -30,
		}}
	}
	rows := []TrackRow{row(1, "01KIT00000000000000000000A", "Ebb Tables", 292_000), row(2, "01KIT00000000000000000000B", "Slack Water", 401_000), row(3, "01KIT00000000000000000000C", "Neap", 129_000)}
	rows[1].Lyrics, rows[1].Explicit = true, true
	rows[2].Trouble = "Is being prepared. It can be played in about a minute."
	return rows
}

// Kit answers GET /kit.
func (r *Renderer) Kit(base func(*http.Request) Page, covers []Cover) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if err := r.Render(w, req, http.StatusOK, "kit", NewKit(base(req), covers)); err != nil {
			http.Error(w, "The kit cannot be drawn.", http.StatusInternalServerError)
		}
	}
}

// Swatches are the colour tokens.
func (*KitPage) Swatches() []string {
	return []string{"ground", "raised", "sunken", "hover", "rule", "rule-2", "ink", "ink-2", "ink-3", "accent", "good", "warn", "bad"}
}
