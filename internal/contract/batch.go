package contract

import (
	"crypto/sha256"
	"math/bits"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// BatchChunk is how many lines one call of FixPayoutBatch takes.
const BatchChunk = 200

// BatchLines is the argument of FixPayoutBatch: the lines of tree B in order.
// Every chunk is full but the last. A period without lines has one empty chunk.
type BatchLines struct {
	Node   string          `json:"node"`
	Period calendar.Period `json:"period"`
	Chunk  uint32          `json:"chunk"` // from 0
	Lines  [][]byte        `json:"lines"` // canonical bytes
}

// Batch is what a node owes its acts after a period, once all chunks are in.
type Batch struct {
	Node     string          `json:"node"`
	Period   calendar.Period `json:"period"`
	Fixed    bool            `json:"fixed"`
	Chunks   uint32          `json:"chunks"`   // taken so far
	Credited uint32          `json:"credited"` // lines of tree B so far
	Payees   uint32          `json:"payees"`   // acts that are paid
	Total    money.Micro     `json:"total"`
	Root     Digest          `json:"root"` // sum tree over the payees' lines, zeros for none
	Hash     Digest          `json:"hash"` // names the batch; zeros until it is fixed
	At       uint64          `json:"at"`
	Tx       string          `json:"tx"`
	// Adopted is when this was brought from the operator's own ledger, of which Tx
	// is; 0: it was recorded here.
	Adopted uint64 `json:"adopted,omitempty"`
}

// Payee is one line of a batch.
type Payee struct {
	Act     id.Act      `json:"act"`
	Address uint32      `json:"address"` // version of where it is paid
	Micro   money.Micro `json:"micro"`
}

// encode writes "9ten/payee/v1\0" || act str || address version u32 || micro u64.
func (p Payee) encode() ([]byte, error) {
	w := wire.NewWriter("9ten/payee/v1")
	w.Str(string(p.Act))
	w.U32(p.Address)
	w.I63(int64(p.Micro))
	return w.Bytes()
}

// hash is the SHA-256 of "9ten/batch/v1\0" || node str || period u32 || payees
// u32 || total u64 || root 32.
func (b *Batch) hash() (Digest, error) {
	w := wire.NewWriter("9ten/batch/v1")
	w.Str(b.Node)
	w.U32(uint32(b.Period))
	w.U32(b.Payees)
	w.I63(int64(b.Total))
	w.Raw(b.Root[:])
	out, err := w.Bytes()
	return sha256.Sum256(out), err
}

// batchWork is what the next chunk goes on from.
type batchWork struct {
	Last   id.Act      `json:"last"`
	Plus   money.Micro `json:"plus"`
	Minus  money.Micro `json:"minus"`
	Lines  edge        `json:"lines"`  // of tree B
	Payees edge        `json:"payees"` // of the batch
}

// edge is the right edge of a sum tree that is still growing: one node for each
// bit that is set in N.
type edge struct {
	N     uint64     `json:"n"`
	Nodes []edgeNode `json:"nodes"`
}

type edgeNode struct {
	Hash Digest      `json:"hash"`
	Sum  money.Micro `json:"sum"`
}

func (n edgeNode) node() royalty.SumNode {
	return royalty.SumNode{Hash: royalty.Hash(n.Hash), Sum: n.Sum}
}

func (e *edge) push(data []byte, micro money.Micro) (err error) {
	n := royalty.SumLeaf(data, micro)
	for range bits.TrailingZeros64(^e.N) {
		if n, err = royalty.SumOver(e.Nodes[len(e.Nodes)-1].node(), n); err != nil {
			return err
		}
		e.Nodes = e.Nodes[:len(e.Nodes)-1]
	}
	e.Nodes = append(e.Nodes, edgeNode{Digest(n.Hash), n.Sum})
	e.N++
	return nil
}

func (e *edge) root() (n royalty.SumNode, err error) {
	if e.N == 0 {
		return n, nil
	}
	n = e.Nodes[len(e.Nodes)-1].node()
	for i := len(e.Nodes) - 2; i >= 0; i-- {
		if n, err = royalty.SumOver(e.Nodes[i].node(), n); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Balance is what a node owes an act and has put into no batch.
type Balance struct {
	Act   id.Act      `json:"act"`
	Micro money.Micro `json:"micro"`
	// Since says by which periods it was credited, the oldest first. What an act
	// with a payout address has is the newest period's: it waits for nothing.
	Since []Credited `json:"since,omitempty"`
}

// Credited is what is left of a period's credit.
type Credited struct {
	Period calendar.Period `json:"period"`
	Micro  money.Micro     `json:"micro"`
}

// FixPayoutBatch credits the lines of a final settlement to the acts and turns
// balances that reach the minimum, of acts that have a payout address, into
// payees, chunk by chunk. The last chunk
// must complete the tree that was settled, root and sum; then the batch is fixed
// and has its hash. Faults: Forbidden, NotFound, Invalid when lines are not those
// settled, Conflict when the settlement is not final or the chunk is not next.
func (*Contract) FixPayoutBatch(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "FixPayoutBatch", op, arg, func(c *call, in *BatchLines) error {
		if _, err := c.own(in.Node, roleClient); err != nil {
			return err
		}
		s, b, w, err := c.openBatch(in)
		if err != nil {
			return err
		}
		want := min(BatchChunk, s.Lines-b.Credited)
		if uint64(len(in.Lines)) != uint64(want) {
			return fault.New(fault.Invalid, "Chunk %d has %d lines, not %d.", in.Chunk, want, len(in.Lines))
		}
		payees := []Payee{}
		for _, line := range in.Lines {
			p, err := c.credit(in, line, w)
			if err != nil {
				return err
			}
			if p != nil {
				payees = append(payees, *p)
			}
		}
		b.Chunks, b.Credited, b.Payees = b.Chunks+1, b.Credited+want, b.Payees+uint32(len(payees))
		b.At, b.Tx = c.now, c.tx
		if b.Credited == s.Lines {
			if err := b.fix(s, w); err != nil {
				return err
			}
		}
		pk := periodKey(in.Period)
		if err := c.put(payees, "payees", in.Node, pk, chunkKey(in.Chunk)); err != nil {
			return err
		}
		if err := c.put(w, "batchwork", in.Node, pk); err != nil {
			return err
		}
		if err := c.put(b, "batch", in.Node, pk); err != nil {
			return err
		}
		return c.announce("batch", b)
	})
}

// openBatch finds where the last chunk ended.
func (c *call) openBatch(in *BatchLines) (*royalty.Settlement, *Batch, *batchWork, error) {
	rec, err := c.settled(in.Node, in.Period)
	if err != nil {
		return nil, nil, nil, err
	}
	if rec.State != Final {
		return nil, nil, nil, fault.New(fault.Conflict, "The settlement of %s is not final.", in.Period)
	}
	s, err := rec.Parse()
	if err != nil {
		return nil, nil, nil, err
	}
	b := &Batch{Node: in.Node, Period: in.Period}
	if _, err := c.get(b, "batch", in.Node, periodKey(in.Period)); err != nil {
		return nil, nil, nil, err
	}
	w := &batchWork{}
	if _, err := c.get(w, "batchwork", in.Node, periodKey(in.Period)); err != nil {
		return nil, nil, nil, err
	}
	switch {
	case b.Fixed:
		return nil, nil, nil, fault.New(fault.Conflict, "The batch of %s is fixed already.", in.Period)
	case in.Chunk != b.Chunks:
		return nil, nil, nil, fault.New(fault.Conflict, "Chunk %d comes next, not %d.", b.Chunks, in.Chunk)
	}
	return &s, b, w, nil
}

// credit books one line to its act and returns the payee it makes, if any.
func (c *call) credit(in *BatchLines, data []byte, w *batchWork) (*Payee, error) {
	l, err := royalty.ParseLine(data)
	if err != nil {
		return nil, err
	}
	if l.Act <= w.Last {
		return nil, fault.New(fault.Invalid, "The line of %s is not in order.", l.Act)
	}
	w.Last = l.Act
	if err := w.Lines.push(data, l.Sum()); err != nil {
		return nil, err
	}
	if err := c.consume(in, &l, w); err != nil {
		return nil, err
	}
	bal := Balance{Act: l.Act}
	if _, err := c.get(&bal, "balance", in.Node, string(l.Act)); err != nil {
		return nil, err
	}
	if bal.Micro, err = sum(bal.Micro, l.Sum()); err != nil {
		return nil, err
	}
	if l.Sum() > 0 {
		bal.Since = append(bal.Since, Credited{in.Period, l.Sum()})
	}
	a, payable, err := c.payable(l.Act)
	if err != nil {
		return nil, err
	}
	least := max(a.MinPayout, c.parameters(in.Period).MinPayout, 1)
	if payable && bal.Micro > 0 && bal.Micro < least {
		bal.Since = []Credited{{in.Period, bal.Micro}}
	}
	var p *Payee
	if payable && bal.Micro >= least {
		p = &Payee{l.Act, a.Address, bal.Micro}
		bal.Micro, bal.Since = 0, nil
		b, err := p.encode()
		if err != nil {
			return nil, err
		}
		if err := w.Payees.push(b, p.Micro); err != nil {
			return nil, err
		}
	}
	return p, c.put(bal, "balance", in.Node, string(l.Act))
}

// consume holds a line's correction against the one ordered; what could not be
// taken waits for the next period.
func (c *call) consume(in *BatchLines, l *royalty.Line, w *batchWork) error {
	var x Correction
	found, err := c.get(&x, "correction", in.Node, periodKey(in.Period), string(l.Act))
	if err != nil {
		return err
	}
	if l.Plus != x.Plus || l.Minus > x.Minus {
		return fault.New(fault.Invalid, "The line of %s corrects by %s and %s, the ledger ordered %s and %s.", l.Act, l.Plus, l.Minus, x.Plus, x.Minus)
	}
	if w.Plus, err = sum(w.Plus, l.Plus); err != nil {
		return err
	}
	if w.Minus, err = sum(w.Minus, l.Minus); err != nil {
		return err
	}
	if rest := x.Minus - l.Minus; found && rest > 0 {
		return c.correct(in.Node, l.Act, Correction{Minus: rest})
	}
	return nil
}

// correct adds to what is ordered for an act in the first period that is not
// settled yet.
func (c *call) correct(node string, act id.Act, by Correction) error {
	var head settledHead
	if err := c.must(&head, node+" has settled no period yet.", "settled", node); err != nil {
		return err
	}
	p := periodKey(head.Last.Add(1))
	var x Correction
	if _, err := c.get(&x, "correction", node, p, string(act)); err != nil {
		return err
	}
	var err error
	if x.Plus, err = sum(x.Plus, by.Plus); err != nil {
		return err
	}
	if x.Minus, err = sum(x.Minus, by.Minus); err != nil {
		return err
	}
	return c.put(x, "correction", node, p, string(act))
}

// fix holds the lines against the settlement and names the batch.
func (b *Batch) fix(s *royalty.Settlement, w *batchWork) error {
	got, err := w.Lines.root()
	if err != nil {
		return err
	}
	if got.Hash != s.RootB || got.Sum != s.SumB || w.Plus != s.Plus || w.Minus != s.Minus {
		return fault.New(fault.Invalid, "The lines are not those of the settlement.")
	}
	all, err := w.Payees.root()
	if err != nil {
		return err
	}
	b.Fixed, b.Root, b.Total = true, Digest(all.Hash), all.Sum
	b.Hash, err = b.hash()
	return err
}

// GetBatch returns a node's [Batch] of a period, or NotFound.
func (*Contract) GetBatch(ctx Ctx, node, period string) (string, error) {
	return query(ctx, func(c *call) (b Batch, err error) {
		p, err := calendar.ParsePeriod(period)
		if err != nil {
			return b, err
		}
		return b, c.must(&b, node+" has no payout batch for "+p.String()+".", "batch", node, periodKey(p))
	})
}

// GetPayees returns the []Payee of all chunks of a batch, by act.
func (*Contract) GetPayees(ctx Ctx, node, period string) (string, error) {
	return query(ctx, func(c *call) ([]Payee, error) {
		out := []Payee{}
		p, err := calendar.ParsePeriod(period)
		if err != nil {
			return nil, err
		}
		err = each(c, "payees", []string{node, periodKey(p)}, func(_ []string, chunk []Payee) error {
			out = append(out, chunk...)
			return nil
		})
		return out, err
	})
}

// GetBalances returns the []Balance of a node's acts, by act.
func (*Contract) GetBalances(ctx Ctx, node string) (string, error) {
	return query(ctx, func(c *call) ([]Balance, error) {
		out := []Balance{}
		err := each(c, "balance", []string{node}, func(_ []string, b Balance) error {
			out = append(out, b)
			return nil
		})
		return out, err
	})
}

// GetBalance returns a node's [Balance] of one act, which may be nothing.
func (*Contract) GetBalance(ctx Ctx, node, act string) (string, error) {
	return query(ctx, func(c *call) (Balance, error) {
		b := Balance{Act: id.Act(act)}
		_, err := c.get(&b, "balance", node, act)
		return b, err
	})
}
