package contract

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// entry is one value that is brought.
type entry struct {
	kind  string
	parts []string
	value []byte // JSON
}

// compare orders entries by kind, then by key.
func (e *entry) compare(o *entry) int {
	return cmp.Or(cmp.Compare(carriers[e.kind].rank, carriers[o.kind].rank), slices.Compare(e.parts, o.parts))
}

const tagChunk = "9ten/adoptionchunk/v1"

// encodeChunk writes "9ten/adoptionchunk/v1\0" || node str || chunk u32 ||
// list<(kind str, parts list<str>, value u32 length and bytes)>.
func encodeChunk(node string, n uint32, entries []entry) ([]byte, error) {
	w := wire.NewWriter(tagChunk)
	w.Str(node)
	w.U32(n)
	w.Count(len(entries))
	for _, e := range entries {
		w.Str(e.kind)
		w.Count(len(e.parts))
		for _, p := range e.parts {
			w.Str(p)
		}
		w.Blob(e.value)
	}
	return w.Bytes()
}

// parseChunk reads what encodeChunk wrote for a node and number.
func parseChunk(b []byte, node string, n uint32) ([]entry, error) {
	r := wire.NewReader(tagChunk, b)
	if r.Str() != node || r.U32() != n {
		r.Fail("is of another node, or another chunk")
	}
	out := make([]entry, r.Count(10))
	for i := range out {
		e := &out[i]
		e.kind = r.Str()
		e.parts = make([]string, r.Count(2))
		for j := range e.parts {
			e.parts[j] = r.Str()
		}
		e.value = r.Blob()
	}
	return out, r.Done()
}

// A Source walks over a node's own ledger: every call it recorded, in order, and
// every value of its state by key. It returns where the ledger stands, and
// refuses one that does not verify.
type Source func(call func(fn string, args []string) error, value func(key string, value []byte) error) (ledger.Status, error)

// Packed is what a node brings from its own ledger, ready to be sent.
type Packed struct {
	Filing AdoptionFiling
	Chunks [][]byte
}

// Pack reads what belongs to a node from its own ledger, the same bytes however
// often it is read, and verifies it as the contract will. It is the way to check
// an adoption, too: the packed ledger has the hash that was adopted. Of a ledger
// on which nothing is recorded there are no chunks.
func Pack(node string, from Source) (Packed, error) {
	p := packer{node: node, commits: map[string]Digest{}, reveals: map[string]royalty.Reveal{}}
	st, err := from(p.call, p.value)
	if err != nil || st.Height == 0 {
		return Packed{}, err
	}
	if err := p.beacon(); err != nil {
		return Packed{}, err
	}
	slices.SortFunc(p.entries, func(a, b entry) int { return a.compare(&b) })
	out := Packed{Filing: AdoptionFiling{Node: node, Head: st.Head, Height: st.Height}}
	if out.Filing.At, err = p.latest(millis(st.At)); err != nil {
		return Packed{}, err
	}
	if err := out.cut(p.entries); err != nil {
		return Packed{}, err
	}
	return out, out.Verify(out.Filing.At)
}

// latest is the last date in what is packed. It is the last transaction's, except
// where the clock went back, as that of a demonstration does.
func (p *packer) latest(at uint64) (uint64, error) {
	m := newMoved(p.node, math.MaxUint64)
	for i := range p.entries {
		if err := m.take(&p.entries[i]); err != nil {
			return 0, err
		}
	}
	for _, k := range slices.Concat(m.entry.Log, m.entry.Settlement) {
		at = max(at, k.From)
	}
	return max(at, m.latest), nil
}

// Verify holds what is packed against its hash and against itself, as of a time.
func (p *Packed) Verify(now uint64) error {
	_, err := verifyAdoption(&p.Filing, p.Chunks, now)
	return err
}

// cut makes chunks that are as large as they may be.
func (p *Packed) cut(entries []entry) error {
	const frame = 1 << 10 // more than tag, node and numbers take
	var hashes []Digest
	for len(entries) > 0 {
		n, size := 0, frame
		for n < len(entries) && (n == 0 || size+entries[n].size() <= AdoptionChunk) {
			size += entries[n].size()
			n++
		}
		b, err := encodeChunk(p.Filing.Node, uint32(len(p.Chunks)), entries[:n])
		if err != nil {
			return err
		}
		p.Chunks, hashes, entries = append(p.Chunks, b), append(hashes, sha256.Sum256(b)), entries[n:]
	}
	p.Filing.Chunks = uint32(len(p.Chunks))
	var err error
	p.Filing.Hash, err = p.Filing.Over(hashes)
	return err
}

