package web

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/money"
)

// Cover is a picture of a release or an act.
type Cover struct {
	ID  string // name under /covers/, "" shows the empty sleeve
	Alt string // what it shows; "" where the name stands beside it
	Accents
}

// coverSizes are the edges in pixels that are kept of every cover.
var coverSizes = [...]int{96, 240, 640, 1200}

// URL returns the address of the cover at an edge of at least size pixels.
func (c Cover) URL(size int) string {
	if c.ID == "" {
		return ""
	}
	for _, s := range coverSizes {
		if s >= size {
			return "/covers/" + c.ID + "/" + strconv.Itoa(s) + ".webp"
		}
	}
	return "/covers/" + c.ID + "/1200.webp"
}

// URL2 returns the address for screens of twice the density.
func (c Cover) URL2(size int) string { return c.URL(2 * size) }

// SizedCover is what the partial "cover" draws.
type SizedCover struct {
	Cover
	Size  int  // edge in CSS pixels
	Eager bool // in the first screen: load at once
	Class string
}

// TrackRef is all the player needs to play a track and to show it. It travels
// in a data-track attribute as JSON.
type TrackRef struct {
	ID         string  `json:"id"`
	Title      string  `json:"t"`
	URL        string  `json:"u,omitempty"` // the track's place, on its release's page
	Act        string  `json:"a"`
	ActURL     string  `json:"au,omitempty"`
	Release    string  `json:"r,omitempty"`
	ReleaseID  string  `json:"ri,omitempty"` // album gain holds within one
	ReleaseURL string  `json:"ru,omitempty"`
	CoverID    string  `json:"c,omitempty"`
	Accents    Accents `json:"k,omitzero"`
	Millis     int64   `json:"ms"`
	// Source is "hls" (default) when /media/{id}/master.m3u8 exists, or
	// "original" when only the file as uploaded can be played.
	Source string `json:"s,omitempty"`
	// TrackGain and AlbumGain are ReplayGain 2 in hundredths of a decibel,
	// Peak is the true peak of the file as uploaded in hundredths of a decibel
	// (full scale is 0); that of other forms is in the master playlist.
	TrackGain int `json:"g,omitempty"`
	AlbumGain int `json:"ag,omitempty"`
	Peak      int `json:"p,omitempty"`
	// Quality in words ("FLAC 44.1/16").
	Quality string `json:"q,omitempty"`
	// Peaks is the waveform: up to 400 bytes, 255 is the loudest.
	Peaks []byte `json:"w,omitempty"`
	Liked bool   `json:"l,omitempty"`
	// Elsewhere is music of another server.
	Elsewhere bool `json:"e,omitempty"`
	// Unpaid is music for which nobody is paid from here: its plays do not count.
	Unpaid bool `json:"n,omitempty"`
}

// Clock formats milliseconds as 4:05 or 1:02:09.
func Clock(ms int64) string {
	s := max(ms, 0) / 1000
	h, m, s := s/3600, s/60%60, s%60
	two := func(n int64) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
	if h > 0 {
		return strconv.FormatInt(h, 10) + ":" + two(m) + ":" + two(s)
	}
	return strconv.FormatInt(m, 10) + ":" + two(s)
}

// TrackRow is one line of a list of tracks.
type TrackRow struct {
	Number   int
	Ref      TrackRef
	Fact     string // quiet words before the length ("128 plays")
	ShowAct  bool   // names the act under the title: lists of many releases
	Cover    bool   // shows the cover instead of the number
	Explicit bool
	Lyrics   bool
	Trouble  string // why it cannot be played yet; "" when it can
}

// Nine is the grid of nine.
type Nine struct {
	Label string
	Cells []Cell // in rank order, at most nine; the rest is drawn empty
	Small bool   // without amounts
	Whole bool   // amounts in whole dollars: those of many listeners
}

// Cell is one of the nine.
type Cell struct {
	Name   string
	URL    string
	Cover  Cover
	Fact   string // "9 h 12"
	Amount money.Micro
}

// LitCell is a cell with its place and light.
type LitCell struct {
	Cell
	Rank int
	Lit  string // 0 to 1, three decimals
}

// Lit returns nine cells with their light. The light is the square root of
// the share relative to the first, and falls by a fiftieth from rank to rank,
// so that equal shares still read in order.
func (n Nine) Lit() []LitCell {
	cells := make([]LitCell, 9)
	for i := range cells {
		cells[i].Rank = i + 1
		if i >= len(n.Cells) {
			continue
		}
		cells[i].Cell = n.Cells[i]
		light := 1.0
		if top := n.Cells[0].Amount; top > 0 {
			light = math.Sqrt(float64(n.Cells[i].Amount)/float64(top)) * (1 - .02*float64(i))
		}
		cells[i].Lit = strconv.FormatFloat(max(0, min(1, light)), 'f', 3, 64)
	}
	return cells
}

