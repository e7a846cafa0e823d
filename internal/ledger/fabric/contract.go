package fabric

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/chaincode"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// ContractName is the contract's name on every channel.
const ContractName = "nineten"

// A Contract is one version of the contract that this binary can run. A network
// moves from one to the next at a block, so a binary serves both meanwhile.
type Contract struct {
	Version string // "1", "2" ...
	Code    shim.Chaincode
}

func (c Contract) label() string  { return ContractName + "_" + c.Version }
func (c Contract) socket() string { return "cc-" + c.Version + ".sock" }

// archive is the contract's package as peers install it. It names a socket and
// no code, relative to the peer's working directory: so it has the same id at
// every organisation, survives a move of the data directory and meets no limit
// of a path's length.
func (c Contract) archive() ([]byte, error) {
	conn, err := json.Marshal(map[string]any{"address": "unix:" + c.socket(), "dial_timeout": "10s", "tls_required": false})
	if err != nil {
		return nil, err
	}
	code, err := tgz(entry{"connection.json", conn})
	if err != nil {
		return nil, err
	}
	meta, err := json.Marshal(map[string]string{"type": child.PackageType, "label": c.label()})
	if err != nil {
		return nil, err
	}
	return tgz(entry{"metadata.json", meta}, entry{"code.tar.gz", code})
}

// id is the package's: label and hash.
func (c Contract) id() (string, error) {
	b, err := c.archive()
	return chaincode.GetPackageID(c.label(), b), err
}

type entry struct {
	name string
	body []byte
}

func tgz(files ...entry) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for _, f := range files {
		if err := t.WriteHeader(&tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.body))}); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.body); err != nil {
			return nil, err
		}
	}
	err := errors.Join(t.Close(), z.Close())
	return b.Bytes(), err
}

// serve answers the peer on the contract's socket in dir until ctx ends.
func (c Contract) serve(ctx context.Context, dir string) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	l, err := listen(dir, c.socket())
	if err != nil {
		return fmt.Errorf("the contract's socket: %w", err)
	}
	// The peer asks every minute whether the contract is there. A server hangs up
	// on who asks more than once in five, unless it is told otherwise; on this
	// socket nobody asks but the own peer.
	s := grpc.NewServer(grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Nanosecond, PermitWithoutStream: true}))
	peer.RegisterChaincodeServer(s, &shim.ChaincodeServer{CCID: id, CC: c.Code})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// The peer's stream never ends by itself, so there is nothing to wait for
	// but the calls under way.
	stopped := make(chan struct{})
	go func() { s.GracefulStop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(500 * time.Millisecond):
		s.Stop()
		<-stopped
	}
	<-done
	return nil
}

// listen makes a socket in a folder whose path may be longer than a socket's
// name may be: the kernel is given the open folder instead.
func listen(dir, name string) (net.Listener, error) {
	path := filepath.Join(dir, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	l, err := net.Listen("unix", fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), name))
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // its name leads nowhere once d is closed
	return l, os.Chmod(path, 0o600)
}
