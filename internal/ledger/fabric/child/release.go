package child

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// Fitting is the release that the children's configuration is written for.
const Fitting = "3.1"

// release is the line of a command's version that matters.
var release = regexp.MustCompile(`(?m)^ *Version: v?(\d+\.\d+)(\S*)$`)

// Release asks Fabric's commands in a folder that [Find] returned of which release
// they are, and returns that of the orderer, 3.1.1 for example. Both must be of
// [Fitting]; else, or where one is no program, it returns an Unavailable fault that
// names it.
func Release(ctx context.Context, bin string) (string, error) {
	said := ""
	for _, r := range Roles {
		path := filepath.Join(bin, string(r))
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		out, err := exec.CommandContext(ctx, path, "version").CombinedOutput()
		cancel()
		m := release.FindSubmatch(out)
		switch {
		case err != nil:
			return "", fault.Wrap(err, fault.Unavailable, "%s cannot be run: %v. It may be made for another machine.", path, err)
		case m == nil:
			return "", fault.New(fault.Unavailable, "%s does not say of which release it is.", path)
		case string(m[1]) != Fitting:
			return "", fault.New(fault.Unavailable, "%s is of release %s%s; this 9ten is made for %s.", path, m[1], m[2], Fitting)
		}
		said = string(m[1]) + string(m[2])
	}
	return said, nil
}
