package fabric

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-admin-sdk/pkg/chaincode"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// stepContract installs what the peer does not have of the contract, and
// approves it meanwhile: an approval spends its time waiting for a block.
func (h *Home) stepContract(ctx context.Context, name string, v *view) (did bool, err error) {
	if v.contract, err = h.committed(ctx, name); err != nil {
		return false, err
	}
	if v.contract == nil && v.block.GetHeader().GetNumber() == 0 && !v.begun { // it may be the channel's first transaction
		if v.waits != nil {
			return false, v.waits
		}
		if err := h.awaitOrdering(ctx, name, v, v.config); err != nil {
			return false, err
		}
		v.begun = true
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.install(ctx) })
	g.Go(func() (err error) { did, err = h.approve(ctx, name, v); return err })
	err = g.Wait()
	return did, err
}

func (h *Home) install(ctx context.Context) error {
	conn, admin, _ := h.peer()
	p := chaincode.NewPeer(conn, admin)
	have, err := p.QueryInstalled(ctx)
	if err != nil {
		return explain(err)
	}
	for _, c := range h.cfg.Contracts {
		if slices.ContainsFunc(have.InstalledChaincodes, func(x *lifecycle.QueryInstalledChaincodesResult_InstalledChaincode) bool {
			return x.PackageId == h.packages[c.Version]
		}) {
			continue
		}
		pkg, err := c.archive()
		if err != nil {
			return err
		}
		if _, err := p.Install(ctx, bytes.NewReader(pkg)); err != nil {
			return explain(err)
		}
	}
	return nil
}

// definition is a contract at a place in the channel's list of definitions. Who
// endorses is the channel's own policy, see [channel.Validators].
func (h *Home) definition(name string, c Contract, sequence int64) *chaincode.Definition {
	return &chaincode.Definition{ChannelName: name, PackageID: h.packages[c.Version], Name: ContractName, Version: c.Version, Sequence: sequence}
}

// committed is the channel's definition, nil before the first.
func (h *Home) committed(ctx context.Context, name string) (*lifecycle.QueryChaincodeDefinitionResult, error) {
	p, err := h.at(name)
	if err != nil {
		return nil, err
	}
	d, err := chaincode.NewGateway(p.conn, p.id).QueryCommittedWithName(ctx, name, ContractName)
	if status.Code(err) == codes.NotFound || err != nil && strings.Contains(explain(err).Error(), "is not defined") {
		return nil, nil
	}
	return d, explain(err)
}

// wanted is the definition the node stands for: the one committed, and where
// there is none yet the newest that it knows.
func (h *Home) wanted(name string, v *view) (*chaincode.Definition, error) {
	if v.contract == nil {
		return h.definition(name, h.cfg.Contracts[len(h.cfg.Contracts)-1], 1), nil
	}
	for _, c := range h.cfg.Contracts {
		if c.Version == v.contract.Version {
			return h.definition(name, c, v.contract.Sequence), nil
		}
	}
	return nil, fault.New(fault.Unavailable, "The network runs version %s of the contract, which this 9ten does not know. Update 9ten.", v.contract.Version)
}

// approve approves, for the node's organisation, the definition the channel has,
// or the first: [view.contract] is up to date.
func (h *Home) approve(ctx context.Context, name string, v *view) (bool, error) {
	d, err := h.wanted(name, v)
	if err != nil {
		return false, err
	}
	this := fmt.Sprintf("%d %s", d.Sequence, d.PackageID)
	if v.hashed == this {
		return false, nil
	}
	conn, id, _ := h.peer()
	g := chaincode.NewGateway(conn, id)
	have, err := g.QueryApproved(ctx, name, ContractName, d.Sequence)
	if err == nil && have.GetSource().GetLocalPackage().GetPackageId() == d.PackageID {
		return false, nil
	}
	err = explain(g.Approve(ctx, d))
	if err != nil && strings.Contains(err.Error(), onlyHash) {
		v.hashed = this
		return false, nil
	}
	return true, err
}

// onlyHash is how a peer says that it has the hash of what an organisation
// approved and not the words, as after it started anew: the hash is what the
// peer itself goes by, so the approval holds.
const onlyHash = "private data matching public hash version is not available"

// stepCommit commits the first definition once enough have approved it.
func (h *Home) stepCommit(ctx context.Context, name string, v *view) (bool, error) {
	if v.contract != nil {
		return false, nil
	}
	d, err := h.wanted(name, v)
	if err != nil {
		return false, err
	}
	n, of, err := h.readiness(ctx, d, v.config)
	if err != nil {
		return false, err
	}
	if n < channel.Majority(of) {
		return false, fault.New(fault.Unavailable, "%d of %d validators have approved the contract so far.", n, of)
	}
	conn, id, _ := h.peer()
	return true, explain(chaincode.NewGateway(conn, id).Commit(ctx, d))
}
