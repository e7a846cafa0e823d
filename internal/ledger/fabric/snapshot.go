package fabric

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/snapshot"
	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// A snapshot is a folder: what the channel's state was at a block, as Fabric's
// peer writes it, and beside that the configurations that lead there.

const (
	snapshotMetadata = "_snapshot_signable_metadata.json"
	snapshotConfigs  = "channel.configs"
)

// A Snapshot is what its folder says of it.
type Snapshot struct {
	Channel string            `json:"channel_name"`
	Block   uint64            `json:"last_block_number"`
	Hash    string            `json:"last_block_hash"`
	Files   map[string]string `json:"snapshot_files_raw_hashes"`
}

// Snapshot has the own peer write a channel's state as it is now into a folder
// that is not there yet. The peer goes on meanwhile.
func (h *Home) Snapshot(ctx context.Context, name, to string) (s Snapshot, err error) {
	if to == "" {
		return s, fault.New(fault.Invalid, "Name the folder for the snapshot.")
	}
	if _, err := os.Stat(to); err == nil {
		return Snapshot{}, fault.New(fault.Conflict, "%s is there already. Name a folder that is not.", to)
	}
	if h.far(name) {
		return Snapshot{}, errNoPeer
	}
	c, err := h.Client(name)
	if err != nil {
		return Snapshot{}, err
	}
	st, err := c.Status(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	if err := os.MkdirAll(to, 0o700); err != nil { // before the peer is asked to write
		return Snapshot{}, fault.Wrap(err, fault.Unavailable, "The snapshot cannot be written to %s.", to)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(to) // while it is empty
		}
	}()
	from, err := h.finished(name, st.Height-1)
	if err != nil {
		return Snapshot{}, err
	}
	if from == "" { // the peer refuses to write one that is there
		conn, admin, _ := h.peer()
		if err := snapshot.NewPeer(conn, admin).SubmitRequest(ctx, name, 0); err != nil {
			return Snapshot{}, explain(err)
		}
		if from, err = h.completed(ctx, name, st.Height-1); err != nil {
			return Snapshot{}, err
		}
	}
	k, err := h.configs(ctx, name)
	if err != nil {
		return Snapshot{}, err
	}
	defer k.Close()
	return h.handOut(from, to, k.First(k.Len()))
}

