package block

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"sort"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// A History is a file of a channel's configurations, from the first block on, as
// WriteBlocks writes them. A member may make each of them as large as the channel
// takes, and as many as it likes: so one at a time is in memory, and there is no
// number that is too many.
type History struct {
	r  io.ReaderAt
	at []int64 // where each begins, and where the next one will
}

// NewHistory finds the blocks in a file of a size. What is not whole at the end is
// left out: whoever was writing it was stopped. It returns Invalid for a file that
// has none.
func NewHistory(r io.ReaderAt, size int64) (*History, error) {
	h := &History{r, []int64{0}}
	var head [binary.MaxVarintLen64]byte
	for h.End() < size {
		n, err := r.ReadAt(head[:], h.End())
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fault.Wrap(err, fault.Unavailable, "The channel's configurations cannot be read.")
		}
		length, used := binary.Uvarint(head[:n])
		switch {
		case used < 0 || used > 0 && length < sha256.Size || length > maxBlock: // a block names its data's hash
			return nil, errNoBlocks
		case used == 0 || h.End()+int64(used)+int64(length) > size:
			size = 0 // the end is not whole
		default:
			h.at = append(h.at, h.End()+int64(used)+int64(length))
		}
	}
	if h.Len() == 0 {
		return nil, errNoBlocks
	}
	return h, nil
}

// Len is how many there are, the first block among them.
func (h *History) Len() int { return len(h.at) - 1 }

// End is where the next one is to be written.
func (h *History) End() int64 { return h.at[len(h.at)-1] }

// First are the first n as they are in the file.
func (h *History) First(n int) io.Reader { return io.NewSectionReader(h.r, 0, h.at[n]) }

// Block is the one after i others.
func (h *History) Block(i int) (*cb.Block, error) {
	raw := make([]byte, h.at[i+1]-h.at[i])
	if _, err := h.r.ReadAt(raw, h.at[i]); err != nil && !errors.Is(err, io.EOF) {
		return nil, fault.Wrap(err, fault.Unavailable, "The channel's configurations cannot be read.")
	}
	_, used := binary.Uvarint(raw)
	b := new(cb.Block)
	if used <= 0 || proto.Unmarshal(raw[used:], b) != nil {
		return nil, errNoBlocks
	}
	return b, nil
}

// Newest is the last of them.
func (h *History) Newest() (*cb.Block, error) { return h.Block(h.Len() - 1) }

// Before is how many of them have a number below n.
func (h *History) Before(n uint64) (count int, err error) {
	count = sort.Search(h.Len(), func(i int) bool {
		b, failed := h.Block(i)
		err = errors.Join(err, failed)
		return failed != nil || b.GetHeader().GetNumber() >= n
	})
	return count, err
}

// Course is the way through a history, each configuration checked by the orderers
// of the one before.
func (h *History) Course() (*Course, error) {
	b, err := h.Block(0)
	if err != nil {
		return nil, err
	}
	first, err := First(b)
	return &Course{h: h, now: first, i: 1}, err
}

// A Course is somewhere in a history.
type Course struct {
	h    *History
	now  channel.Config
	next *channel.Config // that after i others, once it was checked
	i    int
}

// At goes on to the configuration by which block n is signed: the last before it.
// It returns Invalid with what does not hold on the way.
func (c *Course) At(n uint64) (channel.Config, error) {
	for c.i < c.h.Len() {
		if c.next == nil {
			b, err := c.h.Block(c.i)
			if err != nil {
				return c.now, err
			}
			next, err := Next(c.now, b)
			if err != nil {
				return c.now, err
			}
			c.next = &next
		}
		if c.next.Block >= n {
			return c.now, nil
		}
		c.now, c.next = *c.next, nil
		c.i++
	}
	return c.now, nil
}

// Last goes to the end.
func (c *Course) Last() (channel.Config, error) { return c.At(math.MaxUint64) }
