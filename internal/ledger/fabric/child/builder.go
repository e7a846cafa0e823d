package child

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/michaelperna/9ten/internal/fault"
)

// Fabric asks an *external builder* what to do with a chaincode package: three
// programs in a folder bin, called one after the other. Ours are the 9ten
// binary under three names, and all they do is hand the peer the address at
// which the node serves its chaincode.
var steps = map[string]func(args []string) error{
	// detect CODE METADATA: may this builder have the package?
	"detect": func(a []string) error {
		if len(a) != 2 {
			return errArguments
		}
		b, err := os.ReadFile(filepath.Join(a[1], "metadata.json"))
		if err != nil {
			return err
		}
		var m struct{ Type string }
		if err := json.Unmarshal(b, &m); err != nil {
			return err
		}
		if m.Type != PackageType {
			return fmt.Errorf("a package of type %q is not for this builder", m.Type)
		}
		return nil
	},
	// build CODE METADATA OUTPUT
	"build": func(a []string) error {
		if len(a) != 3 {
			return errArguments
		}
		return carry(filepath.Join(a[0], connection), filepath.Join(a[2], connection))
	},
	// release BUILT OUTPUT
	"release": func(a []string) error {
		if len(a) != 2 {
			return errArguments
		}
		return carry(filepath.Join(a[0], connection), filepath.Join(a[1], "chaincode", "server", connection))
	},
}

// PackageType is what metadata.json of a chaincode package says so that the
// builder takes it: chaincode as a service.
const PackageType = "ccaas"

// connection is the one file of such a package; Fabric fixes its name.
const connection = "connection.json"

var errArguments = errors.New("called with other arguments than Fabric's external builders are")

// Build is the whole process when it was started under the name of one of the
// builder's steps; otherwise it does nothing. Fabric's peer logs what goes to
// stderr.
func Build(args []string, stderr io.Writer) (code int, builder bool) {
	if len(args) == 0 {
		return 0, false
	}
	name := filepath.Base(args[0])
	step, builder := steps[name]
	if !builder {
		return 0, false
	}
	if err := step(args[1:]); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1, true
	}
	return 0, true
}

// Link points the builder's programs at this binary. It is done at every
// start, so that they survive an upgrade that puts the binary elsewhere.
func (c Config) Link() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("the path of the 9ten binary: %w", err)
	}
	bin := filepath.Join(c.Builder(), "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return fault.Wrap(err, fault.Unavailable, "The folder of the chaincode builder cannot be made.")
	}
	for name := range steps {
		if err := link(self, filepath.Join(bin, name)); err != nil {
			return fault.Wrap(err, fault.Unavailable, "The folder of the chaincode builder cannot be made.")
		}
	}
	return nil
}

// link makes or changes a symbolic link, of which there is one at all times.
func link(target, path string) error {
	if have, err := os.Readlink(path); err == nil && have == target {
		return nil
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

func carry(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}
