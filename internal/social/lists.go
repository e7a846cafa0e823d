package social

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
)

// Imported says what a list brought.
type Imported struct {
	Blocked  int `json:"blocked" doc:"Servers on the list that are blocked now"`
	Silenced int `json:"silenced" doc:"Servers on the list that are silenced now"`
	Left     int `json:"left" doc:"Lines of it that ask for something else, which were left out"`
}

// Import blocks the servers of a list: one name a line, or the file that Mastodon
// and others export: what they suspended is blocked, and what they silenced is
// silenced, unless that would let in who is kept out. All of it or nothing.
// Faults: Invalid, TooLarge.
func (d *Desk) Import(ctx context.Context, list io.Reader) (out Imported, err error) {
	rules, left, err := readList(list)
	if err != nil {
		return out, err
	}
	if len(rules) == 0 && left == 0 {
		return out, fault.New(fault.Invalid, "The list has no servers.")
	}
	out.Left = left
	var taken []Rule
	err = d.Store.SocialView(ctx, func(tx Tx) error {
		for _, r := range rules {
			milder, err := d.milder(ctx, tx, r)
			switch {
			case err != nil:
				return err
			case milder:
				out.Left++
				continue
			case r.Verdict == Block:
				out.Blocked++
			default:
				out.Silenced++
			}
			taken = append(taken, r)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	return out, d.Decide(ctx, taken...)
}

// milder reports whether a rule of somebody else's list would let in whom the node
// keeps out: one who is blocked or in quarantine, or who is not on the node's own list where only
// that counts.
func (d *Desk) milder(ctx context.Context, tx Tx, r Rule) (bool, error) {
	if r.Verdict != Silence {
		return false, nil
	}
	verdict, lists, err := verdicts(ctx, tx, r.Host)
	if verdict == "" && d.Policy.Listed {
		return true, err
	}
	verdict = cmp.Or(verdict, lists)
	return verdict == Block || verdict == Quarantine, err
}

// severities are what Mastodon calls verdicts. A list of names alone blocks.
var severities = map[string]Verdict{"": Block, "suspend": Block, "silence": Silence}

// readList reads rows of CSV. The first row names the columns where it has a
// column "domain", with or without Mastodon's "#".
func readList(list io.Reader) (rules []Rule, left int, err error) {
	c := csv.NewReader(bufio.NewReader(io.LimitReader(list, MaxList+1)))
	c.FieldsPerRecord, c.TrimLeadingSpace = -1, true
	columns := map[string]int{"domain": 0}
	for line := 1; ; line++ {
		row, err := c.Read()
		switch {
		case errors.Is(err, io.EOF):
			return rules, left, nil
		case err != nil:
			return nil, 0, fault.New(fault.Invalid, "Line %d of the list cannot be read: %v", line, err)
		case c.InputOffset() > MaxList || len(rules) >= maxRules:
			return nil, 0, fault.New(fault.TooLarge, "A list has at most %d servers and %d bytes.", maxRules, MaxList)
		}
		if first := strings.TrimPrefix(strings.ToLower(row[0]), "#"); line == 1 && first == "domain" {
			for i, name := range row {
				columns[strings.TrimPrefix(strings.ToLower(name), "#")] = i
			}
			continue
		}
		if row[0] == "" || strings.HasPrefix(row[0], "#") {
			continue
		}
		cell := func(name string) string {
			if i, ok := columns[name]; ok && i < len(row) {
				return row[i]
			}
			return ""
		}
		verdict, ok := severities[cell("severity")]
		hidden := strings.Contains(strings.TrimPrefix(cell("domain"), "*."), "*") // Mastodon writes b*d.example where it tells only those who know
		if !ok || hidden {
			left++
			continue
		}
		host, err := ruleName(cell("domain"))
		if err != nil {
			return nil, 0, fault.New(fault.Invalid, "Line %d of the list: %s", line, fault.Message(err))
		}
		why := strings.TrimSpace(cell("public_comment"))
		rules = append(rules, Rule{Host: host, Verdict: verdict, Reason: strings.ToValidUTF8(why[:min(len(why), maxReason)], "")})
	}
}

// Export writes which servers are blocked and silenced in the form that Mastodon and others read.
func (d *Desk) Export(ctx context.Context, w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate"}); err != nil {
		return err
	}
	for after, more := "", true; more; {
		page, err := d.Rules(ctx, after)
		if err != nil {
			return err
		}
		for _, r := range page.Rows {
			severity, wholly := "suspend", "true"
			if r.Verdict == Silence {
				severity, wholly = "silence", "false"
			}
			if r.Verdict != Block && r.Verdict != Silence || r.Actor != "" {
				continue // nobody else has a word for it
			}
			if err := c.Write([]string{r.Host, severity, wholly, wholly, r.Reason, "false"}); err != nil {
				return err
			}
		}
		after, more = page.Next, page.Next != ""
	}
	c.Flush()
	return c.Error()
}
