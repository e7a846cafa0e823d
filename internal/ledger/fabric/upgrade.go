package fabric

import (
	"context"
	"encoding/json"

	"github.com/hyperledger/fabric-admin-sdk/pkg/chaincode"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// ProposeUpgrade puts before the members that the channel moves to another
// version of the contract. Each node that approved it approves the definition
// for its organisation, and one commits it once a majority of the validators
// have: from that block on all run it. It returns Invalid for a version this
// binary does not know, that is older than what the channel runs, or when it does
// not know the one that the channel runs, Conflict when the channel is there
// already.
func (h *Home) ProposeUpgrade(ctx context.Context, name, version, note string) (contract.Digest, error) {
	now, err := h.committed(ctx, name)
	if err != nil {
		return contract.Digest{}, err
	}
	if now == nil {
		return contract.Digest{}, fault.New(fault.Unavailable, "The channel has no contract yet.")
	}
	if err := h.mayMove(now.Version, version); err != nil {
		return contract.Digest{}, err
	}
	d, err := h.next(name, version, now.Sequence+1)
	if err != nil {
		return contract.Digest{}, err
	}
	return h.Propose(ctx, name, contract.UpgradeContract, version, d.PackageID, note)
}

// mayMove refuses to propose that a channel moves from a version to another. A node
// that does not know what the channel runs is outdated: what it calls newest is not.
func (h *Home) mayMove(runs, version string) error {
	switch {
	case runs == version:
		return fault.New(fault.Conflict, "The channel runs version %s of the contract already.", version)
	case h.knowing(runs) < 0:
		return fault.New(fault.Invalid, "The channel runs version %s of the contract, which this 9ten does not know, so it cannot say which version is newer. Update 9ten.", runs)
	}
	return h.onward(runs, version)
}

// onward refuses a version that is older than what a channel runs: it does not know
// what the newer one has recorded. Who wants its behaviour back makes it the next.
func (h *Home) onward(runs, version string) error {
	if to := h.knowing(version); to >= 0 && to < h.knowing(runs) {
		return fault.New(fault.Invalid, "Version %s of the contract is older than %s, which the channel runs: it cannot read what was recorded since.", version, runs)
	}
	return nil
}

// knows refuses an upgrade to a version that this binary does not have, or that
// it has in another form: to approve it would be to endorse by another contract
// than the others. So it does with one that is older than what the channel runs.
func (h *Home) knows(name string, i contract.Intent) error {
	runs, _ := h.Version(name)
	if err := h.onward(runs, i.Subject); err != nil {
		return err
	}
	var id string
	if err := json.Unmarshal(i.Payload, &id); err != nil {
		return fault.Wrap(err, fault.Invalid, "The intent's content cannot be read.")
	}
	d, err := h.next(name, i.Subject, 1)
	if err != nil {
		return err
	}
	if d.PackageID != id {
		return fault.New(fault.Invalid, "%s proposes another version %s of the contract than this 9ten has. Update 9ten.", i.By, i.Subject)
	}
	return nil
}

// next is the definition of a version at a sequence.
func (h *Home) next(name, version string, sequence int64) (*chaincode.Definition, error) {
	if i := h.knowing(version); i >= 0 {
		return h.definition(name, h.cfg.Contracts[i], sequence), nil
	}
	return nil, fault.New(fault.Invalid, "This 9ten does not know version %s of the contract. Update 9ten.", version)
}

// upgrade carries an agreed upgrade on.
func (h *Home) upgrade(ctx context.Context, name string, i contract.Intent, v *view, b contract.Client) (bool, error) {
	if v.far { // its organisation endorses nothing there, and it knows the version by hearsay
		return false, nil
	}
	if v.contract.GetVersion() == i.Subject {
		return h.conclude(ctx, i, contract.Applied, v, b)
	}
	if !v.approves(name, i) {
		return false, nil
	}
	d, err := h.next(name, i.Subject, v.contract.GetSequence()+1)
	if err != nil {
		return false, err
	}
	conn, admin, _ := h.peer()
	g := chaincode.NewGateway(conn, admin)
	have, err := g.QueryApproved(ctx, name, ContractName, d.Sequence)
	if err != nil || have.GetSource().GetLocalPackage().GetPackageId() != d.PackageID {
		return true, explain(g.Approve(ctx, d))
	}
	last := contract.Approval{}
	for _, a := range i.Approvals {
		if a.At > last.At {
			last = a
		}
	}
	n, all, err := h.readiness(ctx, d, v.config)
	if err != nil || n < channel.Majority(all) || !h.mayCarry(last.Node, last.At) {
		return false, err
	}
	return true, explain(g.Commit(ctx, d))
}

// readiness counts the validators that have approved a definition.
func (h *Home) readiness(ctx context.Context, d *chaincode.Definition, cfg channel.Config) (n, of int, err error) {
	conn, admin, _ := h.peer()
	r, err := chaincode.NewGateway(conn, admin).CheckCommitReadiness(ctx, d)
	if err != nil {
		return 0, 0, explain(err)
	}
	validators, err := cfg.Validators()
	for _, m := range validators {
		if r.Approvals[m] {
			n++
		}
	}
	return n, len(validators), err
}
