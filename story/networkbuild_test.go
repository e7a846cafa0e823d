package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An edit is what a binary has otherwise than ours.
type edit struct{ file, was, is string }

// altered has go build take some of the source as it is edited.
func altered(t *testing.T, edits []edit) (flags []string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for i, e := range edits {
		source, err := filepath.Abs(e.file)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := replace[source]; !ok {
			replace[source] = filepath.Join(dir, fmt.Sprintf("%d.go", i))
			copyFile(t, source, replace[source])
		}
		change(t, replace[source], e.was, e.is)
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"-overlay", overlay}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// change puts something in the place of something else that a file has once.
func change(t *testing.T, file, was, is string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, []byte(was)); n != 1 {
		t.Fatalf("%s has %q %d times", file, was, n)
	}
	if err := os.WriteFile(file, bytes.Replace(b, []byte(was), []byte(is), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The moods of a dishonest node.
const (
	forges  = "forges"  // its contract writes something else than everybody's
	refuses = "refuses" // its contract carries no proof of a fault
	unfair  = "unfair"  // it pays all acts the same, whatever was heard
	early   = "early"   // what it sends is dated an hour ahead
)

// in is whether the dishonest node is in a mood, as its source says it.
func in(mood string) string {
	return fmt.Sprintf(`func() bool { _, err := mood.Stat(mood.Getenv("MOOD") + "/%s"); return err == nil }()`, mood)
}

// dishonest is the 9ten of somebody who means no good. It is in the moods that its
// operator puts it in while it runs.
func dishonest(t *testing.T) string {
	t.Helper()
	const (
		contract = "../internal/contract/contract.go"
		fault    = "../internal/contract/fault.go"
		ledger   = "../internal/app/ledger.go"
	)
	prove := `return perform(ctx, "ProveFault", op, arg, func(c *call, in *FaultClaim) error {`
	edits := []edit{
		{contract, "return c.stub.PutState(key, b)", "if " + in(forges) + " { b = append(b, ' ') }\n\treturn c.stub.PutState(key, b)"},
		{fault, prove, prove + "\n\tif " + in(refuses) + " { return fault.New(fault.Forbidden, \"I do not carry that.\") }"},
		{ledger, "return rules.Rules(), nil", "out := rules.Rules()\n\tif " + in(unfair) + " { out.Lambda = royalty.Basis }\n\treturn out, nil"},
	}
	for _, file := range []string{contract, fault, ledger} {
		edits = append(edits, edit{file, "import (", "import (\n\tmood \"os\""})
	}
	return built(t, "dishonest", func() []string { return append(altered(t, edits), "-modfile", ownTime(t)) })
}

// fabricClient is the module that dates what a node sends to its network.
const fabricClient = "github.com/hyperledger/fabric-gateway"

// ownTime makes a module file with another copy of that module, which dates it an
// hour ahead when the node is early.
func ownTime(t *testing.T) (modfile string) {
	t.Helper()
	where, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", fabricClient).Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	module := filepath.Join(dir, "client")
	if err := os.CopyFS(module, os.DirFS(strings.TrimSpace(string(where)))); err != nil {
		t.Fatal(err)
	}
	proposal := filepath.Join(module, "pkg", "client", "proposalbuilder.go")
	change(t, proposal, "import (", "import (\n\tmood \"os\"\n\t\"time\"")
	change(t, proposal, "timestamppb.Now()", "timestamppb.New(time.Now().Add(func() time.Duration {\n\tif "+in(early)+" { return time.Hour }\n\treturn 0\n}()))")
	modfile = filepath.Join(dir, "go.mod")
	copyFile(t, "../go.mod", modfile)
	copyFile(t, "../go.sum", filepath.Join(dir, "go.sum"))
	if out, err := exec.Command("go", "mod", "edit", "-replace", fabricClient+"="+module, modfile).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return modfile
}

// nextRelease is the 9ten of a day on which the contract has a version 2. It
// brings version 1 along. Where a name says by which version it was recorded, the
// second tells the truth.
func nextRelease(t *testing.T) string {
	t.Helper()
	const (
		app    = "../internal/app/fabric.go"
		own    = "\t\"github.com/michaelperna/9ten/internal/contract\"\n"
		second = `// A second contract is the first with one difference.
type second struct{ shim.Chaincode }

func (s second) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	return s.Chaincode.Invoke(rewriting{stub})
}

type rewriting struct{ shim.ChaincodeStubInterface }

func (r rewriting) PutState(key string, value []byte) error {
	return r.ChaincodeStubInterface.PutState(key, truth(value))
}

func (r rewriting) SetEvent(name string, payload []byte) error {
	return r.ChaincodeStubInterface.SetEvent(name, truth(payload))
}

func truth(b []byte) []byte { return bytes.ReplaceAll(b, []byte("by version 1"), []byte("by version 2")) }

`
	)
	edits := []edit{
		{"../internal/contract/contract.go", `const Version = "1"`, `const Version = "2"`},
		{app, own, "\t\"bytes\"\n\n\t\"github.com/hyperledger/fabric-chaincode-go/v2/shim\"\n\t\"github.com/hyperledger/fabric-protos-go-apiv2/peer\"\n" + own},
		{app, "[]fabric.Contract{{Version: contract.Version, Code: cc}}", `[]fabric.Contract{{Version: "1", Code: cc}, {Version: contract.Version, Code: second{cc}}}`},
		{app, "// runNetwork keeps", second + "// runNetwork keeps"},
	}
	return built(t, "next", func() []string { return altered(t, edits) })
}
