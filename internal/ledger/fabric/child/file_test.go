package child_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
)

// What was learned from networks that did not work stands in both files: traps
// 1, 4 and 5 of docs/protocol/ledger.md, and others.
func TestTrapsAreAvoided(t *testing.T) {
	c := child.Config{Home: filepath.Join(t.TempDir(), `an "odd": home, #1`), MSP: "a.example", Host: "a.example", Port: 9020}
	files := map[child.Role]string{}
	for _, r := range child.Roles {
		if err := c.Write(r); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(c.File(r))
		if err != nil {
			t.Fatal(err)
		}
		files[r] = string(b)
		if f, err := os.Stat(c.File(r)); err != nil || f.Mode().Perm() != 0o600 {
			t.Errorf("mode of %s: %v, %v", c.File(r), f.Mode(), err)
		}
	}
	for r, lines := range map[child.Role][]string{
		child.Peer: {
			`listenAddress: ":9020"`, `chaincodeListenAddress: "127.0.0.1:9022"`, `operations: {listenAddress: "127.0.0.1:9024"`,
			`clientAuthRequired: true`, `reconnectInterval: 2s`, `publishStateInfoInterval: 1s`, `requestStateInfoInterval: 1s`,
			`{name: TimeWindowCheck}`, `{name: ExpirationCheck}`, `timewindow: 15m`, `vm: {endpoint: ""}`, `externalEndpoint: "a.example:9020"`,
			`keepalive: {minInterval: 5s}`, `totalQueryLimit: 2147483647`,
		},
		child.Orderer: {
			`ListenAddress: "0.0.0.0"`, `ListenPort: 9021`, `Operations: {ListenAddress: "127.0.0.1:9025"`, `ListenAddress: "127.0.0.1:9023"`,
			`ReplicationPolicy: consensus`, `ClientAuthRequired: false #`, `TimeWindow: 15m`,
			`ServerMinInterval: 5s`,
		},
	} {
		for _, line := range lines {
			if !strings.Contains(files[r], line) {
				t.Errorf("%s.yaml lacks %s", r, line)
			}
		}
		// Every path is absolute and quoted, whatever the home is called.
		paths := regexp.MustCompile(`\b(?:file|files|mspConfigPath|fileSystemPath|Path|path|rootDir|RootCAs|PrivateKey|Key|Certificate|Location|LocalMSPDir|WALDir|SnapDir): *[\[{]?(?:files?: *)?\[?(.*)\n`).FindAllStringSubmatch(files[r], -1)
		if len(paths) < 8 {
			t.Errorf("%s: only %d paths are looked at", r, len(paths))
		}
		for _, path := range paths {
			if !strings.HasPrefix(path[1], `"/`) {
				t.Errorf("%s: the path %s is not absolute", r, path[1])
			}
		}
	}
	if n := strings.Count(files[child.Orderer], "ClientAuthRequired: true"); n != 1 {
		t.Errorf("client certificates are asked for at %d ports of the orderer, want the admin port alone", n)
	}
}

func TestListenAddresses(t *testing.T) {
	for listen, want := range map[string][2]string{
		"":          {`listenAddress: ":9020"`, `ListenAddress: "0.0.0.0"`},
		"127.0.0.1": {`listenAddress: "127.0.0.1:9020"`, `ListenAddress: "127.0.0.1"`},
		"::1":       {`listenAddress: "[::1]:9020"`, `ListenAddress: "[::1]"`},
	} {
		c := child.Config{Home: t.TempDir(), MSP: "a", Host: "a", Listen: listen, Port: 9020}
		for i, r := range child.Roles {
			if err := c.Write(r); err != nil {
				t.Fatal(err)
			}
			if b, err := os.ReadFile(c.File(r)); err != nil || !strings.Contains(string(b), want[i]) {
				t.Errorf("%s listening on %q: no %s (%v)", r, listen, want[i], err)
			}
		}
	}
	if err := (child.Config{Home: "data/fabric"}).Write(child.Peer); err == nil {
		t.Error("a relative home is taken: the child's paths would depend on where it is started")
	}
}

func TestFindSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	if _, err := child.Find(dir); !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "make fabric") || !strings.Contains(fault.Message(err), dir) {
		t.Errorf("an empty folder: %v", err)
	}
	for _, r := range child.Roles {
		if err := os.WriteFile(filepath.Join(dir, string(r)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := child.Find(dir); !fault.Is(err, fault.Unavailable) {
		t.Errorf("files that are not executable: %v", err)
	}
	for _, r := range child.Roles {
		if err := os.Chmod(filepath.Join(dir, string(r)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := child.Find(dir); err != nil || got != dir {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := child.Find(""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("beside this test's binary: %v", err)
	}
}
