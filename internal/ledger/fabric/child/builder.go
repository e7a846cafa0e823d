package child

import (
	"bytes"
	"embed"
	"os"
	"path/filepath"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
)

// Fabric asks an *external builder* what to do with a chaincode package: three
// programs in a folder bin, called one after the other. All that ours do is hand
// the peer the address at which the node serves its chaincode, so they are
// scripts: the 9ten binary under three names took longer to start than a channel
// takes for its first block.
//
//go:embed builder
var builder embed.FS

// PackageType is what metadata.json of a chaincode package says so that the
// builder takes it: chaincode as a service.
const PackageType = "ccaas"

// InstallBuilder puts the builder's programs where the peer looks for them, and
// leaves those alone that are as they should be.
func (c Config) InstallBuilder() error {
	bin := filepath.Join(c.Builder(), "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return errBuilder(err)
	}
	for _, name := range []string{"detect", "build", "release"} {
		script, err := builder.ReadFile("builder/" + name)
		if err != nil {
			return errBuilder(err)
		}
		path := filepath.Join(bin, name)
		if i, err := os.Lstat(path); err == nil && i.Mode() == 0o700 {
			if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, script) {
				continue
			}
		}
		if err := file.Replace(path, script, 0o700); err != nil {
			return errBuilder(err)
		}
	}
	return nil
}

func errBuilder(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The folder of the chaincode builder cannot be made.")
}
