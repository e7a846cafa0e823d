package fabric

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/block"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// madeUp is a snapshot's folder that says what it is told to.
func madeUp(t *testing.T, name string, blocks ...*cb.Block) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "snapshot")
	state := sha256.Sum256(nil)
	meta, err := json.Marshal(Snapshot{Channel: name, Block: 9, Files: map[string]string{"public_state.data": hex.EncodeToString(state[:])}})
	if err != nil {
		t.Fatal(err)
	}
	var configs bytes.Buffer
	if err := block.WriteBlocks(&configs, blocks); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{snapshotMetadata: meta, snapshotConfigs: configs.Bytes(), "public_state.data": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// files are all below the node's data directory, and what home.json says.
func files(t *testing.T, h *Home) (list []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Dir(h.Dir()), func(path string, _ os.DirEntry, err error) error {
		list = append(list, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(h.Dir(), "home.json"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return append(list, string(b))
}

// A snapshot may be a stranger's. What it says of itself leads nowhere but to the
// node's own channel of the node's own network, and nothing is written before that
// is known.
func TestAStrangersSnapshotWritesNothing(t *testing.T) {
	member, foreign, newcomer := atHome(t, "a.example", time.Now), atHome(t, "b.example", time.Now), atHome(t, "c.example", time.Now)
	first := map[*Home]*cb.Block{}
	for _, h := range []*Home{member, foreign} {
		err := h.Found()
		if err == nil {
			first[h], err = h.First(channel.Name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	unnamed, zeros := madeUp(t, channel.Name, first[member]), madeUp(t, channel.Name, first[member])
	meta, err := json.Marshal(Snapshot{Channel: channel.Name, Block: 9})
	if err == nil {
		err = os.WriteFile(filepath.Join(unnamed, snapshotMetadata), meta, 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(zeros, snapshotConfigs), nil, 0o600)
	}
	if err == nil {
		err = os.Truncate(filepath.Join(zeros, snapshotConfigs), 1<<34) // nothing of it is on the disk
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		at   *Home
		dir  string
		kind fault.Kind
		says string
	}{
		"a path for a name":           {member, madeUp(t, "../../escape/x", first[member]), fault.Invalid, "which this node is not in"},
		"a channel it is not in":      {member, madeUp(t, "cluster-quay", first[member]), fault.Invalid, "which this node is not in"},
		"another network":             {member, madeUp(t, channel.Name, first[foreign]), fault.Invalid, "of another network"},
		"a node in no network":        {newcomer, madeUp(t, channel.Name, first[foreign]), fault.Conflict, "in no network"},
		"a path, in no network":       {newcomer, madeUp(t, "../../escape/x", first[foreign]), fault.Conflict, "in no network"},
		"one that names no files":     {member, unnamed, fault.Invalid, "names no files"},
		"configurations of zeros":     {member, zeros, fault.Invalid, "holds no blocks"},
		"a folder that is none of it": {member, t.TempDir(), fault.Invalid, "holds no snapshot"},
	} {
		before := files(t, x.at)
		if _, err := x.at.Restore(x.dir); !fault.Is(err, x.kind) || !strings.Contains(fault.Message(err), x.says) {
			t.Errorf("%s: %v", name, err)
		}
		if after := files(t, x.at); !slices.Equal(before, after) {
			t.Errorf("%s: it left %v, where there was %v", name, after, before)
		}
	}
	if err := newcomer.Found(); err != nil {
		t.Errorf("it can found no network any more: %v", err)
	}
	// The node's own is taken.
	if _, err := member.Restore(madeUp(t, channel.Name, first[member])); err != nil {
		t.Error(err)
	}
	if member.rec.Restore == nil || member.rec.Restore.Channel != channel.Name || filepath.Dir(member.rec.Restore.From) != member.Dir() {
		t.Errorf("it restores %+v", member.rec.Restore)
	}
}

// A first block is of the channel that it is taken for.
func TestAFirstBlockOfAnotherChannel(t *testing.T) {
	h := atHome(t, "a.example", time.Now)
	own, err := h.IntroduceByFile("")
	if err != nil {
		t.Fatal(err)
	}
	first, err := channel.Founding{Channel: "cluster-quay", Founders: []channel.Founder{{Member: own.Member, Consenter: *own.Orderer}}}.Genesis(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	before := files(t, h)
	if err := h.Take(channel.Name, first); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "cluster-quay") {
		t.Errorf("another channel's first block: %v", err)
	}
	if after := files(t, h); !slices.Equal(before, after) || h.Phase() != Alone {
		t.Errorf("it is %q and left %v", h.Phase(), after)
	}
}

// What the peer wrote is there until it was copied whole: a copy that fails can be
// made again, and one that succeeds leaves nothing.
func TestASnapshotIsHandedOutOnce(t *testing.T) {
	h := atHome(t, "a.example", time.Now)
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	first, err := h.First(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	if from, err := h.finished(channel.Name, 9); err != nil || from != "" {
		t.Errorf("before the peer wrote any: %q, %v", from, err)
	}
	made, kept := madeUp(t, channel.Name, first), h.child.Snapshots(channel.Name)
	for _, block := range []string{"8", "9"} {
		if err := os.CopyFS(filepath.Join(kept, block), os.DirFS(made)); err != nil {
			t.Fatal(err)
		}
	}
	from, err := h.finished(channel.Name, 9)
	if err != nil || from != filepath.Join(kept, "9") {
		t.Fatalf("the one of block 9 is %q, %v", from, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, to := range map[string]string{"in a file": filepath.Join(file, "snapshot"), "damaged": filepath.Join(t.TempDir(), "damaged")} {
		source := from
		if what == "damaged" {
			source = t.TempDir()
		}
		if _, err := h.handOut(source, to, strings.NewReader("")); err == nil {
			t.Errorf("a copy %s succeeded", what)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("half a copy is left %s", what)
		}
		if again, err := h.finished(channel.Name, 9); err != nil || again != from {
			t.Errorf("after a copy %s the peer's is %q, %v", what, again, err)
		}
	}
	to := filepath.Join(t.TempDir(), "snapshot")
	if s, err := h.handOut(from, to, strings.NewReader("configurations")); err != nil || s.Block != 9 {
		t.Errorf("handed out: %+v, %v", s, err)
	}
	if left, err := h.finished(channel.Name, 0); err != nil || left != "" {
		t.Errorf("the peer keeps %q, %v", left, err)
	}
	if b, err := os.ReadFile(filepath.Join(to, snapshotConfigs)); err != nil || string(b) != "configurations" {
		t.Errorf("the configurations are %q, %v", b, err)
	}
}

// Who founded a network alone can sign another history of it for ever. A snapshot
// that brings one replaces nothing that the node has verified.
func TestASnapshotOfAnotherHistory(t *testing.T) {
	h := atHome(t, "a.example", time.Now)
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	first, err := h.First(channel.Name)
	if err != nil {
		t.Fatal(err)
	}
	at := func(number, sequence uint64) *cb.Block { return configAt(t, first, number, sequence, channel.Name, h) }
	own := at(9, 1)
	var kept bytes.Buffer
	if err := block.WriteBlocks(&kept, []*cb.Block{first, own}); err != nil {
		t.Fatal(err)
	}
	if err := h.write(configsFile(channel.Name), kept.Bytes()); err != nil {
		t.Fatal(err)
	}
	for what, theirs := range map[string][]*cb.Block{
		"a longer one":  {first, at(10, 1), at(20, 2)},
		"a shorter one": {first, at(10, 1)},
	} {
		dir := madeUp(t, channel.Name, theirs...)
		before := files(t, h)
		if _, err := h.Restore(dir); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "other configurations") {
			t.Errorf("%s: %v", what, err)
		}
		saved := histories(t, h)
		if after := files(t, h); len(saved) != 2 || !same(saved[1], own) || !slices.Equal(before, after) {
			t.Errorf("%s: %d are kept", what, len(saved))
		}
	}
	if _, err := h.Restore(madeUp(t, channel.Name, first, own, at(20, 2))); err != nil {
		t.Errorf("one that goes on from its own: %v", err)
	}
	if saved := histories(t, h); len(saved) != 3 {
		t.Errorf("%d are kept", len(saved))
	}
}

// The peer is one for all channels. While it stands still to start anew, none of
// them has it started; and what a node has left it does not restore any more.
func TestNoChannelStartsAPeerThatIsToStandStill(t *testing.T) {
	h := atHome(t, "a.example", time.Now)
	if err := h.Found(); err != nil {
		t.Fatal(err)
	}
	if err := h.FoundCluster("north"); err != nil {
		t.Fatal(err)
	}
	north := contract.ClusterChannel("north")
	restores := func(name string) string {
		t.Helper()
		first, err := h.First(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Restore(madeUp(t, name, first)); err != nil {
			t.Fatal(err)
		}
		return h.rec.Restore.From
	}
	wanted := func(when string, peer bool) {
		t.Helper()
		for _, name := range []string{channel.Name, north} {
			if _, err := h.wantChildren(t.Context(), name, new(view)); err != nil {
				t.Fatal(err)
			}
		}
		if is := h.child.Wanted(child.Peer); is != peer || !h.child.Wanted(child.Orderer) {
			t.Errorf("%s the peer is wanted: %v", when, is)
		}
	}
	wanted("before", true)
	for _, name := range []string{channel.Name, north} {
		copied := restores(name)
		if err := h.child.Remove(child.Peer); err != nil {
			t.Fatal(err)
		}
		wanted(name+" is to be restored:", false)
		if did, err := h.stepRestore(t.Context(), name, nil); !did || err != nil || !h.rec.Restore.Swapped {
			t.Errorf("%s: %+v, %v", name, h.rec.Restore, err)
		}
		wanted(name+" is being restored:", true)
		if _, err := os.Stat(copied); err != nil {
			t.Error(err)
		}
	}
	copied := restores(north)
	for _, r := range child.Roles {
		if err := h.child.Remove(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.leaveChannel(north); err != nil || h.rec.Restore != nil {
		t.Errorf("left, and restores %+v (%v)", h.rec.Restore, err)
	}
	if _, err := os.Stat(copied); !os.IsNotExist(err) {
		t.Errorf("what it left is there still: %v", err)
	}
	if _, err := h.wantChildren(t.Context(), channel.Name, new(view)); err != nil || !h.child.Wanted(child.Peer) {
		t.Errorf("after it left the peer is wanted: %v (%v)", h.child.Wanted(child.Peer), err)
	}
}
