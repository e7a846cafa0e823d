//go:build race

package app

// healthy is what doctor ends with where nothing is wrong. The race detector's
// runtime reserves more memory than the sandbox allows, so the helper runs
// without that limit, and doctor says so.
const healthy = exitFailed
