package fabric

import (
	"context"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
)

// Examine finds out what keeps the node's part of the network from working, in
// whatever process: the node may run in another one, or not at all. resting says
// that it is known not to run, so that nothing is missed of its children.
func (h *Home) Examine(ctx context.Context, resting bool) ([]doctor.Finding, error) {
	certificates, err := h.org.Certificates()
	if err != nil {
		return nil, err
	}
	trust, err := h.credentials()
	if err != nil {
		return nil, err
	}
	p := doctor.Patient{Config: h.child, Now: h.cfg.Now(), Member: h.Phase() == Joined, Resting: resting, Trust: trust, Certificates: certificates}
	p.Bin = h.cfg.Bin
	if p.Status, err = h.child.Recall(); err != nil {
		return nil, err
	}
	if !p.Member || resting {
		return doctor.Examine(ctx, p), nil
	}
	c, err := h.Client(channel.Name)
	if err != nil {
		return nil, err
	}
	s, err := c.Status(ctx)
	if err != nil {
		p.Complaints = append(p.Complaints, err.Error())
	}
	p.Newest = s.At
	return doctor.Examine(ctx, p), nil
}
