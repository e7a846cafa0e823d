package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/royalty"
)

// A file alone cannot know what stands on the ledger. There are three ways to
// hold it against that: a settlement saved before, any node of the network, or
// a block of its ledger, which needs nobody's word.

// lateDays is within how many days after a day its last row is in the log:
// claims are taken until the 4th of the month that follows.
const lateDays = 45

// against holds a report against the ledger as the flags say.
func (c *call) against(ctx context.Context, r *royalty.Report) error {
	switch {
	case c.opt.settlement != "":
		stands, err := settlementIn(c.opt.settlement)
		if err != nil {
			return err
		}
		r.Against(stands)
		return nil
	case c.opt.block != "":
		return c.againstBlock(r)
	case c.opt.from != "":
		return c.againstNode(ctx, r)
	}
	return nil
}

// againstNode asks a node of the network what its own copy of the ledger says.
func (c *call) againstNode(ctx context.Context, r *royalty.Report) error {
	base := strings.TrimRight(c.opt.from, "/") + api.Prefix + "/ledger/"
	if r.Log().Size == 0 {
		var s api.LedgerSettlement
		if err := askNode(ctx, base+"settlements/"+url.PathEscape(r.When)+"?node="+url.QueryEscape(r.Node), &s); err != nil {
			return err
		}
		r.Against(s.Settlement)
		return nil
	}
	first, err := calendar.ParseDay(r.When)
	if err != nil {
		return err
	}
	for d := first; d <= first.Add(lateDays); d = d.Add(1) {
		var a api.AnchoredDay
		err := askNode(ctx, base+"nodes/"+url.PathEscape(r.Node)+"/days/"+d.String(), &a)
		if fault.Is(err, fault.NotFound) || err == nil && a.Size < r.Log().Size {
			continue
		}
		if err != nil {
			return err
		}
		if a.Size == r.Log().Size && len(a.Root) == len(royalty.Hash{}) {
			r.AgainstLog(royalty.Hash(a.Root))
			return nil
		}
		break
	}
	return fault.New(fault.NotFound, "The ledger holds no state of the log of %s with %d leaves. Download the receipt anew once its day is on the ledger.", r.Node, r.Log().Size)
}

// askNode gets a JSON answer of a node.
func askNode(ctx context.Context, address string, into any) error {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return usagef("%s is no address of a node", address)
	}
	res, err := fabric.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, royalty.MaxFile))
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The node %s broke off its answer.", req.URL.Host)
	}
	if res.StatusCode != http.StatusOK {
		var p struct{ Detail string }
		_ = json.Unmarshal(b, &p) // a proxy in between may have answered
		kind := fault.Unavailable
		if res.StatusCode == http.StatusNotFound {
			kind = fault.NotFound
		}
		return fault.New(kind, "The node %s answered %d. %s", req.URL.Host, res.StatusCode, network.OneLine(p.Detail))
	}
	return fault.Wrap(json.Unmarshal(b, into), fault.Unavailable, "The node %s gave an answer that cannot be read.", req.URL.Host)
}

// againstBlock looks into a block of the network's ledger, offline: signed by a
// quorum of its orderers, the entry endorsed by a majority of its validators.
func (c *call) againstBlock(r *royalty.Report) error {
	f, err := os.Open(c.opt.block)
	if err != nil {
		return usagef("%s cannot be read: %v", c.opt.block, errors.Unwrap(err))
	}
	defer f.Close()
	p, err := block.Prove(block.Blocks(f), fabric.ContractName)
	if err != nil {
		return err
	}
	if name := p.Config().Channel; name != channel.Name {
		return fault.New(fault.Invalid, "The block is of the channel %q, not of a network's own.", name)
	}
	trust, err := c.pinned(p)
	if err != nil {
		return err
	}
	for _, t := range p.Txs {
		for _, w := range t.Writes {
			s, a, err := contract.Recorded(w.Key, w.Value)
			if err != nil {
				return err
			}
			switch {
			case s != nil && s.Node == r.Node && s.Period.String() == r.When:
				r.Against(s.Settlement)
			case a != nil && a.Node == r.Node && r.Log().Size > 0 && a.Size == r.Log().Size:
				r.AgainstLog(royalty.Hash(a.Root))
			default:
				continue
			}
			effect, err := effect(t.Tx)
			if err != nil {
				return err
			}
			cfg := p.Config()
			r.Notes = append(r.Notes, fmt.Sprintf("The entry is in block %d of the network %x, made by its configuration %d (block %d, %x): signed by %s orderers, endorsed by %s validators. %s %s",
				p.Block, p.First(), cfg.Sequence, cfg.Block, cfg.Hash, p.Signed, t.Endorsed, trust, effect))
			r.Verdict += " " + r.Notes[len(r.Notes)-1]
			return nil
		}
	}
	return fault.New(fault.Invalid, "That block holds nothing this file rests on.")
}

// pinned holds what a block shows against the hash that the reader trusts, and
// says whose word is taken.
func (c *call) pinned(p block.Proved) (string, error) {
	if c.opt.network == "" {
		return "Nothing says that this is the network you mean: compare a hash with a node you trust, or give it with --network.", nil
	}
	var hash [32]byte
	if b, err := hex.DecodeString(c.opt.network); err != nil || len(b) != len(hash) {
		return "", usagef("--network takes a hash of 64 hexadecimal digits, as 9ten ledger members shows it")
	} else {
		copy(hash[:], b)
	}
	cfg, ok := p.Through(hash)
	switch {
	case !ok:
		return "", fault.New(fault.Invalid, "The block is not of that network, or older than that configuration: neither the first block %x nor a configuration up to the block has the hash %x.", p.First(), hash)
	case cfg.Block == 0:
		return "Trusted from the first block on: who could order alone at the beginning could have made this.", nil
	}
	return fmt.Sprintf("Trusted from configuration %d on.", cfg.Sequence), nil
}

// effect says whether a transaction changed anything, as far as that can be known:
// each peer finds it, and no signature covers it.
func effect(t block.Tx) (string, error) {
	switch {
	case t.Valid():
		return "Whether it came in time is for each peer to find and signed by nobody; the peer that gave the file found it valid.", nil
	case t.Code == peer.TxValidationCode_NOT_VALIDATED:
		return "Whether it came in time is for each peer to find and signed by nobody; the file does not say: ask a node with --from.", nil
	}
	return "", fault.New(fault.Invalid, "The transaction changed nothing: the peer that gave the file found %s.", t.Code)
}
