//go:build !race

package app

// healthy is what doctor ends with where nothing is wrong.
const healthy = exitOK
