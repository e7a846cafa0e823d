package fabric

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// stepAddress tells the network where this node's peer is, once it has moved: its
// own organisation's word is enough for that. Its orderer is another matter: who
// orders is decided by all who do, while it is there.
func (h *Home) stepAddress(ctx context.Context, name string, v *view) (bool, error) {
	own, err := h.Member()
	if err != nil || !v.config.Member(own.MSP) {
		return false, err
	}
	if err := h.orderersPlace(v.config); err != nil {
		return false, err
	}
	update, err := v.config.Update(name, channel.Move(own.MSP, own.Host, own.Port))
	if fault.Is(err, fault.Conflict) { // it is where it was
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, admin, _ := h.peer()
	sig, err := channel.Sign(admin, update)
	if err != nil {
		return false, err
	}
	h.cfg.Log.Info("this node has moved, and tells the network", "channel", name, "address", own.Address())
	return true, h.submit(ctx, name, update, []channel.Signature{sig}, v.config.Sequence)
}

// orderersPlace refuses an orderer that is somewhere else than the others know.
func (h *Home) orderersPlace(cfg channel.Config) error {
	is, orders := cfg.Orders(h.cfg.Node)
	if !orders {
		return nil
	}
	c, err := h.Consenter()
	if err != nil {
		return err
	}
	if is.Address() == c.Address() {
		return nil
	}
	_, err = cfg.Update(channel.Name, channel.ReplaceOrderer(c))
	return err
}
