package app

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
)

// machine is the node as programs see it.
type machine struct{ n *node }

var _ api.Engine = machine{}

func (m machine) Status(ctx context.Context) (s api.Status, err error) {
	n := m.n
	st, err := told{n.db}.Status(ctx)
	if err != nil {
		return s, err
	}
	head, _ := n.tlog.Head()
	s.Ledger = api.Ledger{
		Height: st.Height, Head: st.HeadHex(), LogSize: head.Size, LogOrigin: royalty.LogOrigin(n.cfg.NodeID()),
		Checkpoint: n.cfg.BaseURL + "/log/checkpoint", Tiles: n.cfg.BaseURL + "/log/tile/",
	}
	for _, k := range n.signer.trusted() {
		s.Ledger.Keys = append(s.Ledger.Keys, k.String())
	}
	if s.Accounts, s.Tracks, s.Bytes, err = n.db.Census(ctx); err != nil {
		return s, err
	}
	level, lacks, err := n.workshop.equipment(ctx)
	if err != nil {
		return s, err
	}
	counts, err := n.jobs.Counts(ctx)
	for _, c := range counts {
		if c.State == jobs.Dead {
			s.Dead += c.N
		} else {
			s.Waiting += c.N
		}
	}
	var missing []string
	for _, x := range lacks {
		missing = append(missing, x.What+": "+x.How)
	}
	s.Sandbox, s.Missing, s.Version, s.StartedMS = level.String(), strings.Join(missing, " "), Version(), n.began.UnixMilli()
	return s, err
}

func (m machine) Standing(ctx context.Context) (report.Standing, error) { return m.n.standing(ctx) }

func (m machine) Findings(ctx context.Context) ([]api.Finding, error) {
	list := m.n.cfg.surroundings(ctx)
	// Somebody waits for the answer, so it does not wait for a day that is
	// being closed.
	soon, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	list = append(list, m.n.check(soon)...)
	list = append(list, networkFindings(soon, m.n.fabric, false)...)
	out := make([]api.Finding, len(list))
	for i, f := range list {
		out[i] = api.Finding{Name: f.Name, OK: f.OK, Detail: f.Detail, Remedy: f.Remedy}
	}
	return out, nil
}

func (m machine) Dead(ctx context.Context) ([]api.DeadJob, error) {
	list, err := m.n.jobs.Dead(ctx)
	out := make([]api.DeadJob, len(list))
	for i, j := range list {
		out[i] = api.DeadJob{ID: j.ID, Kind: j.Kind, Error: j.Error, Tries: j.Tries, Ended: j.Ended}
	}
	return out, err
}

func (m machine) RetryJob(ctx context.Context, job string) error { return m.n.jobs.Retry(ctx, job) }
func (m machine) DropJob(ctx context.Context, job string) error  { return m.n.jobs.Drop(ctx, job) }
