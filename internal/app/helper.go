package app

import (
	"os"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/media"
)

// Helper is the whole process when its arguments say so: the sandboxed reader
// of strangers' files, or a step of Fabric's chaincode builder.
func Helper(args []string) (code int, helper bool) {
	if code, helper := media.Child(args); helper {
		return code, true
	}
	return child.Build(args, os.Stderr)
}
