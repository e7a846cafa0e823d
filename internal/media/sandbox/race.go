//go:build race

package sandbox

// boundMemory is false under the race detector, which maps more address space
// than any limit worth having.
const boundMemory = false
