package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-admin-sdk/pkg/chaincode"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// bare is a contract that does next to nothing: it reads a key and puts a value
// there. It is the yardstick of a transaction on Fabric.
type bare struct{}

const bareName = "bare"

func (bare) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }

func (bare) Invoke(s shim.ChaincodeStubInterface) *peer.Response {
	args := s.GetArgs()
	if len(args) != 3 {
		return shim.Error("put KEY VALUE")
	}
	key := string(args[1])
	_, err := s.GetState(key)
	if err == nil {
		err = s.PutState(key, args[2])
	}
	if err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success(nil)
}

// openBare serves the contract, and has it as each organisation sees it through
// Fabric's own gateway, once the peers know of each other that they have it.
func (all league) openBare(ctx context.Context, dir string) (books []*client.Contract, stop func(), err error) {
	var opened []func()
	closeAll := func() {
		for _, done := range slices.Backward(opened) {
			done()
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	ends, err := all.serveBare(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	opened = append(opened, ends)
	for i, o := range all {
		d, err := o.door()
		if err != nil {
			return nil, nil, err
		}
		opened = append(opened, func() { _ = d.conn.Close() })
		g, err := client.Connect(d.id, client.WithSign(d.id.Sign), client.WithHash(hash.NONE), client.WithClientConnection(d.conn), client.WithTLSClientCertificateHash(d.hash))
		if err != nil {
			return nil, nil, err
		}
		opened = append(opened, func() { _ = g.Close() })
		books = append(books, g.GetNetwork(channel.Name).GetContract(bareName))
		if err := put(ctx, books[i], fmt.Sprintf("first-%d", i)); err != nil {
			return nil, nil, err
		}
	}
	return books, closeAll, nil
}

// put has the bare contract put 64 characters under a key.
func put(ctx context.Context, c *client.Contract, key string) error {
	for {
		_, err := c.SubmitWithContext(ctx, "put", client.WithArguments(key, fmt.Sprintf("%64s", key)))
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// serveBare serves the contract to all peers of a network and defines it on their
// channel, by the commands of an operator of Fabric.
func (all league) serveBare(ctx context.Context, dir string) (stop func(), err error) {
	socket := filepath.Join(dir, "bare.sock")
	pkg := filepath.Join(dir, "bare.tar.gz")
	if err := chaincode.PackageCCAAS(chaincode.Connection{Address: "unix:" + socket, DialTimeout: "10s"}, chaincode.Metadata{Type: "ccaas", Label: bareName}, dir, filepath.Base(pkg)); err != nil {
		return nil, err
	}
	archive, err := os.ReadFile(pkg)
	if err != nil {
		return nil, err
	}
	id := chaincode.GetPackageID(bareName, archive)
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	s := grpc.NewServer()
	peer.RegisterChaincodeServer(s, &shim.ChaincodeServer{CCID: id, CC: bare{}})
	go func() { _ = s.Serve(l) }()
	def := &chaincode.Definition{ChannelName: channel.Name, PackageID: id, Name: bareName, Version: "1", Sequence: 1}
	if err := all.each(func(o *organisation) error {
		d, err := o.door()
		if err != nil {
			return err
		}
		defer d.conn.Close()
		if _, err := chaincode.NewPeer(d.conn, d.id).Install(ctx, bytes.NewReader(archive)); err != nil {
			return err
		}
		return chaincode.NewGateway(d.conn, d.id).Approve(ctx, def)
	}); err != nil {
		s.Stop()
		return nil, err
	}
	d, err := all[0].door()
	if err == nil {
		defer d.conn.Close()
		err = chaincode.NewGateway(d.conn, d.id).Commit(ctx, def)
	}
	if err != nil {
		s.Stop()
		return nil, err
	}
	return s.Stop, nil
}

// bareLoad is [league.load] with the bare contract, through Fabric's own gateway.
// Its bill is that of peers, orderers and clients: the nodes have no part in it.
func (all league) bareLoad(ctx context.Context, books []*client.Contract, turn int) (w work, err error) {
	self := node{cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
	bill := func() bill {
		b := all.spent()
		delete(b, "9ten")
		b["clients"] = self.cpu()
		return b
	}
	began, was := time.Now(), bill()
	var next atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	for range clients {
		g.Go(func() error {
			for {
				n := int(next.Add(1))
				if n > sent {
					return nil
				}
				if err := put(gctx, books[n%(len(all)-1)], fmt.Sprintf("bench-%d-%d", turn, n)); err != nil {
					return err
				}
			}
		})
	}
	err = g.Wait()
	return work{sent, time.Since(began), bill().since(was, nil, 0)}, err
}
