package royalty

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
)

// Check is one thing a verification looked at.
type Check struct {
	Name   string `json:"name"` // stable, see docs/protocol/receipts.md
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // a sentence: what holds, or what fails
}

// Report is what a verification found, in the order it looked. A check that
// could not be made because an earlier one failed is missing.
type Report struct {
	Kind   string  `json:"kind"` // day, month or act; "" when the file is neither
	Node   string  `json:"node"`
	When   string  `json:"when"` // 2026-10-07 or 2026-10
	Checks []Check `json:"checks"`
	// Notes are the marks of the node, such as "Not independently reviewed."
	Notes []string `json:"notes"`
	// NeedsKey names the key that was missing. Then nothing is said about the
	// file: without the key it can be neither right nor wrong.
	NeedsKey string `json:"needs_key,omitempty"`
	OK       bool   `json:"ok"`
	Verdict  string `json:"verdict"` // one line
	// settled are the bytes of the settlement the file rests on, nil for none.
	settled []byte
	// log is the checkpoint of the node's log that a day's receipt rests on.
	log Checkpoint
}

// Log is the state of the node's log that a day's receipt rests on; its size is
// zero for anything else.
func (r *Report) Log() Checkpoint { return r.log }

// AgainstLog holds a report of a day against the root of the log at that size as
// the ledger has it.
func (r *Report) AgainstLog(root Hash) {
	if r.log.Size == 0 || r.NeedsKey != "" {
		return
	}
	var err error
	if root != r.log.Root {
		err = invalid("The ledger holds another root of the log of %s at %d leaves: two people were shown two logs.", r.Node, r.log.Size)
	}
	if !r.check("ledger", err, "The ledger holds this state of the log.") {
		r.conclude("")
	}
}

// Against holds a report of a month against the settlement that stands on the
// ledger, which a file alone cannot know: one in which a fault was proved is
// replaced, and what rests on it holds in itself all the same.
func (r *Report) Against(stands []byte) {
	if r.settled == nil || r.NeedsKey != "" {
		return
	}
	var err error
	if !bytes.Equal(r.settled, stands) {
		err = invalid("The settlement of %s that this file rests on does not stand: the ledger holds another. Download the file anew.", r.When)
	}
	if !r.check("ledger", err, "The ledger holds this settlement.") {
		r.conclude("")
	}
}

// check records err's sentence, or what holds.
func (r *Report) check(name string, err error, holds string, args ...any) bool {
	if err != nil {
		r.Checks = append(r.Checks, Check{name, false, fault.Message(err)})
		return false
	}
	r.Checks = append(r.Checks, Check{name, true, fmt.Sprintf(holds, args...)})
	return true
}

func (r *Report) mark(m Marks) {
	if m.Unreviewed {
		r.Notes = append(r.Notes, "Not independently reviewed.")
	}
	if m.DemoClock {
		r.Notes = append(r.Notes, "Made on a demonstration clock.")
	}
}

// conclude sums the checks up in one line.
func (r *Report) conclude(holds string, args ...any) Report {
	r.OK = len(r.Checks) > 0 && r.NeedsKey == ""
	var failed []string
	for _, c := range r.Checks {
		if !c.OK {
			r.OK = false
			failed = append(failed, c.Name+": "+c.Detail)
		}
	}
	switch {
	case r.NeedsKey != "":
		r.Verdict = "Not checked: the key of " + r.NeedsKey + " is needed."
	case len(failed) > 0:
		r.Verdict = "Does not hold. " + strings.Join(failed, " ")
	default:
		r.Verdict = strings.Join(append([]string{fmt.Sprintf(holds, args...)}, r.Notes...), " ")
	}
	if r.Checks == nil {
		r.Checks = []Check{}
	}
	if r.Notes == nil {
		r.Notes = []string{}
	}
	return *r
}

// plural counts things in English: 1 act, 9 acts, 2 leaves.
func plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "f"):
		noun = strings.TrimSuffix(noun, "f") + "ve"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
