package royalty

import (
	"crypto/sha256"
	_ "embed" // the vectors
)

// RulesVersion names the arithmetic of this package in settlements. It changes
// whenever the same rows would be divided in another way.
const RulesVersion = "9ten/rules/1"

// DemoRules follows the version in settlements that were made in a
// demonstration, on a clock set by hand.
const DemoRules = "+demo"

//go:embed testdata/split_vectors.json
var vectors []byte

// VectorsHash is the SHA-256 of the test vectors that this arithmetic passes.
func VectorsHash() Hash { return sha256.Sum256(vectors) }
