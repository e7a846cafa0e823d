package fabric

import (
	"bytes"
	"slices"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A network begins with one node, or with several that introduced themselves to
// the one that makes the first block: then nobody has to join afterwards. They
// hand each other files and need not reach each other for that.

// IntroduceByFile makes this node's request for a file that a person carries. It
// says more than one that is sent: whoever founds a network with this node learns
// what its orderer shows of itself.
func (h *Home) IntroduceByFile(note string) (Request, error) {
	r, err := h.Introduce(note)
	if err != nil {
		return r, err
	}
	c, err := h.Consenter()
	r.Orderer = &c
	return r, err
}

// Found makes a network of this node and those whose files it is given. With
// fewer than four this node alone orders, as it does at the start of a network of
// one. It returns Conflict when the node is in a network or asked to be, Invalid
// for files that cannot found one together.
func (h *Home) Found(with ...Request) error {
	if p := h.Phase(); p != Alone {
		return fault.New(fault.Conflict, "This node has a network already (%s). A second one would be another ledger; move the folder %s away if that is what you want.", p, h.cfg.Dir)
	}
	own, err := h.IntroduceByFile("")
	if err != nil {
		return err
	}
	founders, err := together(own, with)
	if err != nil {
		return err
	}
	if b, err := h.First(channel.Name); err == nil && foundedBy(b, founders) {
		return h.Take(channel.Name, b) // it died between the two things that Take writes
	}
	b, err := channel.Founding{Channel: channel.Name, Founders: founders}.Genesis(h.cfg.Now())
	if err != nil {
		return err
	}
	return h.Take(channel.Name, b)
}

// together are the founders of a network: this node first, then the others in
// the order of their files.
func together(own Request, with []Request) ([]channel.Founder, error) {
	all := append([]Request{own}, with...)
	orderers := channel.Orderers(len(all))
	at := map[string]string{} // whose an address is
	var out []channel.Founder
	for i, r := range all {
		m := r.Member
		if i > 0 && m.MSP == own.Member.MSP {
			return nil, fault.New(fault.Invalid, "One of the files is this node's own. It founds the network anyway: give the files of the others.")
		}
		if slices.ContainsFunc(out, func(f channel.Founder) bool { return f.Member.MSP == m.MSP }) {
			return nil, fault.New(fault.Invalid, "%s founds the network twice.", m.MSP)
		}
		if err := m.Check(); err != nil {
			return nil, err
		}
		f := channel.Founder{Member: m}
		addresses := []string{m.Address()}
		if i < orderers {
			if r.Orderer == nil || r.Orderer.MSP != m.MSP {
				return nil, fault.New(fault.Invalid, "The file of %s does not say what its orderer shows of itself. Have it made again with `9ten ledger request-join --out`.", m.MSP)
			}
			f.Consenter = *r.Orderer
			addresses = append(addresses, f.Consenter.Address())
		}
		for _, a := range addresses {
			if at[a] != "" {
				return nil, fault.New(fault.Invalid, "%s and %s both say that they are reached at %s. Set ledger.fabric.host or ledger.fabric.port at one of them, and have its file made again.", at[a], m.MSP, a)
			}
			at[a] = m.MSP
		}
		out = append(out, f)
	}
	return out, nil
}

// foundedBy reports whether a first block is of a network that these founded, where
// they are now, and nobody else.
func foundedBy(b *cb.Block, founders []channel.Founder) bool {
	cfg, err := channel.Read(b)
	if err != nil {
		return false
	}
	members, err := cfg.Members()
	if err != nil || len(members) != len(founders) {
		return false
	}
	for _, f := range founders {
		if !slices.ContainsFunc(members, func(m channel.Member) bool {
			return m.MSP == f.Member.MSP && bytes.Equal(m.CA, f.Member.CA) && m.Address() == f.Member.Address()
		}) {
			return false
		}
		if is, orders := cfg.Orders(f.Member.MSP); orders && is.Address() != f.Consenter.Address() {
			return false
		}
	}
	return true
}

// recognises refuses a first block in which this node is somebody else: its
// servers could take no part, and nobody would be told why.
func (h *Home) recognises(cfg channel.Config) error {
	members, err := cfg.Members()
	if err != nil {
		return err
	}
	own, err := h.Member()
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.MSP == own.MSP && (!bytes.Equal(m.CA, own.CA) || !bytes.Equal(m.TLSCA, own.TLSCA)) {
			return fault.New(fault.Invalid, "The first block names %s with the fingerprint %s, but this node has %s: it was made from a file of another data directory.", m.MSP, m.Fingerprint(), own.Fingerprint())
		}
	}
	return nil
}
