package fabric

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// The node keeps every configuration block of its channels: they lead from the
// first block to any other, and a peer that was restored from a snapshot has none
// from before it. They are few, unless a member wants otherwise: it may change its
// own part as often as there are blocks, and fill each up. So they are in a file
// that grows at its end, and are read one at a time.

// configsFile is where a channel's configurations are kept, from the first block
// on.
func configsFile(name string) string { return filepath.Join("channels", name+".configs") }

// A kept history is to be closed.
type kept struct {
	*block.History
	io.Closer
}

// openHistory opens a file of configurations.
func openHistory(path string) (k kept, err error) {
	f, err := os.Open(path)
	if err != nil {
		return k, fault.Wrap(err, fault.Unavailable, "The channel's configurations cannot be read.")
	}
	info, err := f.Stat()
	if err == nil {
		k.History, err = block.NewHistory(f, info.Size())
	}
	if k.Closer = f; err != nil {
		return k, errors.Join(err, f.Close())
	}
	return k, nil
}

// history are the configurations that the node keeps; the first block alone at the
// start.
func (h *Home) history(name string) (kept, error) {
	path := filepath.Join(h.cfg.Dir, configsFile(name))
	k, err := openHistory(path)
	if fault.Is(err, fault.Invalid) {
		err = fault.Wrap(err, fault.Unavailable, "%s is damaged. Move it away: the node reads the configurations of its channel from its peer again.", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	var b bytes.Buffer
	first, err := h.First(name)
	if err == nil {
		err = block.WriteBlocks(&b, []*cb.Block{first})
	}
	if err != nil {
		return k, err
	}
	k.History, err = block.NewHistory(bytes.NewReader(b.Bytes()), int64(b.Len()))
	k.Closer = io.NopCloser(nil)
	return k, err
}

// newest is the block of the newest configuration that the node has seen, at
// this start or before: who orders must not be guessed from the first again.
func (h *Home) newest(name string) (*cb.Block, error) {
	k, err := h.history(name)
	if err != nil {
		return nil, err
	}
	b, err := k.Newest()
	return b, errors.Join(err, k.Close())
}

// keep adds a configuration, which follows the newest that is kept and was checked
// by its orderers. The node and a command may both find it.
func (h *Home) keep(name string, b *cb.Block) error {
	return h.locked(func() error {
		k, err := h.history(name)
		if err != nil {
			return err
		}
		defer k.Close()
		newest, err := k.Newest()
		if err != nil || newest.GetHeader().GetNumber() >= b.GetHeader().GetNumber() {
			return err
		}
		path := filepath.Join(h.cfg.Dir, configsFile(name))
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			first, err := io.ReadAll(k.First(1))
			if err != nil {
				return err
			}
			if err := h.write(configsFile(name), first); err != nil {
				return err
			}
		}
		return fault.Wrap(add(path, k.End(), b), fault.Unavailable, "%s cannot be written.", path)
	})
}

// add writes a block into a file from a place on, where nothing whole is.
func add(path string, from int64, b *cb.Block) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = f.Truncate(from)
	if err == nil {
		_, err = f.Seek(from, io.SeekStart)
	}
	if err == nil {
		err = block.WriteBlocks(f, []*cb.Block{b})
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// configs are all configurations of a channel up to now, from its first block
// on, to be closed. New ones are fetched from the peer that is used, each checked
// by the orderers of the one before, and kept. Faults: Invalid for a peer that shows
// another channel than this node is in.
func (h *Home) configs(ctx context.Context, name string) (kept, error) {
	newest, err := h.configBlock(ctx, name)
	if err != nil {
		return kept{}, err
	}
	if _, err := h.verified(ctx, name, newest); err != nil {
		return kept{}, err
	}
	return h.history(name)
}

// verified is the newest configuration that the node keeps, once it keeps all up to
// the one that a peer shows as its newest. A peer that is behind is believed that it
// is, and the newer one is returned.
func (h *Home) verified(ctx context.Context, name string, newest *cb.Block) (*cb.Block, error) {
	last, err := h.newest(name)
	if err != nil {
		return nil, err
	}
	switch n := newest.GetHeader().GetNumber(); {
	case n > last.GetHeader().GetNumber():
		last, err = h.prolong(ctx, name, last, n)
	case !same(last, newest):
		err = h.passed(name, newest)
	}
	if fault.Is(err, fault.Invalid) && h.far(name) {
		h.shunned(name)
	}
	return last, err
}

// passed refuses a configuration that is not among those the node keeps.
func (h *Home) passed(name string, b *cb.Block) error {
	k, err := h.history(name)
	if err != nil {
		return err
	}
	defer k.Close()
	n := b.GetHeader().GetNumber()
	i, err := k.Before(n)
	if err != nil {
		return err
	}
	if i < k.Len() {
		ours, err := k.Block(i)
		if err != nil || same(ours, b) {
			return err
		}
	}
	return fault.New(fault.Invalid, "The peer shows another configuration in block %d than the channel has.", n)
}

// same reports whether two blocks are one. What is beside the header and the data
// each orderer and each peer write for themselves.
func same(a, b *cb.Block) bool {
	return proto.Equal(a.GetHeader(), b.GetHeader()) && proto.Equal(a.GetData(), b.GetData())
}

// prolong fetches the configurations after the last one up to block n, and checks
// and keeps one after the other: however many there are, none is fetched twice. It
// returns the newest.
func (h *Home) prolong(ctx context.Context, name string, last *cb.Block, n uint64) (*cb.Block, error) {
	now, err := channel.Read(last)
	if err != nil {
		return nil, err
	}
	c, err := h.Client(name)
	if err != nil {
		return nil, err
	}
	way, err := c.walkBack(ctx, now.Block, n, walked)
	for err == nil && now.Block < n {
		now, last, err = h.follows(ctx, name, now, way)
	}
	return last, err
}

// follows is the configuration after one, checked and kept.
func (h *Home) follows(ctx context.Context, name string, now channel.Config, way *trail) (channel.Config, *cb.Block, error) {
	at, err := way.after(ctx, now.Block)
	if err != nil {
		return now, nil, err
	}
	b, err := way.c.Block(ctx, at)
	if err != nil {
		return now, nil, err
	}
	if now, err = block.Next(now, b); err != nil {
		return now, nil, err
	}
	return now, b, h.keep(name, b)
}

// A trail is where a peer says that the configurations up to a block are. Nothing
// of it is believed yet.
type trail struct {
	c     *Client
	ahead []uint64 // the latest first
	from  uint64   // the one before those
}

// walked is how many configurations a trail goes back at once: what comes before is
// looked for one at a time. A peer that shows them without end is found out with the
// first that it invented, and what was found stays when a step's time is over.
const walked = 256

// walkBack goes back from configuration n to the last one that is known, or as many
// as that: the block before a configuration names the one before it.
func (c *Client) walkBack(ctx context.Context, last, n uint64, most int) (*trail, error) {
	t := &trail{c: c, from: n}
	for t.from > last && len(t.ahead) < most {
		t.ahead = append(t.ahead, t.from)
		var err error
		if t.from, err = c.configAt(ctx, t.from-1); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// configAt is the configuration that block n names, 0 where the peer does not have
// that block: configurations from before its snapshot came with that.
func (c *Client) configAt(ctx context.Context, n uint64) (uint64, error) {
	b, err := c.Block(ctx, n)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	at, err := block.LastConfig(b)
	if err == nil && at > n {
		err = fault.New(fault.Invalid, "Block %d that the peer shows names a later configuration.", n)
	}
	return at, err
}

// after is the configuration that follows another one.
func (t *trail) after(ctx context.Context, last uint64) (uint64, error) {
	if last < t.from {
		return t.between(ctx, last)
	}
	for len(t.ahead) > 0 {
		next := t.ahead[len(t.ahead)-1]
		if t.ahead = t.ahead[:len(t.ahead)-1]; next > last {
			return next, nil
		}
	}
	return 0, fault.New(fault.Invalid, "The peer shows other configurations than its blocks name.")
}

// between finds it where the trail does not lead back to it: the blocks after that one
// name it until there is the next.
func (t *trail) between(ctx context.Context, last uint64) (uint64, error) {
	lo, hi := last, t.from
	for lo+1 < hi {
		mid := lo + (hi-lo)/2
		at, err := t.c.configAt(ctx, mid)
		if err != nil {
			return 0, err
		}
		if at <= last {
			lo = mid
		} else {
			hi = at
		}
	}
	return hi, nil
}

// Chain is what shows, to anybody and offline, that a transaction is on a channel:
// all configurations before its block, and that, as a file that is to be closed. It
// returns NotFound for a transaction the own peer does not know.
func (h *Home) Chain(ctx context.Context, name, tx string) (io.ReadCloser, error) {
	c, err := h.Client(name)
	if err != nil {
		return nil, err
	}
	b, err := c.BlockOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	k, err := h.configs(ctx, name)
	if err != nil {
		return nil, err
	}
	n, err := k.Before(b.GetHeader().GetNumber())
	var end bytes.Buffer
	if err == nil {
		err = block.WriteBlocks(&end, []*cb.Block{b})
	}
	if err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(k.First(n), &end), k}, nil
}

// Verify walks a channel's blocks at the own peer from the first it has: that
// each is whole, follows the one before, and was signed by a quorum of those who
// ordered at the time. It returns the head it arrived at. Faults: Invalid names
// the first block that does not hold.
func (h *Home) Verify(ctx context.Context, name string) (ledger.Status, error) {
	c, err := h.Client(name)
	if err != nil {
		return ledger.Status{}, err
	}
	st, err := c.Status(ctx)
	if err != nil {
		return st, err
	}
	k, err := h.configs(ctx, name)
	if err != nil {
		return st, err
	}
	defer k.Close()
	course, err := k.Course()
	if err != nil {
		return st, err
	}
	from, err := c.oldest(ctx)
	if err != nil {
		return st, err
	}
	first, err := course.At(0)
	if err != nil {
		return st, err
	}
	before := first.Hash
	for n := max(from, 1); n < st.Height; n++ {
		b, err := c.Block(ctx, n)
		if err != nil {
			return st, err
		}
		// What was before the oldest is in a snapshot, whose files the peer checked.
		follows := bytes.Equal(b.GetHeader().GetPreviousHash(), before[:]) || n == from && n > 1
		if b.GetHeader().GetNumber() != n || !follows {
			return st, fault.New(fault.Invalid, "Block %d of the ledger does not follow the one before.", n)
		}
		cfg, err := course.At(n)
		if err != nil {
			return st, err
		}
		if err := block.Signed(b, cfg); err != nil {
			return st, err
		}
		before = block.Hash(b)
	}
	if st.Height > max(from, 1) {
		st.Head = before
	}
	_, err = course.Last()
	return st, err
}
