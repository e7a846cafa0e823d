package fabric

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A yes is what was approved here. The ledger says so, too, but the peer that
// reads it out may be another member's, and whoever could add a word of this
// node's there could have it sign. So the node keeps its own, and signs again by
// it alone.
type yes struct {
	Channel  string                  `json:"channel"`
	Round    uint32                  `json:"round"`
	Proposal contract.IntentProposal `json:"proposal"` // what the intent's id names
	At       time.Time               `json:"at"`
}

// approvedFile is where they are kept until what they are about is concluded.
const approvedFile = "approved.json"

// names reports whether that is the approval of an intent.
func (y yes) names(channel string, id contract.Digest, round uint32) bool {
	mine, err := y.Proposal.ID()
	return err == nil && y.Channel == channel && mine == id && y.Round == round
}

// over reports whether nothing is to be signed for it any more: a configuration
// has it, or no intent is open for so long.
func (y yes) over(cfg channel.Config, now time.Time) bool {
	if now.Sub(y.At) > contract.IntentLife*time.Millisecond {
		return true
	}
	k, update := kinds[y.Proposal.Kind]
	if !update {
		return false
	}
	_, err := k.update(y.Channel, y.Proposal, cfg)
	return fault.Is(err, fault.Conflict)
}

// approved are all that are kept.
func (h *Home) approved() (all []yes, err error) {
	b, err := os.ReadFile(filepath.Join(h.cfg.Dir, approvedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err := org.Foreign(err, h.cfg.Dir); err != nil {
		return nil, err
	}
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	return all, fault.Wrap(err, fault.Invalid, "%s in %s cannot be read. Move it away and approve again what is open.", approvedFile, h.cfg.Dir)
}

// editApproved changes them; a command and the running node may both do it.
func (h *Home) editApproved(edit func([]yes) []yes) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.locked(func() error {
		all, err := h.approved()
		if err != nil {
			return err
		}
		b, err := json.MarshalIndent(edit(all), "", "  ")
		if err != nil {
			return err
		}
		return h.write(approvedFile, b)
	})
}

// remember keeps that an intent was approved here.
func (h *Home) remember(name string, i contract.Intent) error {
	p := i.IntentProposal
	p.Note = "" // anybody's, and no part of the id
	return h.editApproved(func(all []yes) []yes {
		all = slices.DeleteFunc(all, func(y yes) bool { return y.names(name, i.ID, y.Round) })
		return append(all, yes{Channel: name, Round: i.Round, Proposal: p, At: h.cfg.Now().UTC()})
	})
}

// forget drops what was approved of an intent.
func (h *Home) forget(name string, id contract.Digest) error {
	return h.editApproved(func(all []yes) []yes {
		return slices.DeleteFunc(all, func(y yes) bool { return y.names(name, id, y.Round) })
	})
}

// tidyApproved forgets what is over, by the configuration that the node verified
// or by what the ledger says; the peer that reads it out can only keep this node
// from signing. It returns what is left for a channel.
func (h *Home) tidyApproved(name string, cfg channel.Config, intent func(contract.Digest) (contract.Intent, error)) ([]yes, error) {
	all, err := h.approved()
	if err != nil {
		return nil, err
	}
	var left []yes
	for _, y := range all {
		if y.Channel != name {
			continue
		}
		id, err := y.Proposal.ID()
		if err != nil {
			return nil, err
		}
		i, err := intent(id)
		over := y.over(cfg, h.cfg.Now())
		switch {
		case over && fault.Is(err, fault.Unavailable):
			continue // it is signed no more, and looked at again: see lapsed
		case !over:
			over = err == nil && (i.Round > y.Round || i.Round == y.Round && i.State != contract.Open)
		}
		if !over {
			left = append(left, y)
		} else if err := h.forget(name, id); err != nil {
			return nil, err
		}
	}
	return left, nil
}
