package fabric

import (
	"net/netip"
	"os"
	"path/filepath"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A node's name in a network is the host of its address, and stays. Before an
// operator set one it is what every machine calls itself: whoever looks with the
// ledger's commands makes certificates in that name, which nobody must ever see.

// nameless reports whether a node has the name that every machine gives itself. One
// such as a.localhost was given by somebody who has several on a machine.
func nameless(node string) bool {
	a, err := netip.ParseAddr(node)
	return node == "localhost" || err == nil && (a.IsLoopback() || a.IsUnspecified())
}

// named refuses to show a nameless node to others.
func (h *Home) named() error {
	if !nameless(h.cfg.Node) {
		return nil
	}
	return fault.On("base_url", fault.Invalid, "This node is called %s, as every machine calls itself, and a network keeps the name it is given. Set base_url to the address by which others reach this node, such as https://music.example.", h.cfg.Node)
}

// nameFinding is what the doctor says of it.
func (h *Home) nameFinding() doctor.Finding {
	f := doctor.Finding{Name: "name", OK: true, Detail: "This node is " + h.cfg.Node + " to its network."}
	if nameless(h.cfg.Node) {
		f.OK, f.Detail = false, "This node is called "+h.cfg.Node+", as every machine calls itself."
		f.Remedy = "Set base_url to the address by which others reach it, such as https://music.example, before it founds a network or joins one."
	}
	return f
}

// rename moves away what was made while the node was nameless, so that it is made
// anew in the name it has now. No network knows of it: see [Home.named].
func (h *Home) rename() error {
	if nameless(h.cfg.Node) || h.rec.Phase != Alone {
		return nil
	}
	old, err := org.NameIn(h.cfg.Dir)
	if err != nil || !nameless(old) {
		return err
	}
	if blocks, err := filepath.Glob(filepath.Join(h.cfg.Dir, "channels", "*")); err != nil || len(blocks) > 0 {
		return err
	}
	to := h.cfg.Dir + "." + old + "-" + h.cfg.Now().UTC().Format("20060102T150405")
	if err := os.Rename(h.cfg.Dir, to); err != nil {
		return fault.Wrap(err, fault.Unavailable, "%s cannot be moved away.", h.cfg.Dir)
	}
	h.cfg.Log.Info("the node has a name now; what was made before is moved away", "name", h.cfg.Node, "before", old, "in", to)
	return h.makeDir()
}

func (h *Home) makeDir() error {
	err := os.MkdirAll(filepath.Join(h.cfg.Dir, "channels"), 0o700)
	return fault.Wrap(err, fault.Unavailable, "The ledger's folder %s cannot be made.", h.cfg.Dir)
}
