package app_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// The node is a client of Fabric, which runs beside it as it is: what it links of
// Hyperledger is how to ask a peer, how to administrate one, what they say, and
// the contract's side. The servers themselves are of the nested module alone.
func TestOfHyperledgerOnlyClients(t *testing.T) {
	const of = "github.com/hyperledger"
	clients := map[string]bool{
		of + "/fabric-gateway":            true,
		of + "/fabric-admin-sdk":          true,
		of + "/fabric-protos-go-apiv2":    true,
		of + "/fabric-contract-api-go/v2": true,
		of + "/fabric-chaincode-go/v2":    true,
	}
	read := func(path string) *modfile.File {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := modfile.Parse(path, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	main := read("../../go.mod")
	have := map[string]bool{}
	for _, r := range main.Require {
		if path := r.Mod.Path; strings.HasPrefix(path, of) {
			have[path] = true
		}
	}
	if !maps.Equal(have, clients) {
		t.Errorf("the node takes %v from Hyperledger, and should take %v", slices.Sorted(maps.Keys(have)), slices.Sorted(maps.Keys(clients)))
	}
	for _, r := range main.Replace {
		t.Errorf("%s is replaced: what is linked is not what was published", r.Old.Path)
	}
	// Fabric's tags are not what the proxy counts versions by: this is the commit of v3.1.1.
	const server, released = of + "/fabric", "v1.4.0-rc1.0.20250510200036-435a7f1a780a"
	nested, has := read("../../fabric/go.mod"), ""
	for _, r := range nested.Require {
		if r.Mod.Path == server {
			has = r.Mod.Version
		}
	}
	if has != released {
		t.Errorf("the servers are built from %s of Fabric, not from %s", has, released)
	}
	for _, r := range nested.Replace {
		t.Errorf("%s is replaced: the servers are not what was published", r.Old.Path)
	}
}
