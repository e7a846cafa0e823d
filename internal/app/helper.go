package app

import "github.com/michaelperna/9ten/internal/media"

// Helper is the whole process when its arguments say so: the sandboxed reader
// of strangers' files.
func Helper(args []string) (code int, helper bool) { return media.Child(args) }
