package fabric

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// The peer asks the contract's server again and again whether it is there, and
// is answered each time: a server that hangs up on it breaks off transactions.
func TestThePeerMayAskWhetherTheContractIsThere(t *testing.T) {
	const settings, ping, goAway = 4, 6, 7 // HTTP/2's types of frames
	c := Contract{Version: "1"}
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.serve(ctx, dir) }()
	conn := dialSoon(t, filepath.Join(dir, c.socket()))
	write := func(b []byte) {
		t.Helper()
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	write([]byte{0, 0, 0, settings, 0, 0, 0, 0, 0})
	for range 10 {
		write([]byte{0, 0, 8, ping, 0, 0, 0, 0, 0, '9', 't', 'e', 'n', '?', '9', 't', 'e'})
	}
	for answered := 0; answered < 10; {
		head := make([]byte, 9)
		if _, err := io.ReadFull(conn, head); err != nil {
			t.Fatalf("%d answers: %v", answered, err)
		}
		body := make([]byte, binary.BigEndian.Uint32(append([]byte{0}, head[:3]...)))
		if _, err := io.ReadFull(conn, body); err != nil {
			t.Fatal(err)
		}
		switch head[3] {
		case ping:
			answered++
		case goAway:
			t.Fatalf("after %d answers it hangs up: %s", answered, body)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// dialSoon connects to a socket that is about to be made.
func dialSoon(t *testing.T, path string) net.Conn {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		conn, err := net.Dial("unix", path)
		if err == nil {
			return conn
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
