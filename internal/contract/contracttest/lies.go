package contracttest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// lies are what a node might bring from a ledger that it wrote by hand. Each
// changes one thing that honest entries say, and has the hash that goes with it.
var lies = []lie{
	{"another's balance", "balance", func(e *brought) { e.parts[0] = "b.example" }},
	{"another's anchor", "anchor", func(e *brought) { e.swap(`"node":"a.example"`, `"node":"b.example"`) }},
	{"another's act", "act", func(e *brought) { e.swap(`"home":"a.example"`, `"home":"b.example"`) }},
	{"the network's beacon", "ownbeacon", func(e *brought) { e.kind = "beacon" }},
	{"an intent", "op", func(e *brought) { e.kind = "intent" }},
	{"a day not over", "anchor", func(e *brought) { e.swap(`"day":20`, `"day":30`); e.parts[1] = "30" + e.parts[1][2:] }},
	{"a log that shrinks", "anchor", func(e *brought) { e.swap(`"size":`, `"size":9`) }},
	{"a field of tomorrow", "operator", func(e *brought) { e.swap(`{`, `{"bonus":1,`) }},
	{"more for an act", "balance", func(e *brought) { e.value = bytes.ReplaceAll(e.value, []byte(`"micro":`), []byte(`"micro":1`)) }},
	{"a balance since never", "balance", func(e *brought) { e.swap(`"since":[`, `"since":[{"period":202001,"micro":1},`) }},
	{"a balance since last year", "balance", func(e *brought) { e.swap(`"period":20`, `"period":19`) }},
	{"more for a payee", "payees", func(e *brought) { e.swap(`"micro":`, `"micro":1`) }},
	{"a line of its own", "lines", func(e *brought) { e.swap(`["`, `["AAAA","`) }},
	{"a larger batch", "batch", func(e *brought) { e.swap(`"total":`, `"total":1`) }},
	{"other work", "batchwork", func(e *brought) { e.swap(`"plus":`, `"plus":1`) }},
	{"a payment that was not settled", "payments", func(e *brought) { e.swap(`"received":`, `"received":1`) }},
	{"more for the operator", "operator", func(e *brought) { e.swap(`"operator":`, `"operator":1`) }},
	{"a signature of nobody", "settlement", func(e *brought) { e.flip(`"signature":"`) }},
	{"a review that nobody made", "settlement", func(e *brought) { e.swap(`"attested":[]`, `"attested":["b.example"]`) }},
	{"another beacon", "ownbeacon", func(e *brought) { e.flip(`"value":"`) }},
	{"a correction nobody ordered", "correction", func(e *brought) { e.parts[1] = "202001" }},
	{"a merge with another's act", "ownmerge", func(e *brought) { e.swap(`"into":"01ARZ`, `"into":"00ARZ`) }},
	{"a fault elsewhere", "fault", func(e *brought) { e.parts[3] += "0" }},
	{"a node of another name", "node", func(e *brought) { e.swap(`"id":"a.example"`, `"id":"b.example"`) }},
}

type lie struct {
	what string
	kind string // of the first entry that is changed
	do   func(*brought)
}

// brought is an entry of a chunk.
type brought struct {
	kind  string
	parts []string
	value []byte
}

func (e *brought) swap(old, with string) {
	e.value = bytes.Replace(e.value, []byte(old), []byte(with), 1)
}

// flip changes the digit after a text.
func (e *brought) flip(text string) {
	digit := &e.value[bytes.Index(e.value, []byte(text))+len(text)]
	if *digit == '0' {
		*digit = '1'
	} else {
		*digit = '0'
	}
}

// tell packs the lie: the last entry of its kind is another.
func (l lie) tell(t *testing.T, p contract.Packed) contract.Packed {
	t.Helper()
	out := contract.Packed{Filing: p.Filing}
	chunks := make([][]brought, len(p.Chunks))
	var it *brought
	for n, b := range p.Chunks {
		chunks[n] = unpack(t, b)
		if !bytes.Equal(repack(t, uint32(n), chunks[n]), b) {
			t.Fatalf("two writers disagree on the bytes of chunk %d", n)
		}
		for i := range chunks[n] {
			if e := &chunks[n][i]; e.kind == l.kind {
				it = e
			}
		}
	}
	if it == nil {
		t.Fatalf("%s: there is no %s to change", l.what, l.kind)
	}
	before := fmt.Sprint(*it)
	l.do(it)
	if before == fmt.Sprint(*it) {
		t.Fatalf("%s: nothing changed", l.what)
	}
	for n, list := range chunks {
		out.Chunks = append(out.Chunks, repack(t, uint32(n), list))
	}
	seal(t, &out)
	return out
}

// seal gives what is packed the hash that goes with it.
func seal(t *testing.T, p *contract.Packed) {
	t.Helper()
	var hashes []contract.Digest
	for _, b := range p.Chunks {
		hashes = append(hashes, sha256.Sum256(b))
	}
	var err error
	p.Filing.Chunks = uint32(len(p.Chunks))
	p.Filing.Hash, err = p.Filing.Over(hashes)
	wants(t, "hash", err, fine)
}

// thin packs the same into n chunks.
func thin(t *testing.T, p contract.Packed, n int) contract.Packed {
	t.Helper()
	var all []brought
	for _, b := range p.Chunks {
		all = append(all, unpack(t, b)...)
	}
	out := contract.Packed{Filing: p.Filing}
	for list := range slices.Chunk(all, (len(all)+n-1)/n) {
		out.Chunks = append(out.Chunks, repack(t, uint32(len(out.Chunks)), list))
	}
	if len(out.Chunks) != n {
		t.Fatalf("%d entries give %d chunks", len(all), len(out.Chunks))
	}
	seal(t, &out)
	return out
}

// Garble changes what a node brings in thousands of places: most of it is refused
// and none of it stops the contract.
func Garble(t *testing.T) {
	own := OpenOwn(t, false)
	p := newAlone(t, own).own.pack(t)
	refused, tried := 0, 0
	for at := 0; at < len(p.Chunks[0]); at += 31 {
		for _, mask := range []byte{1, 0x10, 0xff} {
			in := contract.Packed{Filing: p.Filing, Chunks: [][]byte{bytes.Clone(p.Chunks[0])}}
			in.Chunks[0][at] ^= mask
			seal(t, &in)
			tried++
			if err := in.Verify(in.Filing.At); err != nil {
				refused++
			}
		}
	}
	if tried < 1000 || refused < tried/2 {
		t.Errorf("%d of %d changes are refused", refused, tried)
	}
	t.Logf("%d of %d changes are refused", refused, tried)
}

const tagChunk = "9ten/adoptionchunk/v1"

func unpack(t *testing.T, b []byte) []brought {
	t.Helper()
	r := wire.NewReader(tagChunk, b)
	r.Str()
	r.U32()
	out := make([]brought, r.Count(10))
	for i := range out {
		e := &out[i]
		e.kind = r.Str()
		e.parts = make([]string, r.Count(2))
		for j := range e.parts {
			e.parts[j] = r.Str()
		}
		e.value = bytes.Clone(r.Blob())
	}
	wants(t, "unpack", r.Done(), fine)
	return out
}

func repack(t *testing.T, n uint32, list []brought) []byte {
	t.Helper()
	w := wire.NewWriter(tagChunk)
	w.Str(home)
	w.U32(n)
	w.Count(len(list))
	for _, e := range list {
		w.Str(e.kind)
		w.Count(len(e.parts))
		for _, p := range e.parts {
			w.Str(p)
		}
		w.Blob(e.value)
	}
	b, err := w.Bytes()
	wants(t, "repack", err, fine)
	return b
}
