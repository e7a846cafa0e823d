package site

import (
	"time"

	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/web"
)

// StandingPage shows the operator where the ledger stands.
type StandingPage struct {
	web.Page
	Views []View
	report.Standing
	Network   bool // others run the ledger together with this node
	Members   int  // of the network, as the node last saw them; 0 in none
	Endorsing int
	Ordering  int
	Waits     []WaitLine
	Known     []RecorderLine
	Faulted   []string // nodes against whose last settlement a fault stands
}

// WaitLine is what waits for the ledger.
type WaitLine struct {
	report.Unrecorded
	Name string
}

// RecorderLine is a node on the ledger.
type RecorderLine struct {
	report.Recorder
	Anchored time.Time // the day, zero for none
	Settled  time.Time // the first of the month, zero for none
	Word     string    // what became of the settlement
}

// unrecordedWords name what waits, and settlementWords what became of the last
// settlement of a node.
var (
	unrecordedWords = map[string]string{"days": "Days of the log", "name": "What the node is called", "month": "A month to be settled", "objection": "Objections to a month", "past": "What was recorded on the node’s own ledger"}
	settlementWords = map[string]string{"published": "Can be challenged", "faulted": "A fault was proved", "final": "Final"}
)

func (v *visit) standing() error {
	s, err := v.site.Engine.Standing(v.Context())
	if err != nil {
		return err
	}
	p := &StandingPage{Page: v.base("The ledger", web.NavOperator), Views: v.nodeViews("/operator/ledger"), Standing: s, Network: s.Mode != "embedded"}
	p.NoIndex = true
	if m := s.Membership; m != nil {
		p.Members = len(m.Members)
		p.Endorsing, p.Ordering = network.Roles(m.Members)
	}
	for _, w := range s.Waiting {
		p.Waits = append(p.Waits, WaitLine{w, unrecordedWords[w.What]})
	}
	for _, r := range s.Nodes {
		l := RecorderLine{Recorder: r, Word: settlementWords[r.State]}
		if r.Day != 0 {
			l.Anchored = r.Day.Start()
		}
		if r.Period != 0 {
			l.Settled = r.Period.Start()
		}
		if r.State == "faulted" {
			p.Faulted = append(p.Faulted, r.Node)
		}
		p.Known = append(p.Known, l)
	}
	return v.show("standing", p)
}
