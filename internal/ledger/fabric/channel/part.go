package channel

import (
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
)

const (
	// MaxPart is up to how many bytes an organisation may fill in a configuration
	// before it is named for it. It needs 5 kB, twice that where it orders. What it
	// says of itself alone nobody else signs, and Fabric bounds only the whole.
	MaxPart = 64 << 10
	// maxCertificate keeps what others do sign below that: an authority's is in a
	// part ten times.
	maxCertificate = 4 << 10
)

// Parts are the bytes that each organisation fills in the configuration, by MSP id:
// with its peers, and with its orderer. whole is how long all of it is.
func (c Config) Parts() (parts map[string]int, whole int, err error) {
	parts = map[string]int{}
	for _, half := range []string{application, ordering} {
		for _, g := range c.config.ChannelGroup.Groups[half].Groups {
			m, err := member(g)
			if err != nil {
				return nil, 0, err
			}
			parts[m.MSP] += proto.Size(g)
		}
	}
	return parts, proto.Size(c.config), nil
}

// short refuses certificates that are longer than any needs to be.
func short(mspID string, certificates ...[]byte) error {
	for _, b := range certificates {
		if len(b) > maxCertificate {
			return fault.New(fault.Invalid, "A certificate of %s has %d bytes; %d are the most.", mspID, len(b), maxCertificate)
		}
	}
	return nil
}
