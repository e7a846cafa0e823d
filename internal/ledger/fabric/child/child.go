// Package child runs the upstream Fabric commands, peer and orderer, as
// supervised children of the node: it writes what they are configured with,
// starts them, watches them, restarts them, passes on what they say and
// explains what keeps them from working. It knows their ports and their files
// and nothing of channels, members or the contract.
package child

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/michaelperna/9ten/internal/fault"
)

// A Role is what a child does in the network, and the name of its command and
// of its folder in the home.
type Role string

const (
	// Peer keeps the ledger and endorses; every node has one.
	Peer Role = "peer"
	// Orderer puts transactions into blocks; the elected nodes have one.
	Orderer Role = "orderer"
)

// Roles are both of them, in the order in which they stop, see [Supervisor.Run].
var Roles = [...]Role{Peer, Orderer}

// Config is one node's part of the network.
type Config struct {
	Home    string // absolute path of the node's Fabric home
	Bin     string // folder of the commands, see [Find]
	MSP     string // id of the node's organisation
	Host    string // under which other nodes reach the peer and the orderer
	Listen  string // address to bind, "" for all
	Port    int    // the first of the six, see [Ports]
	Channel string // whose height and relation an orderer is asked for
}

// Ports are the six of one node. The last four are for the node itself and
// bound to the loopback address whatever Config.Listen says.
type Ports struct {
	Peer, Orderer, Chaincode, Admin, PeerOperations, OrdererOperations int
}

// Ports returns the node's ports: six in a row.
func (c Config) Ports() Ports {
	p := c.Port
	return Ports{p, p + 1, p + 2, p + 3, p + 4, p + 5}
}

// Dir is the folder of a role in the home.
func (c Config) Dir(r Role) string { return filepath.Join(c.Home, string(r)) }

// Data is the folder in which a child keeps the ledger.
func (c Config) Data(r Role) string { return filepath.Join(c.Dir(r), "data") }

// WAL is the folder in which the orderer notes what it proposes on a channel. It
// stays when the orderer leaves the channel, and would be taken for that of another
// channel of the same name.
func (c Config) WAL(channel string) string { return filepath.Join(c.Data(Orderer), "wal", channel) }

// Snapshots is the folder in which the peer leaves finished snapshots of a channel,
// each in one named by its last block.
func (c Config) Snapshots(channel string) string {
	return filepath.Join(c.Dir(Peer), "snapshots", "completed", channel)
}

// Builder is the folder of the external builder, see [PackageType].
func (c Config) Builder() string { return filepath.Join(c.Home, "builder") }

// PeerAddress is how other nodes reach the peer.
func (c Config) PeerAddress() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Ports().Peer)) }

// loopback is the address of a port that is for this node alone.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// operations is where a child answers whether it is well.
func (c Config) operations(r Role) string {
	if r == Orderer {
		return loopback(c.Ports().OrdererOperations)
	}
	return loopback(c.Ports().PeerOperations)
}

// Find returns the folder of peer and orderer: bin, and where that is "" the
// folder `fabric` beside the 9ten binary, where `make fabric` puts them. It
// returns an Unavailable fault that says what to do when one is missing.
func Find(bin string) (string, error) {
	if bin == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("the path of the 9ten binary: %w", err)
		}
		bin = filepath.Join(filepath.Dir(self), "fabric")
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return "", fmt.Errorf("ledger.fabric.bin: %w", err)
	}
	for _, r := range Roles {
		f, err := os.Stat(filepath.Join(bin, string(r)))
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", fault.Wrap(err, fault.Unavailable, "Fabric's command %s in %s cannot be looked at. See that whoever runs the node may read it.", r, bin)
		case err != nil || !f.Mode().IsRegular() || f.Mode()&0o111 == 0:
			return "", fault.New(fault.Unavailable, "There is no executable %s of Fabric in %s. Build it with make fabric, or unpack an official Fabric 3.1 release and set ledger.fabric.bin to its folder bin.", r, bin)
		}
	}
	return bin, nil
}