// handOut copies what the peer wrote, with the configurations, to a folder that is
// not there yet or empty. Then the peer's own is removed, and earlier ones that nobody
// came for: nobody else takes them away. When the copy fails that one stays, for
// whoever tries again, and nothing half is left.
func (h *Home) handOut(from, to string, configs io.Reader) (s Snapshot, err error) {
	err = os.CopyFS(to, os.DirFS(from))
	if err == nil {
		err = copyTo(filepath.Join(to, snapshotConfigs), configs)
	}
	if err == nil {
		s, err = ReadSnapshot(to)
	}
	if err != nil {
		return s, errors.Join(fault.Wrap(err, fault.Unavailable, "The snapshot cannot be written to %s.", to), os.RemoveAll(to))
	}
	parent := filepath.Dir(from)
	written, err := numbered(parent)
	for n, dir := range written {
		if n <= s.Block {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err != nil {
		h.cfg.Log.Warn("the peer's own copy of a snapshot is left behind", "in", parent, "err", err)
	}
	return s, nil
}

// copyTo writes what is read into a file.
func copyTo(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// finished is where the peer has written a snapshot of a block or a later one, ""
// where it has not.
func (h *Home) finished(name string, least uint64) (string, error) {
	written, err := numbered(h.child.Snapshots(name))
	for n, dir := range written {
		if n >= least {
			return dir, err
		}
	}
	return "", err
}

// numbered are the snapshots in a folder of the peer's, by their last block.
func numbered(parent string) (map[uint64]string, error) {
	list, err := os.ReadDir(parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.Unavailable, "The peer's snapshots cannot be read.")
	}
	out := map[uint64]string{}
	for _, d := range list {
		if n, err := strconv.ParseUint(d.Name(), 10, 64); err == nil {
			out[n] = filepath.Join(parent, d.Name())
		}
	}
	return out, nil
}

// completed waits for that.
func (h *Home) completed(ctx context.Context, name string, least uint64) (string, error) {
	for {
		from, err := h.finished(name, least)
		if err != nil || from != "" {
			return from, err
		}
		select {
		case <-ctx.Done():
			return "", fault.Wrap(ctx.Err(), fault.Unavailable, "The peer has not finished the snapshot in time. It goes on; ask again.")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ReadSnapshot reads what a folder says of its snapshot and checks its files
// against it. It returns Invalid for what is none.
func ReadSnapshot(dir string) (s Snapshot, err error) {
	b, err := os.ReadFile(filepath.Join(dir, snapshotMetadata))
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return s, fault.Wrap(err, fault.Invalid, "%s holds no snapshot of a ledger.", dir)
	}
	if len(s.Files) == 0 {
		return s, fault.New(fault.Invalid, "The snapshot in %s names no files of its own.", dir)
	}
	for name, want := range s.Files {
		sum, err := sumOf(filepath.Join(dir, filepath.Base(name)))
		if err != nil {
			return s, fault.Wrap(err, fault.Invalid, "The snapshot in %s lacks its file %s.", dir, name)
		}
		if hex.EncodeToString(sum) != want {
			return s, fault.New(fault.Invalid, "The snapshot in %s was changed: its file %s is not what it was.", dir, name)
		}
	}
	return s, nil
}

// sumOf is the SHA-256 of a file, which may be larger than the memory: a ledger's
// state after years.
func sumOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return sum.Sum(nil), err
}

// mayRestore refuses to restore a channel that the node has no peer on. A
// snapshot says itself of which channel it is, and that becomes a file's name: it
// is one of the node's own, or nothing is written.
func (h *Home) mayRestore(name string) error {
	channels, err := h.lookAtRecord()
	switch {
	case err != nil:
		return err
	case h.Phase() != Joined:
		return fault.New(fault.Conflict, "This node is in no network, so it has no ledger to restore. Join first: `9ten ledger request-join`.")
	case !slices.Contains(channels, name):
		return fault.New(fault.Invalid, "The snapshot is of a channel %q, which this node is not in.", name)
	case h.far(name):
		return errNoPeer
	}
	return nil
}

// Restore has the node's peer start anew from a snapshot, its own or another
// member's, when it runs next. What the peer had is kept beside it. Faults:
// Conflict when the node is in no network, Invalid for what is no snapshot of one
// of its channels; then nothing is written.
func (h *Home) Restore(from string) (Snapshot, error) {
	s, err := ReadSnapshot(from)
	if err != nil {
		return s, err
	}
	if err := h.mayRestore(s.Channel); err != nil {
		return s, err
	}
	if err := h.takeConfigs(s.Channel, from); err != nil {
		return s, err
	}
	to := filepath.Join(h.cfg.Dir, fmt.Sprintf("restore-%s-%d", s.Channel, s.Block))
	if err := os.RemoveAll(to); err != nil {
		return s, fault.Wrap(err, fault.Unavailable, "%s cannot be cleared.", to)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return s, fault.Wrap(err, fault.Unavailable, "The snapshot cannot be copied to %s.", to)
	}
	if err := os.Remove(filepath.Join(to, snapshotConfigs)); err != nil {
		return s, err
	}
	return s, h.change(func(r *record) { r.Restore = &restore{Channel: s.Channel, From: to} })
}

// takeConfigs keeps the configurations in a snapshot's folder that follow those the
// node has. It returns Invalid, and keeps none, for those of another history.
func (h *Home) takeConfigs(name, from string) error {
	theirs, err := openHistory(filepath.Join(from, snapshotConfigs))
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, fault.Invalid, "The snapshot in %s lacks the channel's configurations.", from)
	}
	if err != nil {
		return err
	}
	defer theirs.Close()
	ours, err := h.history(name)
	if err != nil {
		return err
	}
	defer ours.Close()
	course, err := theirs.Course()
	if err == nil {
		_, err = course.Last()
	}
	if err != nil {
		return err
	}
	var last *cb.Block
	for i := range min(ours.Len(), theirs.Len()) { // both were signed, and still only one is this network's
		own, err := ours.Block(i)
		if err != nil {
			return err
		}
		if last, err = theirs.Block(i); err != nil {
			return err
		}
		switch {
		case same(own, last) && (i > 0 || bytes.Equal(channel.EncodeBlock(own), channel.EncodeBlock(last))):
		case i == 0:
			return fault.New(fault.Invalid, "The snapshot in %s is of another network with a channel %s.", from, name)
		default:
			return fault.New(fault.Invalid, "The snapshot in %s has other configurations than this node has seen: it is not of this network's history.", from)
		}
	}
	now, err := channel.Read(last)
	for i := ours.Len(); err == nil && i < theirs.Len(); i++ { // the file may be another by now
		var b *cb.Block
		if b, err = theirs.Block(i); err != nil {
			break
		}
		if now, err = block.Next(now, b); err == nil {
			err = h.keep(name, b)
		}
	}
	return err
}

// restore is a restoration under way.
type restore struct {
	Channel string `json:"channel"`
	From    string `json:"from"`
	Swapped bool   `json:"swapped"` // the peer's old data are out of the way
}

// standsStill reports whether the peer must not run, on whatever channel it is
// wanted: its data are about to be moved away. A node that has become a client of
// the channel meanwhile has nothing to restore there.
func (h *Home) standsStill() bool {
	h.mu.Lock()
	r := h.rec.Restore
	h.mu.Unlock()
	return r != nil && !r.Swapped && !h.far(r.Channel)
}

// stepRestore takes the peer's data out of the way and has it join by the
// snapshot. It may be broken off anywhere and goes on.
func (h *Home) stepRestore(ctx context.Context, name string, _ *view) (bool, error) {
	h.mu.Lock()
	r := h.rec.Restore
	sup := h.sup
	h.mu.Unlock()
	if r == nil || r.Channel != name {
		return false, nil
	}
	if !r.Swapped {
		if err := h.child.Remove(child.Peer); err != nil {
			return false, err
		}
		h.wakeChildren()
		if sup != nil && !sup.Ended(child.Peer) {
			return true, nil // it still runs, or starts
		}
		data := h.child.Data(child.Peer)
		if _, err := os.Stat(data); err == nil {
			old := fmt.Sprintf("%s.before-%s", data, h.cfg.Now().UTC().Format("20060102T150405"))
			if err := os.Rename(data, old); err != nil {
				return false, fault.Wrap(err, fault.Unavailable, "The peer's old data cannot be moved away.")
			}
			h.cfg.Log.Info("the peer starts anew from a snapshot; what it had is kept", "in", old)
		}
		return true, h.restores(*r, &restore{r.Channel, r.From, true})
	}
	if err := h.child.Write(child.Peer); err != nil {
		return false, err
	}
	h.wakeChildren()
	in, err := h.inChannel(ctx, name)
	if err != nil {
		return false, err
	}
	if !in {
		status := new(peer.JoinBySnapshotStatus)
		b, err := h.bySnapshot(ctx, "JoinBySnapshotStatus")
		if err == nil {
			err = proto.Unmarshal(b, status)
		}
		if err != nil || status.InProgress {
			return true, err
		}
		_, err = h.bySnapshot(ctx, "JoinChainBySnapshot", r.From)
		return true, err
	}
	if err := os.RemoveAll(r.From); err != nil {
		h.cfg.Log.Warn("the copied snapshot is left behind", "err", err)
	}
	return true, h.restores(*r, nil)
}

// restores notes how far a restoration is, nil for done; unless a command has asked
// for another meanwhile, or the node has left the channel.
func (h *Home) restores(was restore, next *restore) error {
	return h.change(func(r *record) {
		if r.Restore != nil && *r.Restore == was {
			r.Restore = next
		}
	})
}

// bySnapshot asks the own peer something that belongs to no channel.
func (h *Home) bySnapshot(ctx context.Context, args ...string) ([]byte, error) {
	conn, admin, hash := h.peer()
	b, err := h.cscc(ctx, place{conn, admin, hash, h.cfg.Node}, "", args...)
	if refused, ok := errors.AsType[*refusedError](err); ok {
		err = fault.Wrap(refused, fault.Unavailable, "The peer refused to start from the snapshot.")
	}
	return b, err
}
