//go:build !race

package sandbox

const boundMemory = true
