package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/problem"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/store"
)

// waitingFor names the jobs that write to the ledger by what they record. Days
// are counted in the log instead: one job records them all.
var waitingFor = []struct{ kind, what string }{{jobDescribe, "name"}, {jobMonth, "month"}, {jobContest, "objection"}, {jobMove, "past"}}

// standing is where the ledger stands. A ledger that does not answer stands
// where it last said.
func (n *node) standing(ctx context.Context) (s report.Standing, err error) {
	copied := told{n.db}
	st, err := n.ledger.Status(ctx)
	if fault.Is(err, fault.Unavailable) {
		if s.Away = n.ledger.Away().UTC(); s.Away.IsZero() {
			s.Away = time.Now().UTC() // it was not waited for
		}
		st, err = copied.Status(ctx)
	}
	if err != nil {
		return s, err
	}
	if n.mover != nil {
		if held := n.mover.held(); held != nil {
			s.Moving = fault.Message(held)
		}
	}
	if st == (ledger.Status{}) { // it has never answered
		st.Mode = n.cfg.Ledger.Mode
	}
	s.Mode, s.Height, s.Head, s.Last = st.Mode, st.Height, st.HeadHex(), st.At
	if n.fabric != nil {
		m, err := n.council().Membership(ctx)
		if err != nil {
			return s, err
		}
		s.Membership = &m
	}
	if err = n.db.View(ctx, func(tx *store.Tx) error { s.Waiting, s.Read, err = unrecorded(ctx, tx); return err }); err != nil {
		return s, err
	}
	nodes, err := copied.nodes(ctx)
	s.Nodes = make([]report.Recorder, len(nodes))
	for i, x := range nodes {
		r := report.Recorder{Node: x.ID, Name: x.Name, Self: x.ID == n.cfg.NodeID(), Leaves: x.Anchor.Size, State: x.Settled.State, Faults: len(x.Faults), Day: x.Anchor.Day, Period: x.Settled.Period}
		if r.Own, err = n.recorder.told(n.db).ownUntil(ctx, x.ID); err != nil {
			return s, err
		}
		if r.Self {
			s.Own = r.Own
		}
		if r.Day != 0 {
			r.DayText = r.Day.String()
		}
		if r.Period != 0 {
			r.Month = r.Period.String()
		}
		s.Nodes[i] = r
	}
	return s, err
}

// unrecorded is what waits, the oldest first, and how far the events are read.
func unrecorded(ctx context.Context, tx *store.Tx) (out []report.Unrecorded, read uint64, err error) {
	out = []report.Unrecorded{}
	at, err := tx.LedgerFeed(ctx)
	if err != nil {
		return out, 0, err
	}
	days, _, since, err := tx.DaysLogged(ctx)
	if err != nil {
		return out, 0, err
	}
	if days > 0 {
		said, err := lastWord(ctx, tx, jobDay)
		if err != nil {
			return out, 0, err
		}
		out = append(out, report.Unrecorded{What: "days", N: days, Since: since, Said: said})
	}
	for _, w := range waitingFor {
		list, err := tx.Pending(ctx, w.kind)
		if err != nil {
			return out, 0, err
		}
		if len(list) > 0 {
			out = append(out, report.Unrecorded{What: w.what, N: int64(len(list)), Since: list[0].Made, Said: list[0].Error})
		}
	}
	slices.SortStableFunc(out, func(a, b report.Unrecorded) int { return a.Since.Compare(b.Since) })
	return out, at.Checkpoint, nil
}

// lastWord is what the oldest job of a kind that waits was told.
func lastWord(ctx context.Context, tx *store.Tx, kind string) (string, error) {
	list, err := tx.Pending(ctx, kind)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].Error, nil
}

// standingPath is where a node that runs tells its own machine how the ledger
// stands.
const standingPath = "/ledgerz"