func (e *entry) size() int {
	n := 10 + len(e.kind) + len(e.value)
	for _, p := range e.parts {
		n += 2 + len(p)
	}
	return n
}

// packer picks what belongs to a node.
type packer struct {
	node    string
	entries []entry
	acts    []Act
	head    *logHead
	chain   *beaconHead
	commits map[string]Digest         // by day
	reveals map[string]royalty.Reveal // by day
}

func (p *packer) add(kind string, value []byte, parts ...string) {
	p.entries = append(p.entries, entry{kind, parts, slices.Clone(value)})
}

// call keeps the lines of payout batches, which the state has not.
func (p *packer) call(fn string, args []string) error {
	if fn != "FixPayoutBatch" || len(args) < 2 {
		return nil
	}
	var in BatchLines
	if err := decode(args[1], &in); err != nil || in.Node != p.node {
		return err
	}
	b, err := json.Marshal(in.Lines)
	p.add("lines", b, in.Node, periodKey(in.Period), chunkKey(in.Chunk))
	return err
}

// value keeps one of the state, if it is the node's.
func (p *packer) value(key string, value []byte) error {
	if len(key) < 2 || key[0] != 0 {
		return nil
	}
	all := strings.Split(strings.Trim(key, "\x00"), "\x00")
	kind, parts := all[0], all[1:]
	switch kind {
	case "act":
		var a Act
		if err := json.Unmarshal(value, &a); err != nil {
			return err
		}
		if a.Home == p.node {
			p.add(kind, value, parts...)
			p.acts = append(p.acts, a)
		}
	case "merge": // its acts come before it, by key
		own := func(a string) bool {
			return slices.ContainsFunc(p.acts, func(x Act) bool { return string(x.ID) == a })
		}
		var m merge
		if err := json.Unmarshal(value, &m); err != nil {
			return err
		}
		if own(parts[0]) && own(string(m.Into)) {
			p.add("ownmerge", value, p.node, parts[0])
		}
	case "beacon":
		var b Beacon
		if err := json.Unmarshal(value, &b); err != nil {
			return err
		}
		p.addBeacon(b.Day, value)
	case "beaconhead":
		return json.Unmarshal(value, &p.chain)
	case "commit", "reveal":
		var d Digest
		if err := json.Unmarshal(value, &d); err != nil || parts[1] != p.node {
			return err
		}
		if kind == "commit" {
			p.commits[parts[0]] = d
		} else {
			p.reveals[parts[0]] = royalty.Reveal{Node: p.node, R: royalty.Hash(d)}
		}
	case "log":
		if parts[0] != p.node {
			return nil
		}
		p.add(kind, value, parts...)
		return json.Unmarshal(value, &p.head)
	default:
		if _, ok := carriers[kind]; ok && parts[0] == p.node {
			p.add(kind, value, parts...)
		}
	}
	return nil
}

// addBeacon keeps that of a month's first day: it breaks the ties of the month
// before.
func (p *packer) addBeacon(d calendar.Day, value []byte) {
	if d == d.Period().Day(1) {
		p.add("ownbeacon", value, p.node, dayKey(d))
	}
}

// beacon ends the chain of beacons. Those of days that are only not fixed yet
// follow from what was revealed, since nobody else takes part; the commit that is
// still open is to be revealed at the new place.
func (p *packer) beacon() error {
	if p.head == nil || p.head.Open == 0 || p.chain == nil {
		return nil
	}
	o := ownOpen{Day: p.head.Open, Commit: p.commits[dayKey(p.head.Open)], Value: p.chain.Value}
	if o.Commit.zero() {
		return fault.New(fault.Invalid, "The commit of %s is gone.", o.Day)
	}
	for d := p.chain.Next; d < o.Day; d = d.Add(1) {
		var known []royalty.Reveal
		if r, ok := p.reveals[dayKey(d)]; ok {
			known = append(known, r)
		}
		v, err := royalty.Beacon(royalty.Hash(o.Value), known)
		if err != nil {
			return err
		}
		o.Value = Digest(v)
		b, err := json.Marshal(Beacon{d, o.Value, uint32(len(known))})
		if err != nil {
			return err
		}
		p.addBeacon(d, b)
	}
	b, err := json.Marshal(o)
	p.add("ownopen", b, p.node)
	return err
}
