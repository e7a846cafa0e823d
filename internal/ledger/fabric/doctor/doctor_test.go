package doctor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
	"github.com/michaelperna/9ten/internal/ledger/fabric/fabrictest"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// patient is a node that has certificates and both roles, and is well but for
// what a test does to it.
func patient(t *testing.T, dir string) doctor.Patient {
	t.Helper()
	return patientAt(t, dir, time.Now)
}

// patientAt is one whose certificates were made by another clock.
func patientAt(t *testing.T, dir string, now func() time.Time) doctor.Patient {
	t.Helper()
	c := child.Config{Home: dir, Bin: fabrictest.Bin(t), MSP: "a.example", Host: "localhost", Listen: "127.0.0.1", Port: fabrictest.Ports(t), Channel: "nineten"}
	o, err := org.Keep(c.Home, c.MSP, []string{c.Host}, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.InstallBuilder(); err != nil {
		t.Fatal(err)
	}
	for _, r := range child.Roles {
		if err := c.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := o.TLS(org.Admin)
	if err != nil {
		t.Fatal(err)
	}
	all, err := o.Certificates()
	if err != nil {
		t.Fatal(err)
	}
	return doctor.Patient{Config: c, Now: time.Now(), Trust: &tls.Config{Certificates: []tls.Certificate{cert}}, Certificates: all}
}

// run supervises the patient's children until the test ends.
func run(t *testing.T, p doctor.Patient) *child.Supervisor {
	t.Helper()
	s := child.New(p.Config, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for tick := time.Tick(20 * time.Millisecond); !ok(); {
		select {
		case <-tick:
		case <-deadline:
			t.Fatalf("not so after a minute: %s", what)
		}
	}
}

// examine returns the findings of a name.
func examine(t *testing.T, p doctor.Patient, name string) []doctor.Finding {
	t.Helper()
	var list []doctor.Finding
	for _, f := range doctor.Examine(t.Context(), p) {
		if !f.OK && f.Remedy == "" {
			t.Errorf("%+v has no remedy", f)
		}
		if f.Name == name {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		t.Fatalf("nothing is found of %s", name)
	}
	return list
}

func serves(port int) bool {
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func TestNothingIsTheMatter(t *testing.T) {
	p := patient(t, t.TempDir())
	for _, f := range doctor.Examine(t.Context(), p) {
		if down := f.Name == "peer" || f.Name == "orderer"; f.OK == down || down && !strings.Contains(f.Remedy, "9ten serve") {
			t.Errorf("before the node runs: %+v", f)
		}
	}
	s := run(t, p)
	for _, port := range []int{p.Ports().Peer, p.Ports().Orderer, p.Ports().Admin, p.Ports().Chaincode} {
		until(t, fmt.Sprintf("port %d serves", port), func() bool { return serves(port) })
	}
	p.Status = s.Status()
	seen := map[string]bool{}
	for _, f := range doctor.Examine(t.Context(), p) {
		if seen[f.Name] = true; !f.OK || f.Remedy != "" || f.Detail == "" {
			t.Errorf("while it runs: %+v", f)
		}
	}
	for _, name := range []string{"commands", "ports", "disk", "clock", "certificate", "peer", "orderer"} {
		if !seen[name] {
			t.Errorf("%s was not looked at", name)
		}
	}
}

// A port that another program has is named, with its use and a way out, and so
// is the child that crashes for it.
func TestPortInUse(t *testing.T) {
	for i, use := range []string{"(peer)", "(orderer)", "chaincode", "administration", "the peer's health", "the orderer's health"} {
		p := patient(t, t.TempDir())
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port+i)))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() { // another program, which understands nothing
			for c, err := l.Accept(); err == nil; c, err = l.Accept() {
				_ = c.Close()
			}
		}()
		f := examine(t, p, "ports")[0]
		if f.OK || !strings.Contains(f.Detail, fmt.Sprintf("Port %d", p.Port+i)) || !strings.Contains(f.Detail, use) || !strings.Contains(f.Remedy, "ledger.fabric.port") || !strings.Contains(f.Remedy, "such as") {
			t.Errorf("%+v", f)
		}
		p.Member = true
		if f := examine(t, p, "ports")[0]; strings.Contains(f.Remedy, "ledger.fabric.port") || !strings.Contains(f.Remedy, "End that program") {
			t.Errorf("a member should keep its ports: %+v", f)
		}
		if i%3 != 2 { // one of each child's, see TestLastWordsAreUnderstood for the others
			continue
		}
		s := run(t, p)
		role := child.Roles[i%2]
		until(t, string(role)+" crashed", func() bool { return s.Status()[i%2].Exit != nil })
		p.Status = s.Status()
		if f := examine(t, p, string(role))[0]; f.OK || !strings.Contains(f.Detail, "ports is in use") || !strings.Contains(f.Detail, strconv.Itoa(p.Port+i)) {
			t.Errorf("%+v", f)
		}
	}
	p := patient(t, t.TempDir())
	p.Listen = "192.0.2.77" // for documentation: nobody has it
	if f := examine(t, p, "ports")[0]; f.OK || !strings.Contains(f.Remedy, "ledger.fabric.listen") {
		t.Errorf("%+v", f)
	}
}

func TestCommandsMissingOrOfAnotherRelease(t *testing.T) {
	p := patient(t, t.TempDir())
	p.Bin = t.TempDir()
	say := func(script string) {
		for _, r := range child.Roles {
			if err := os.WriteFile(filepath.Join(p.Bin, string(r)), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	for script, want := range map[string]string{
		"":                         "There is no executable peer",
		"echo ' Version: v2.5.4'":  "of release 2.5.4",
		"echo hello":               "does not say of which release",
		"exit 3":                   "cannot be run: exit status 3",
		"echo ' Version: v3.1.12'": "",
	} {
		if script != "" {
			say(script)
		}
		f := examine(t, p, "commands")[0]
		if f.OK != (want == "") || !strings.Contains(f.Detail, want) || !f.OK && !strings.Contains(f.Remedy, "make fabric") {
			t.Errorf("%q: %+v", script, f)
		}
		for _, r := range child.Roles {
			if err := os.Remove(filepath.Join(p.Bin, string(r))); err != nil && script != "" {
				t.Fatal(err)
			}
		}
	}
}

func TestCertificatesThatEnd(t *testing.T) {
	p := patient(t, t.TempDir())
	p.Bin = t.TempDir() // nothing is run
	for days, want := range map[int]string{90: "has 90 days left", 59: "ends in 59 days", 29: "should have been renewed", 6: "After that nothing", -1: "ended on"} {
		p.Certificates = []org.Certificate{{Role: org.Peer, Use: "tls", Ends: p.Now.Add(time.Duration(days)*24*time.Hour + time.Hour)}, {Use: "authority", Ends: p.Now.AddDate(20, 0, 0)}}
		list := examine(t, p, "certificate")
		if f := list[0]; len(list) != 1 || f.OK != (days >= 30) || !strings.Contains(f.Detail, want) || !strings.HasPrefix(f.Remedy, map[bool]string{true: "Run 9ten ledger renew."}[days < 60]) {
			t.Errorf("%d days: %+v", days, list)
		}
	}
	// What no node renews by itself has another remedy, and is amiss from 60 days on.
	for _, c := range []org.Certificate{{Use: "authority"}, {Role: org.Orderer, Use: "identity"}} {
		c.Ends = p.Now.AddDate(0, 0, 40)
		p.Certificates = []org.Certificate{c}
		want := map[string]string{"authority": "admitted again", "identity": "9ten ledger orderer replace --identity"}[c.Use]
		if f := examine(t, p, "certificate")[0]; f.OK || !strings.Contains(f.Remedy, want) || strings.Contains(f.Remedy, "renew.") {
			t.Errorf("%s: %+v", c.Use, f)
		}
	}
}

// What is said when a certificate has really ended, and when a clock is really
// behind what certificates are dated by, is understood.
func TestCertificatesOfAnotherTime(t *testing.T) {
	later := func(years int) (doctor.Patient, *child.Supervisor) {
		p := patientAt(t, t.TempDir(), func() time.Time { return time.Now().AddDate(years, 0, 0) })
		if err := p.Remove(child.Orderer); err != nil {
			t.Fatal(err)
		}
		return p, run(t, p)
	}
	p, s := later(-2)
	until(t, "the peer crashed", func() bool { return s.Status()[0].Exit != nil })
	p.Status, p.Now = s.Status(), time.Now()
	for name, words := range map[string]string{"peer": "a certificate has ended", "certificate": "ended on"} {
		if f := examine(t, p, name)[0]; f.OK || !strings.Contains(f.Detail, words) || !strings.Contains(f.Remedy, "9ten ledger renew") {
			t.Errorf("two years later: %+v", f)
		}
	}
	p, s = later(+2)
	until(t, "the peer serves", func() bool { return serves(p.Ports().Peer) })
	roots, err := os.ReadFile(filepath.Join(p.Dir(child.Peer), "tls", "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	trust := p.Trust.Clone()
	trust.RootCAs = x509.NewCertPool()
	trust.RootCAs.AppendCertsFromPEM(roots)
	_, err = tls.Dial("tcp", p.PeerAddress(), trust)
	if err == nil {
		t.Fatal("a certificate of the year after next is taken")
	}
	p.Status, p.Now, p.Complaints = s.Status(), time.Now(), []string{err.Error()}
	if f := examine(t, p, "clock")[0]; f.OK || !strings.Contains(f.Detail, "not valid yet by this clock") || !strings.Contains(f.Remedy, "NTP") {
		t.Errorf("two years too early: %+v", f)
	}
}

// An end by itself that was followed by an ordinary one, or by the node's, is
// nobody's concern any more.
func TestOldCrashes(t *testing.T) {
	p := patient(t, t.TempDir())
	p.Bin = t.TempDir() // nothing is run
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	crash := &child.Exit{At: p.Now.Add(-2 * time.Minute), Reason: "It gave up (exit code 2).", Said: []child.Said{{Text: "current time 2020 is before 2026"}}}
	for what, tt := range map[string]struct {
		child.Status
		current bool
	}{
		"waits to be tried again":      {child.Status{Since: crash.At.Add(-time.Millisecond)}, true},
		"runs again, and not well":     {child.Status{PID: os.Getpid(), Since: crash.At.Add(time.Second)}, true},
		"was stopped in order later":   {child.Status{Since: crash.At.Add(time.Minute)}, false},
		"ended with its node later":    {child.Status{PID: gone.Process.Pid, Since: crash.At.Add(time.Second)}, false},
		"never ended by itself at all": {child.Status{}, false},
	} {
		tt.Role, tt.Wanted, tt.Crashes = child.Peer, true, 1
		if tt.Exit = crash; strings.HasPrefix(what, "never") {
			tt.Exit = nil
		}
		p.Status = []child.Status{tt.Status}
		if f := examine(t, p, "peer")[0]; f.OK || strings.Contains(f.Detail, "ended by itself") != tt.current {
			t.Errorf("one that %s: %+v", what, f)
		}
		if f := examine(t, p, "clock")[0]; f.OK == tt.current {
			t.Errorf("one that %s complained of the clock: %+v", what, f)
		}
	}
}

// A folder that is gone, or cannot be looked at, is a finding with a remedy, too.
func TestDiskThatIsGone(t *testing.T) {
	p := patient(t, t.TempDir())
	p.Bin = t.TempDir() // nothing is run
	p.Home = filepath.Join(p.Home, "gone")
	if f := examine(t, p, "disk")[0]; f.OK || !strings.Contains(f.Detail, p.Home) {
		t.Errorf("%+v", f)
	}
}

func TestClock(t *testing.T) {
	p := patient(t, t.TempDir())
	p.Bin = t.TempDir() // nothing is run
	for complaint, ok := range map[string]bool{
		"": true,
		"rpc error: request unauthorized due to incorrect timestamp 2026-11-26 09:00:00 +0000 UTC, peer time 2026-11-26 08:00:00 +0000 UTC, peer.authentication.timewindow 15m0s": false,
		"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-11-26T05:00:00Z":                  false,
		"connection refused": true,
	} {
		p.Complaints = []string{complaint}
		if f := examine(t, p, "clock")[0]; f.OK != ok || !ok && !strings.Contains(f.Detail, complaint) {
			t.Errorf("%s: %+v", complaint, f)
		}
	}
	p.Complaints, p.Newest = nil, p.Now.Add(time.Hour)
	if f := examine(t, p, "clock")[0]; f.OK || !strings.Contains(f.Remedy, "NTP") {
		t.Errorf("the newest block is an hour ahead: %+v", f)
	}
}

// The clock that is named is the one that is alone with its time.
func TestWhoseClockIsWrong(t *testing.T) {
	p := patient(t, t.TempDir())
	p.Bin = t.TempDir() // nothing is run
	for want, c := range map[string]doctor.Clocks{
		"Ask the operator of a.example": {Apart: []string{"a.example"}, Agree: 2},
		"One of the two is wrong":       {Apart: []string{"a.example"}},
		"Set the machine's clock":       {Apart: []string{"a.example", "b.example"}, Agree: 1},
	} {
		p.Clocks = c
		if f := examine(t, p, "clock")[0]; f.OK || !strings.HasPrefix(f.Remedy, want) || !strings.Contains(f.Detail, "a.example") {
			t.Errorf("%+v: %+v", c, f)
		}
	}
}

// What Fabric said when it was really so is understood.
func TestLastWordsAreUnderstood(t *testing.T) {
	p := patient(t, t.TempDir())
	p.Bin = t.TempDir() // nothing is run
	for said, want := range map[string]string{
		"Failed to listen: listen tcp 127.0.0.1:9021: bind: address already in use":                                                                              "ports is in use",
		"listen tcp :90: bind: permission denied":                                                                                                                "below 1024",
		"panic: Error in instantiating ledger provider: write /n/peer/data/ledgersData/chains/index/000001.log: no space left on device":                         "the disk is full",
		"Cannot run peer because error when setting up MSP of type bccsp from directory /n/peer/msp: signing identity expired 8760h0m1s ago":                     "certificate has ended",
		"Error loading secure config for peer (error loading TLS key (open /n/peer/tls/server.key: no such file or directory))":                                  "missing or damaged",
		"panic: Failed to setup local msp with config: KeyMaterial not found in SigningIdentityInfo":                                                             "missing or damaged",
		"Error: failed to open transient store: as another peer node command is executing: lock is already acquired on file /n/peer/data/transientStoreFileLock": "another process uses",
		"panic: Error acquiring lock on file /n/peer/data/transientStoreFileLock: database entry point either missing or corrupted":                              "is damaged",
		"panic: open /n/peer/data/x: permission denied":                                                                                                          "may not read or write",
		"panic: something new": "",
	} {
		p.Status = []child.Status{{Role: child.Peer, Wanted: true, Crashes: 3, Exit: &child.Exit{
			At: p.Now.Add(-time.Minute), Reason: "It gave up (exit code 2).", Said: []child.Said{{Text: "older"}, {Text: said}},
		}}}
		f := examine(t, p, "peer")[0]
		if f.OK || !strings.Contains(f.Detail, want) || !strings.Contains(f.Detail, said) || !strings.Contains(f.Detail, "3 times") {
			t.Errorf("%s: %+v", said, f)
		}
		if understood := strings.Contains(f.Detail, "It says that"); understood != (want != "") {
			t.Errorf("%s is taken for something it is not: %+v", said, f)
		}
	}
}
