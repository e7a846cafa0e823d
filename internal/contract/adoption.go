package contract

import (
	"crypto/sha256"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// A node that kept a ledger of its own brings what it recorded there before it
// records anything here, in four steps that nothing can be read from before the
// last: it says what it brings, stages it in chunks, has it verified as a whole
// (see [moved]), and has it applied chunk by chunk. What is applied says that it
// was recorded on the operator's own ledger.

const (
	// AdoptionChunk is how many bytes a chunk has at most.
	AdoptionChunk = 256 << 10
	maxChunks     = 128 // 32 MiB: all of it is in memory when it is verified
)

// The states of an adoption.
const (
	Staging  = "staging"
	Verified = "verified" // and being applied
	Adopted  = "adopted"
)

// AdoptionFiling is the argument of BeginAdoption: the end of the node's own
// ledger, and what is brought of it.
type AdoptionFiling struct {
	Node   string `json:"node"`
	Head   Digest `json:"head"`   // hash of its last transaction
	Height uint64 `json:"height"` // transactions
	At     uint64 `json:"at"`     // the last date in what is brought
	Chunks uint32 `json:"chunks"`
	Hash   Digest `json:"hash"` // see [AdoptionFiling.Over]
}

// Over is the hash that fixes an adoption: the SHA-256 of "9ten/adoption/v1\0"
// || node str || head 32 || height u64 || at u64 || list<SHA-256(chunk) 32>.
func (f *AdoptionFiling) Over(chunks []Digest) (Digest, error) {
	w := wire.NewWriter("9ten/adoption/v1")
	w.Str(f.Node)
	w.Raw(f.Head[:])
	w.U64(f.Height)
	w.U64(f.At)
	w.Count(len(chunks))
	for _, h := range chunks {
		w.Raw(h[:])
	}
	b, err := w.Bytes()
	return sha256.Sum256(b), err
}

// Adoption is what the ledger knows of it.
type Adoption struct {
	AdoptionFiling
	State string `json:"state"`
	Next  uint32 `json:"next,omitempty"` // chunk to be applied next
	// Applied are the transactions that wrote the chunks: what a chunk brought names
	// its own, for it is in that block that anybody finds it.
	Applied []string `json:"applied,omitempty"`
	// Verified dates what is brought, Done is since when the node records here.
	Verified uint64 `json:"verified,omitempty"`
	Done     uint64 `json:"done,omitempty"`
	// Day is the last that was anchored on the node's own ledger, 0 for none.
	Day calendar.Day `json:"day,omitempty"`
	Tx  string       `json:"tx"` // of the last step
}

// AdoptionData is the argument of StageAdoption.
type AdoptionData struct {
	Node  string `json:"node"`
	Chunk uint32 `json:"chunk"` // from 0
	Data  []byte `json:"data"`  // canonical bytes
}

// AdoptionRef is the argument of VerifyAdoption.
type AdoptionRef struct {
	Node string `json:"node"`
}

// AdoptionStep is the argument of ApplyAdoption.
type AdoptionStep struct {
	Node  string `json:"node"`
	Chunk uint32 `json:"chunk"`
}

// BeginAdoption says what a node that is not registered yet brings from its own
// ledger. It may be begun anew until it is verified. Faults: Forbidden, Invalid,
// Conflict when the node is registered or an adoption is verified.
func (*Contract) BeginAdoption(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "BeginAdoption", op, arg, func(c *call, in *AdoptionFiling) error {
		if err := c.comes(in.Node); err != nil {
			return err
		}
		if in.Chunks == 0 || in.Chunks > maxChunks || in.Height == 0 || in.Head.zero() || in.Hash.zero() || in.At > c.now {
			return fault.New(fault.Invalid, "That is not the end of a ledger.")
		}
		var before Adoption
		if _, err := c.get(&before, "adoption", in.Node); err != nil {
			return err
		}
		if before.State == Verified {
			return fault.New(fault.Conflict, "What %s brings is verified already and has to be applied.", in.Node)
		}
		return c.keepAdoption(&Adoption{AdoptionFiling: *in, State: Staging})
	})
}

// comes refuses everybody but the administrator of a node that is not registered
// yet.
func (c *call) comes(node string) error {
	if err := c.administrates(node); err != nil {
		return err
	}
	var n Node
	found, err := c.get(&n, "node", node)
	if err == nil && found {
		err = fault.New(fault.Conflict, "%s is registered here already: what it recorded elsewhere can no longer be brought.", node)
	}
	return err
}

func (c *call) keepAdoption(a *Adoption) error {
	a.Tx = c.tx
	if err := c.put(a, "adoption", a.Node); err != nil {
		return err
	}
	return c.announce("adoption", a)
}

// adopting returns the caller's adoption in a state.
func (c *call) adopting(node, state string) (a Adoption, err error) {
	if err := c.comes(node); err != nil {
		return a, err
	}
	if err := c.must(&a, node+" brings nothing from a ledger of its own.", "adoption", node); err != nil {
		return a, err
	}
	if a.State != state {
		return a, fault.New(fault.Conflict, "What %s brings is %s.", node, a.State)
	}
	return a, nil
}

// StageAdoption keeps one chunk, in any order, for everybody to check. Faults:
// Forbidden, NotFound, Invalid, TooLarge, Conflict when it is verified already.
func (*Contract) StageAdoption(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "StageAdoption", op, arg, func(c *call, in *AdoptionData) error {
		a, err := c.adopting(in.Node, Staging)
		switch {
		case err != nil:
			return err
		case in.Chunk >= a.Chunks:
			return fault.New(fault.Invalid, "There are %d chunks, and none is number %d.", a.Chunks, in.Chunk)
		case len(in.Data) > AdoptionChunk:
			return fault.New(fault.TooLarge, "A chunk has at most %d bytes.", AdoptionChunk)
		}
		if _, err := parseChunk(in.Data, in.Node, in.Chunk); err != nil {
			return err
		}
		return c.put(in.Data, "adoptionchunk", in.Node, chunkKey(in.Chunk))
	})
}

