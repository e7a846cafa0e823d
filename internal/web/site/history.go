package site

import (
	"strconv"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

// HistoryPage is /history: what a listener heard. Only they see it.
type HistoryPage struct {
	web.Page
	Paused bool
	Days   []HistoryDay
	More   string
}

// HistoryDay is one day of it, newest entry first.
type HistoryDay struct {
	When    time.Time
	Entries []HistoryEntry
}

// HistoryEntry is one listening.
type HistoryEntry struct {
	web.TrackRow
	At    int64 // Unix milliseconds: names the entry
	Clock string
}

// history lists what was heard, by day.
func (v *visit) history() error {
	p := &HistoryPage{Page: v.base("History", ""), Paused: v.viewer.HistoryPaused}
	p.NoIndex = true
	list, err := v.site.Library.History(v.Context(), v.ears(), music.Page{After: v.URL.Query().Get("after"), Limit: perTracks})
	if err != nil {
		return err
	}
	rows := trackRows(list.Rows, nil)
	gone(rows, list.Rows)
	for i, row := range rows {
		at := time.UnixMilli(list.Rows[i].Key).UTC()
		day := at.Truncate(24 * time.Hour)
		if n := len(p.Days); n == 0 || !p.Days[n-1].When.Equal(day) {
			p.Days = append(p.Days, HistoryDay{When: day})
		}
		d := &p.Days[len(p.Days)-1]
		d.Entries = append(d.Entries, HistoryEntry{TrackRow: row, At: list.Rows[i].Key, Clock: at.Format("15:04")})
	}
	p.More = v.pagePath("after", list.Next)
	return v.show("history", p)
}

func (v *visit) pauseHistory() error {
	on := v.form.Get("on") == "1"
	if err := v.site.Library.PauseHistory(v.Context(), v.ears(), on); err != nil {
		return err
	}
	if on {
		return v.goTo("/history", "Paused. What you play from now on is not written down here. It still counts for your nine.")
	}
	return v.goTo("/history", "The history goes on.")
}

// dropHistory deletes one entry, or everything when the form says so.
func (v *visit) dropHistory() error {
	if v.form.Get("all") == "1" {
		if err := v.site.Library.DropHistory(v.Context(), v.ears(), time.Time{}); err != nil {
			return err
		}
		return v.goTo("/history", "Deleted.")
	}
	ms, err := strconv.ParseInt(v.form.Get("at"), 10, 64)
	if err != nil || ms <= 0 {
		return fault.New(fault.Invalid, "That entry is not there any more.")
	}
	if err := v.site.Library.DropHistory(v.Context(), v.ears(), time.UnixMilli(ms)); err != nil {
		return err
	}
	return v.goTo("/history", "")
}
