package story

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// insideOf names the folder of the internet that a test runs in.
const insideOf = "NINETEN_TEST_INTERNET"

// again runs a test in a network and a file system's view of its own.
func again(t *testing.T, name string) {
	t.Helper()
	dir := t.TempDir()
	binaryAt(t, filepath.Join(dir, "9ten"))
	binaryAt(t, filepath.Join(dir, "rehearsal"), altered(t, []edit{{"../internal/app/federation.go", " && f.node.dir.demo == nil", ""}})...)
	installPeer(t, filepath.Join(dir, "peer"))
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--net", "--propagation", "private", os.Args[0], "-test.run=^"+name+"$", "-test.v")
	cmd.Env = append(os.Environ(), insideOf+"="+dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("%v\nThis test makes a network of its own: it has to run as root on Linux, with util-linux and iproute2, where namespaces are allowed.", err)
	}
}

// An internet is a network with an authority for certificates, in which servers
// have names and answer on port 443.
type internet struct {
	dir    string
	ca     *x509.Certificate
	key    *ecdsa.PrivateKey
	client *http.Client
	next   int
	hosts  map[string]string
}

// newInternet makes it in the namespaces the process is in already.
func newInternet(t *testing.T, dir string) *internet {
	t.Helper()
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w := &internet{dir: dir, hosts: map[string]string{}, next: 20}
	w.ca = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	var pool = x509.NewCertPool()
	w.key = w.certificate(t, "ca", w.ca)
	pool.AddCert(w.ca)
	if err := os.WriteFile(w.path("hosts"), []byte("127.0.0.1 localhost\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(w.path("hosts"), "/etc/hosts", "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	w.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	return w
}

func (w *internet) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

// certificate signs one, by the authority (itself for its own), and writes it
// with its key beside it.
func (w *internet) certificate(t *testing.T, name string, c *x509.Certificate) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := w.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, w.ca, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if c == w.ca {
		if w.ca, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for ending, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(w.path(name+ending), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

// address gives a host a name, an address and a certificate.
func (w *internet) address(t *testing.T, host string) string {
	t.Helper()
	if ip, ok := w.hosts[host]; ok {
		return ip
	}
	w.next++
	ip := fmt.Sprintf("127.0.0.%d", w.next)
	w.hosts[host] = ip
	w.certificate(t, host, &x509.Certificate{SerialNumber: big.NewInt(int64(w.next)), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)})
	f, err := os.OpenFile(w.path("hosts"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f, "%s %s\n", ip, host); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return ip
}

// node makes the folder of a node with a name, behind a proxy with HTTPS.
func (w *internet) node(t *testing.T, host string) *networkNode {
	t.Helper()
	ip := w.address(t, host)
	n := &networkNode{T: t, id: host, exe: w.path("9ten"), dir: w.path(host), url: "https://" + host, http: w.client}
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w.proxy(t, host, ip, ip+":9010")
	n.write("9ten.toml", fmt.Sprintf(`listen = "%s:9010"
base_url = "https://%s"
trusted_proxies = ["127.0.0.0/8"]
[media]
ffmpeg = "off"
[federation]
reach = ["127.0.0.0/8"]
[log]
level = "debug"
`, ip, host))
	n.write("password", longWords)
	n.env = []string{"SSL_CERT_FILE=" + w.path("ca.pem")}
	n.run("setup", "--open", "--admin", operator, "--name", "Node "+host, "--password-file", n.path("password"))
	return n
}

// proxy is what stands before a node on the internet.
func (w *internet) proxy(t *testing.T, host, ip, to string) {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(w.path(host+".pem"), w.path(host+".key"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", net.JoinHostPort(ip, "443"), &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	target := &url.URL{Scheme: "http", Host: to}
	s := &http.Server{ReadHeaderTimeout: time.Minute, ErrorLog: log.New(testLog{t}, "", 0), Handler: &httputil.ReverseProxy{ErrorLog: log.New(testLog{t}, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}}}
	go func() { _ = s.Serve(l) }() // until it is closed
	t.Cleanup(func() { _ = s.Close() })
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// child runs a command until the test ends, and shows what it said when it fails.
func child(t *testing.T, cmd *exec.Cmd, logFile string) {
	t.Helper()
	f, err := os.Create(logFile)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		_ = f.Close()
		if b, err := os.ReadFile(logFile); err == nil && t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(logFile), b)
		}
	})
}

// holds waits until something holds.
func holds(t *testing.T, what string, is func() error) {
	t.Helper()
	n := &networkNode{T: t}
	n.eventually(what, is)
}

// installPeer fetches the server of somebody else's, once for many runs.
func installPeer(t *testing.T, dir string) {
	t.Helper()
	cache, err := filepath.Abs("../.cache/peer")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(cache, dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json", "peer.mjs"} {
		b, err := os.ReadFile(filepath.Join("peer", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(cache, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = cache
	if _, err := os.Stat(filepath.Join(cache, "node_modules", "@fedify", "fedify")); err == nil {
		return
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}