// adopted is what VerifyAdoption leaves for the last chunk to apply.
type adopted struct {
	Node   Node    `json:"node"`
	Merges []alias `json:"merges"`
}

// VerifyAdoption holds all chunks against the hash and against each other: they
// are the node's own and contradict nothing that they say elsewhere. Faults:
// Forbidden, NotFound, Invalid with what does not hold, Conflict when it is
// verified already.
func (*Contract) VerifyAdoption(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "VerifyAdoption", op, arg, func(c *call, in *AdoptionRef) error {
		a, err := c.adopting(in.Node, Staging)
		if err != nil {
			return err
		}
		chunks := make([][]byte, a.Chunks)
		for n := range chunks {
			what := "Chunk " + chunkKey(uint32(n)) + " is missing."
			if err := c.must(&chunks[n], what, "adoptionchunk", a.Node, chunkKey(uint32(n))); err != nil {
				return err
			}
		}
		m, err := verifyAdoption(&a.AdoptionFiling, chunks, c.now)
		if err != nil {
			return err
		}
		if err := c.put(adopted{m.entry, m.merges}, "adopting", a.Node); err != nil {
			return err
		}
		a.State, a.Verified, a.Day = Verified, c.now, m.head.Day
		return c.keepAdoption(&a)
	})
}

// ApplyAdoption writes a chunk's values where the contract looks for them. What
// is there already stays, such as an act that has another home here. With the
// last chunk the node is registered. Faults: Forbidden, NotFound, Conflict when
// the chunk is not next.
func (*Contract) ApplyAdoption(ctx Ctx, op, arg string) (string, error) {
	return perform(ctx, "ApplyAdoption", op, arg, func(c *call, in *AdoptionStep) error {
		a, err := c.adopting(in.Node, Verified)
		if err != nil {
			return err
		}
		if in.Chunk != a.Next {
			return fault.New(fault.Conflict, "Chunk %d comes next, not %d.", a.Next, in.Chunk)
		}
		var data []byte
		if err := c.must(&data, "The chunk is missing.", "adoptionchunk", a.Node, chunkKey(in.Chunk)); err != nil {
			return err
		}
		entries, err := parseChunk(data, a.Node, in.Chunk)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := c.apply(&e, a.Verified); err != nil {
				return err
			}
		}
		a.Applied = append(a.Applied, c.tx)
		if a.Next++; a.Next == a.Chunks {
			a.State, a.Done = Adopted, c.now
			if err := c.enter(&a); err != nil {
				return err
			}
		}
		return c.keepAdoption(&a)
	})
}

// apply writes one entry unless there is something.
func (c *call) apply(e *entry, at uint64) error {
	k, ok := carriers[e.kind]
	if !ok {
		return fault.New(fault.Invalid, "Nobody brings a %q.", e.kind)
	}
	if k.value == nil {
		return nil
	}
	var there any
	if found, err := c.get(&there, e.kind, e.parts...); err != nil || found {
		return err
	}
	v, err := k.value(e.value, at, c.tx)
	if err != nil {
		return err
	}
	return c.put(v, e.kind, e.parts...)
}

// enter registers the node. What it merged counts for everybody from now on, and
// for its own earlier months as it did there.
func (c *call) enter(a *Adoption) error {
	node := a.Node
	var in adopted
	if err := c.must(&in, node+" brings nothing.", "adopting", node); err != nil {
		return err
	}
	for _, m := range in.Merges {
		var from, into Act
		var there merge
		if _, err := c.get(&from, "act", string(m.From)); err != nil {
			return err
		}
		if _, err := c.get(&into, "act", string(m.Into)); err != nil {
			return err
		}
		found, err := c.get(&there, "merge", string(m.From))
		if err != nil {
			return err
		}
		// Acts of the chunk that is applied now are not in the state yet, but
		// nobody else's either.
		if found || from.Home != "" && from.Home != node || into.Home != "" && into.Home != node {
			continue
		}
		if err := c.put(merge{m.Into, c.now}, "merge", string(m.From)); err != nil {
			return err
		}
	}
	in.Node.Adopted, in.Node.Cluster = a.Verified, ""
	if err := c.del("adopting", node); err != nil {
		return err
	}
	return c.put(in.Node, "node", node)
}

// GetAdoption returns what a node brought from its own ledger, an [Adoption], or
// NotFound.
func (*Contract) GetAdoption(ctx Ctx, node string) (string, error) {
	return query(ctx, func(c *call) (Adoption, error) {
		a, found, err := c.adoption(node)
		if err == nil && !found {
			err = fault.New(fault.NotFound, "%s brought nothing from a ledger of its own.", node)
		}
		return a, err
	})
}

func (c *call) adoption(node string) (a Adoption, found bool, err error) {
	found, err = c.get(&a, "adoption", node)
	return a, found, err
}

// GetAdoptionChunk returns the bytes of a chunk, or NotFound.
func (*Contract) GetAdoptionChunk(ctx Ctx, node, chunk string) (string, error) {
	return query(ctx, func(c *call) (data []byte, err error) {
		n, err := number(chunk)
		if err != nil {
			return nil, err
		}
		return data, c.must(&data, node+" brought no such chunk.", "adoptionchunk", node, chunkKey(n))
	})
}
