package embedded

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

// maxGroup is how many transactions share a commit at most.
const maxGroup = 64

var zeroHash [32]byte

// submit queues p and returns when it is answered. The first who comes works on
// the queue; when its own call is answered it passes the work on to the next in
// line, so there is no goroutine behind the callers.
func (l *Ledger) submit(ctx context.Context, p *pending) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		p.err = fault.New(fault.Unavailable, "The ledger is closed.")
		return
	}
	l.queue = append(l.queue, p)
	lead := !l.leading
	l.leading = true
	l.mu.Unlock()
	if !lead && !<-p.turn {
		return
	}
	l.mu.Lock()
	n := min(len(l.queue), maxGroup)
	group := slices.Clone(l.queue[:n])
	l.queue = slices.Delete(l.queue, 0, n)
	l.mu.Unlock()

	l.commit(context.WithoutCancel(ctx), group)

	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range group {
		if q != p {
			close(q.turn)
		}
	}
	if l.leading = len(l.queue) > 0; l.leading {
		l.queue[0].turn <- true
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// commit runs the group one after another in one SQLite transaction. A refused
// call leaves no trace; a failing file fails the whole group (Unavailable).
func (l *Ledger) commit(ctx context.Context, group []*pending) {
	before := l.head
	err := l.inTransaction(ctx, func() error {
		for _, p := range group {
			if err := l.run(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return
	}
	l.head = head{known: false}
	if before.known && errors.Is(err, errRolledBack) {
		l.head = before
	}
	for _, p := range group {
		p.result, p.err = ledger.Result{}, fault.Wrap(err, fault.Unavailable, "The ledger's file cannot be written. What had to be recorded waits and is sent again.")
	}
}

// errHash is the log's word for a record whose hash is not the one stored.
var errHash = errors.New("the stored hash is another")

// errRolledBack marks a failure after which the file is known to be unchanged.
var errRolledBack = errors.New("rolled back")

func (l *Ledger) inTransaction(ctx context.Context, do func() error) error {
	if _, err := l.conn.ExecContext(ctx, "begin immediate"); err != nil {
		return errors.Join(errRolledBack, err)
	}
	err := func() (err error) {
		if !l.head.known {
			if l.head, err = readHead(ctx, l.conn); err != nil {
				return err
			}
		}
		if err = do(); err != nil {
			return err
		}
		return l.step("before")
	}()
	if err == nil {
		if _, err = l.conn.ExecContext(ctx, "commit"); err == nil {
			return l.step("after")
		}
	}
	// A commit that failed may leave the transaction open; without one there is
	// nothing to roll back. Either way the head is read again.
	if _, back := l.conn.ExecContext(ctx, "rollback"); back == nil {
		return errors.Join(errRolledBack, err)
	}
	return err
}

// step is where tests let a commit fail; in service it does nothing.
func (l *Ledger) step(name string) error {
	if l.failure == nil {
		return nil
	}
	return l.failure(name)
}

// run executes one call and writes what it changed. Its error is the file's; the
// contract's refusal goes to p.
func (l *Ledger) run(ctx context.Context, p *pending) error {
	s, r, err := l.rehearsed(ctx, p)
	if err != nil {
		return err
	}
	if r.Status >= shim.ERRORTHRESHOLD {
		p.err = ledger.Refusal(r.Message)
		return nil
	}
	// A writing function returns the id of the transaction that recorded its
	// operation: this one, or an earlier one when the call is a repetition.
	p.result = ledger.Result{Tx: string(r.Payload)}
	if len(s.writes) == 0 && s.event == "" {
		return nil
	}
	rec := record{
		n: l.head.n + 1, id: s.id, at: p.at.UnixMilli(), creator: p.client.hash,
		args: encodeArgs(p.args), event: s.event, payload: s.payload, prev: l.head.hash,
	}
	for _, k := range s.sortedWrites() {
		rec.writes = append(rec.writes, write{k, s.writes[k]})
	}
	hash, err := rec.hash()
	if err != nil {
		return err
	}
	if err := l.stmt.write(ctx, &rec, hash, p.client.identity); err != nil {
		return err
	}
	l.head = head{known: true, n: rec.n, hash: hash, at: p.at}
	return nil
}

func (l *Ledger) rehearsed(ctx context.Context, p *pending) (*stub, *peer.Response, error) {
	id := txID(l.head.hash, p)
	state := l.stmt.reader(ctx)
	once := func() (*stub, *peer.Response) {
		s := &stub{state: state, channel: l.cfg.Channel, id: id, at: p.at, args: p.args, creator: p.client.identity, transient: p.transient}
		return s, invoke(l.cfg.Contract, s)
	}
	s, r := once()
	if l.cfg.Rehearse {
		s2, r2 := once()
		if diff := differ(s, s2, r, r2); diff != "" {
			return s, shim.Error(fmt.Sprintf("%s is not deterministic: two runs differ in %s", p.args[0], diff)), state.err
		}
	}
	return s, r, state.err
}

// differ names the first part in which two runs of one call differ, "" if none.
func differ(a, b *stub, ra, rb *peer.Response) string {
	switch {
	case ra.Status != rb.Status || ra.Message != rb.Message || !bytes.Equal(ra.Payload, rb.Payload):
		return "their answer"
	case a.event != b.event || !bytes.Equal(a.payload, b.payload):
		return "their event"
	case len(a.writes) != len(b.writes):
		return "the number of keys they write"
	}
	for _, k := range a.sortedWrites() {
		v, ok := b.writes[k]
		if !ok || (v == nil) != (a.writes[k] == nil) || !bytes.Equal(v, a.writes[k]) {
			return fmt.Sprintf("the key %q", k)
		}
	}
	return ""
}

// invoke runs the contract. A panic there is a defect of the contract and must
// not take the node down, nor those who wait.
func invoke(cc shim.Chaincode, s *stub) (r *peer.Response) {
	defer func() {
		if v := recover(); v != nil {
			r = shim.Error(fmt.Sprintf("the contract panicked: %v", v))
		}
	}()
	return cc.Invoke(s)
}

// record is one transaction as it is hashed.
type record struct {
	n       uint64
	id      string
	at      int64
	creator [32]byte
	args    []byte
	event   string
	payload []byte
	prev    [32]byte
	writes  []write // strictly ascending by key
}

type write struct {
	key string
	val []byte // nil: deleted
}

// hash is the SHA-256 of "9ten/ledgertx/v1\0" || previous 32 || number u64 ||
// id 32 || time u64 || SHA-256(creator) 32 || SHA-256(args) 32 || event str ||
// SHA-256(payload) 32 || list<(key u32 length and bytes, kind u8 (0 deleted, 1
// put), SHA-256(value) 32)>.
func (r *record) hash() ([32]byte, error) {
	id, err := hex.DecodeString(r.id)
	if err != nil || len(id) != sha256.Size || r.at < 0 {
		return zeroHash, errors.New("a transaction has no id, or no time")
	}
	w := wire.NewWriter("9ten/ledgertx/v1")
	w.Raw(r.prev[:])
	w.U64(r.n)
	w.Raw(id)
	w.U64(uint64(r.at))
	w.Raw(r.creator[:])
	sum := sha256.Sum256(r.args)
	w.Raw(sum[:])
	w.Str(r.event)
	sum = sha256.Sum256(r.payload)
	w.Raw(sum[:])
	w.Count(len(r.writes))
	for i, x := range r.writes {
		if i > 0 && x.key <= r.writes[i-1].key {
			return zeroHash, errors.New("a transaction's keys are not in order")
		}
		w.Blob([]byte(x.key))
		w.Bool(x.val != nil)
		sum = sha256.Sum256(x.val)
		w.Raw(sum[:])
	}
	b, err := w.Bytes()
	return sha256.Sum256(b), err
}

// encodeArgs writes list<u32 length, bytes>.
func encodeArgs(args [][]byte) []byte {
	var w wire.Writer
	w.Count(len(args))
	for _, a := range args {
		w.Blob(a)
	}
	b, _ := w.Bytes() // fails only on lists beyond 4 GiB, which memory refuses first
	return b
}

// decodeArgs reads what encodeArgs wrote of a call: the function comes first.
func decodeArgs(b []byte) ([]string, error) {
	tagged := append([]byte("args\x00"), b...) // a list has no tag of its own
	r := wire.NewReader("args", tagged)
	out := make([]string, r.Count(4))
	for i := range out {
		out[i] = string(r.Blob())
	}
	if len(out) == 0 {
		r.Fail("has no function")
	}
	return out, r.Done()
}

// txID names a transaction by its place, sender and content.
func txID(prev [32]byte, p *pending) string {
	d := sha256.New()
	d.Write([]byte("9ten/ledgertxid/v1\x00"))
	d.Write(prev[:])
	d.Write(p.client.hash[:])
	d.Write(encodeArgs(p.args))
	return hex.EncodeToString(d.Sum(nil))
}