// Sum adds the amounts shown.
func (n Nine) Sum() money.Micro {
	var sum money.Micro
	for _, c := range n.Cells {
		sum += c.Amount
	}
	return sum
}

// Row is one line of a list: rank, name, quiet fact, amount.
type Row struct {
	Rank   int
	Name   string
	URL    string
	Fact   string
	Amount money.Micro
	NoSum  bool // shows no amount
}

// Card is one sleeve on a shelf.
type Card struct {
	Title, Sub, Fact string
	URL              string
	Cover            Cover
}

// Dial is a month as a ruler. The same facts stand in words beside it.
type Dial struct {
	Days  int            // in the month
	Today int            // 1-based; 0 before, Days+1 after the month
	Due   map[int]string // days that carry a mark, with its words ("4")
}

// DialDay is one stroke of the dial.
type DialDay struct {
	Class string
	Label string
}

// Strokes returns the dial day by day.
func (d Dial) Strokes(today string) []DialDay {
	days := make([]DialDay, d.Days)
	for i := range days {
		var class []string
		n := i + 1
		switch {
		case n < d.Today:
			class = append(class, "past")
		case n == d.Today:
			class = append(class, "now")
			days[i].Label = today
		}
		if n%5 == 0 {
			class = append(class, "five")
		}
		if words, due := d.Due[n]; due && n != d.Today {
			class = append(class, "due")
			days[i].Label = words
		}
		days[i].Class = strings.Join(class, " ")
	}
	return days
}

// Link is one square of a chain of evidence.
type Link struct {
	Title string
	Text  string
	When  time.Time // what the text says it of, where it is a key with a %s
	Hash  string    // shown last and small; "" shows none
	State LinkState
	ID    string // lets the verifier in the page find it; "" has none
}

// LinkState says whether a link holds.
type LinkState string

// The states of a link. Only what this browser or the ledger checked is done.
const (
	LinkDone LinkState = ""
	LinkOpen LinkState = "open"
	LinkBad  LinkState = "broken"
)

// Field is one input of a form with its words and its error.
type Field struct {
	Name         string
	ID           string // the name when empty
	Label        string
	Type         string // "text" when empty; also "textarea", "select"
	Value        string
	Help         string
	Error        string // what is wrong and what to do; "" is fine
	Autocomplete string
	InputMode    string
	Placeholder  string
	Required     bool
	Wide         bool // the whole width of a form
	MaxLength    int
	Options      []Option // of a select
}

// Option is one choice of a select.
type Option struct{ Value, Label string }

// Key is the element's id.
func (f Field) Key() string {
	if f.ID != "" {
		return f.ID
	}
	return "f-" + f.Name
}

// Described lists the ids of the words that belong to the input.
func (f Field) Described() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.Key()+"-e")
	}
	if f.Help != "" {
		ids = append(ids, f.Key()+"-h")
	}
	return strings.Join(ids, " ")
}

// Meter is an amount against its cap, with the forecast in words beside it.
type Meter struct {
	Label      string
	Value, Cap int64
	Words      string // "31 of 80 GB, full in about 4 months"
}

// Percent is the filled part, 0 to 100.
func (m Meter) Percent() int {
	if m.Cap <= 0 {
		return 0
	}
	return int(min(100, max(0, m.Value)*100/m.Cap))
}

// Empty says why a list is empty and what fills it.
type Empty struct {
	Title, Text string
	URL, Go     string
}

// WavePath draws a waveform as one closed SVG path in a box of 1000 by 100,
// mirrored at the middle. No peaks give a thin line.
func WavePath(peaks []byte) string {
	if len(peaks) < 2 {
		return "M0 49L1000 49L1000 51L0 51Z"
	}
	var b strings.Builder
	b.Grow(len(peaks) * 18)
	step := 1000 / float64(len(peaks)-1)
	point := func(i int, sign float64) {
		b.WriteString(strconv.FormatFloat(float64(i)*step, 'f', 1, 64))
		b.WriteByte(' ')
		b.WriteString(strconv.FormatFloat(50+sign*(1+float64(peaks[i])/255*47), 'f', 0, 64))
	}
	for i := range peaks {
		b.WriteByte("ML"[min(i, 1)])
		point(i, -1)
	}
	for i := len(peaks) - 1; i >= 0; i-- {
		b.WriteByte('L')
		point(i, 1)
	}
	b.WriteByte('Z')
	return b.String()
}