func (n *node) serveStanding(w http.ResponseWriter, r *http.Request) {
	s, err := n.standing(r.Context())
	if err != nil {
		problem.Write(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s) // a client that is gone cannot be told
}

// ledgerStatus prints where the ledger stands, also of a node that runs.
func ledgerStatus(ctx context.Context, c *call) error {
	var s report.Standing
	err := withNode(ctx, c, func(n *node) (err error) {
		s, err = n.standing(ctx)
		return err
	})
	if fault.Is(err, fault.Conflict) { // a running node has the directory
		s, err = c.askStanding(ctx)
	}
	if err != nil {
		return err
	}
	return c.print(s, func(w io.Writer) { writeStanding(w, s) })
}

// askStanding asks the node that runs on this machine.
func (c *call) askStanding(ctx context.Context) (s report.Standing, err error) {
	cfg, _, err := c.config()
	if err != nil {
		return s, err
	}
	ctx, cancel := context.WithTimeout(ctx, brief)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cfg.Listen+standingPath, nil)
	if err != nil {
		return s, err
	}
	res, err := http.DefaultClient.Do(req)
	if errors.Is(err, context.DeadlineExceeded) { // it listens before it has opened everything
		return s, fault.Wrap(err, fault.Unavailable, "The node on %s is still starting. Ask again in a moment.", cfg.Listen)
	}
	if err != nil {
		return s, fault.Wrap(err, fault.Unavailable, "A node has the data directory, and none answers on %s. Give its address with --listen.", cfg.Listen)
	}
	defer res.Body.Close()
	if d := new(problem.Document); res.StatusCode != http.StatusOK && res.Header.Get("Content-Type") == d.ContentType("") && json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(d) == nil && d.Detail != "" {
		return s, fault.New(fault.Unavailable, "The node on %s says: %s", cfg.Listen, d.Detail)
	}
	if res.StatusCode != http.StatusOK {
		return s, fault.New(fault.Unavailable, "What answers on %s says %s. Give the node's address with --listen.", cfg.Listen, res.Status)
	}
	return s, json.NewDecoder(io.LimitReader(res.Body, 16<<20)).Decode(&s)
}

// unrecordedWords name what waits.
var unrecordedWords = map[string]string{"days": "days of the log", "name": "what the node is called", "month": "a month to be settled", "objection": "objections to a month", "past": "what was recorded on the node's own ledger"}

func writeStanding(w io.Writer, s report.Standing) {
	fmt.Fprintf(w, "ledger    %s, %d recorded, head %.16s\n", s.Mode, s.Height, s.Head)
	if !s.Last.IsZero() {
		fmt.Fprintf(w, "last      %s\n", s.Last.Format(time.RFC3339))
	}
	if !s.Away.IsZero() {
		fmt.Fprintf(w, "AWAY      since %s; this is what it last said\n", s.Away.Format(time.RFC3339))
	}
	if s.Moving != "" {
		fmt.Fprintf(w, "MOVING    %s\n", s.Moving)
	}
	if !s.Own.IsZero() {
		fmt.Fprintf(w, "before    recorded on the operator's own ledger until %s\n", s.Own.Format(time.RFC3339))
	}
	if s.Membership != nil {
		writeMembership(w, *s.Membership)
	}
	if len(s.Waiting) == 0 {
		fmt.Fprintln(w, "waiting   nothing")
	}
	for _, x := range s.Waiting {
		fmt.Fprintf(w, "waiting   %d  %s, since %s\n", x.N, unrecordedWords[x.What], x.Since.Format(time.RFC3339))
		if x.Said != "" {
			fmt.Fprintf(w, "          %s\n", x.Said)
		}
	}
	for _, x := range s.Nodes {
		month := orNone(strings.TrimSpace(x.Month + " " + x.State))
		fmt.Fprintf(w, "node      %s (%s), log up to %s, settled %s, %d faults\n", x.Node, x.Name, orNone(x.DayText), month, x.Faults)
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// hurry has the jobs that wait for the ledger run now: it is back. A network's
// ledger that does not know this node yet is told of it.
func (n *node) hurry(ctx context.Context) error {
	if err := n.introduce(ctx); err != nil {
		return err
	}
	return n.jobs.Hurry(ctx, jobDescribe, jobDay, jobMonth, jobContest, jobCheck, jobRelay)
}

// introduce has the node entered on a network's ledger that does not know it,
// once it is set up. Without a network that is done where a node is set up.
func (n *node) introduce(ctx context.Context) error {
	if n.fabric == nil {
		return nil
	}
	s, err := n.accounts.Settings(ctx)
	if err != nil || s.Name == "" {
		return err
	}
	_, err = n.recorder.contract.Node(ctx, n.cfg.NodeID())
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	return n.db.Update(ctx, func(tx *store.Tx) error { return tx.Enqueue(ctx, jobDescribe, "name", nil, time.Time{}) })
}
