package child

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	const panicked = `{"level":"panic","ts":1764135000.1,"name":"nodeCmd","caller":"node/start.go:231","msg":"could not start\nthe peer","stacktrace":"main.main\n\t/x.go:1"}`
	for line, want := range map[string]Line{
		panicked: {Level: slog.LevelError, Logger: "nodeCmd", Text: "could not start the peer"},
		`{"level":"info","ts":1,"name":"endorser","caller":"x","msg":"finished"}`:                                                              {Level: slog.LevelDebug, Logger: "endorser", Text: "finished"},
		`{"level":"warn","name":"gossip","msg":"lost","channel":"nineten","n":3,"error":"no route"}`:                                           {Level: slog.LevelWarn, Logger: "gossip", Text: "lost", Attrs: []slog.Attr{slog.String("channel", "nineten"), slog.String("error", "no route"), slog.String("n", "3")}},
		`{"level":"error","name":"core.comm","msg":"Server TLS handshake failed in 3.2ms with error EOF","remote address":"203.0.113.9:4411"}`: {Level: slog.LevelDebug, Logger: "core.comm", Text: "Server TLS handshake failed in 3.2ms with error EOF", Attrs: []slog.Attr{slog.String("remote address", "203.0.113.9:4411")}},
		`{"level":"error","name":"core.comm","msg":"Server TLS handshake failed in 3.2ms with error remote error: tls: bad certificate"}`:      {Level: slog.LevelWarn, Logger: "core.comm", Text: "Server TLS handshake failed in 3.2ms with error remote error: tls: bad certificate"},
		`{"level":"error","name":"gateway","msg":"PeersForEndorsement failed.","error":"No metadata was found for chaincode nineten"}`:         {Level: slog.LevelDebug, Logger: "gateway", Text: "PeersForEndorsement failed.", Attrs: []slog.Attr{slog.String("error", "No metadata was found for chaincode nineten")}},
		`{"level":"error","name":"gateway","msg":"PeersForEndorsement failed.","error":"no peers"}`:                                            {Level: slog.LevelError, Logger: "gateway", Text: "PeersForEndorsement failed.", Attrs: []slog.Attr{slog.String("error", "no peers")}},
		`{"level":"warn","name":"gossip.comm","msg":"Authentication failed: Could not acquire policy manager for channel nineten"}`:            {Level: slog.LevelDebug, Logger: "gossip.comm", Text: "Authentication failed: Could not acquire policy manager for channel nineten"},
		`{"level":"fatal","msg":"x"}`:            {Level: slog.LevelError, Text: "x"},
		`{"level":"loud","msg":"x"}`:             {Level: slog.LevelDebug, Text: `{"level":"loud","msg":"x"}`},
		`{"level":`:                              {Level: slog.LevelDebug, Text: `{"level":`},
		"panic: assignment to entry in nil map":  {Level: slog.LevelError, Text: "panic: assignment to entry in nil map"},
		"Error: failed to initialize operations": {Level: slog.LevelError, Text: "Error: failed to initialize operations"},
		"goroutine 1 [running]:":                 {Level: slog.LevelDebug, Text: "goroutine 1 [running]:"},
		"\tgithub.com/x/y.go:12 +0x1d":           {Level: slog.LevelDebug, Text: "github.com/x/y.go:12 +0x1d"},
		"":                                       {Level: slog.LevelDebug},
		"a\x00\xffb":                             {Level: slog.LevelDebug, Text: "a\x00\uFFFDb"},
		"\x1b[34m2026-11-26 05:27:16.130 UTC 0001 INFO\x1b[0m [localconfig] \x1b[34;1mload\x1b[0m -> unset":       {Level: slog.LevelDebug, Logger: "localconfig", Text: "unset"},
		"\x1b[31m2026-11-26 05:27:16.130 UTC 00a1 PANI\x1b[0m [main] \x1b[31;1mInitCmd\x1b[0m -> Cannot run peer": {Level: slog.LevelError, Logger: "main", Text: "Cannot run peer"},
	} {
		if diff := cmp.Diff(want, parse([]byte(line)), cmp.Comparer(func(a, b slog.Attr) bool { return a.Equal(b) })); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

// What a child says arrives line by line, however it is cut up, at its level,
// and the last complaints are kept.
func TestEar(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	e := &ear{role: Orderer, log: log}
	said := `{"level":"info","name":"a","msg":"noise"}
{"level":"warn","name":"consensus","msg":"one","error":"why"}
` + strings.Repeat("x", 3*maxLine) + `
{"level":"error","name":"b","msg":"two"}
panic: three`
	for len(said) > 0 {
		n := min(7, len(said))
		if m, err := e.Write([]byte(said[:n])); m != n || err != nil {
			t.Fatal(m, err)
		}
		said = said[n:]
	}
	e.end()
	const want = `level=WARN msg=one from=orderer part=consensus error=why
level=ERROR msg=two from=orderer part=b
level=ERROR msg="panic: three" from=orderer
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	var texts []string
	for _, s := range e.since(time.Time{}) {
		texts = append(texts, s.Text)
	}
	if diff := cmp.Diff([]string{"one: why", "two", "panic: three"}, texts); diff != "" {
		t.Error(diff)
	}
	for range 2 * remembered {
		e.hear([]byte("Error: again"))
	}
	if n := len(e.since(time.Time{})); n != remembered {
		t.Errorf("%d complaints remembered, %d wanted", n, remembered)
	}
	if n := len(e.since(time.Now().Add(time.Minute))); n != 0 {
		t.Errorf("%d complaints from the future", n)
	}
}

// What a healthy network complains of, as it was seen: nodes that join and start
// to order, two that carry one change, transactions beside it.
func TestAHealthyNetworkIsQuiet(t *testing.T) {
	const stale = "error authorizing update: error validating ReadSet: proposed update requires that key [Group] /Channel/Application be at version 0, but it is currently at version 1"
	for _, x := range []struct{ level, name, msg, field, text string }{
		{"warn", "common.deliver", "Error reading from 127.0.0.1:38422: rpc error: code = Canceled desc = context canceled", "", ""},
		{"warn", "BlockReceiver", "Encountered an error reading from deliver stream: rpc error: code = Canceled desc = context canceled", "", ""},
		{"warn", "gossip.gossip", "No such channel nineten", "", ""},
		{"error", "gossip.service", "Tried joining channel nineten but our org( b.example ), isn't among the orgs of the channel: [a.example] , aborting.", "", ""},
		{"warn", "endorser", "access denied", "error", "MSP d.example is not defined on channel"},
		{"warn", "endorser", "Failed to preProcess proposal", "error", "error validating proposal: access denied: channel [nineten] creator org unknown, creator is malformed"},
		{"warn", "policies", "invalid identity", "error", "MSP d.example is not defined on channel"},
		{"error", "BFTHeaderReceiver", "[nineten][127.0.0.1:19022] Got bad status NOT_FOUND", "", ""},
		{"warn", "common.deliver", "[channel: nineten] Error reading from channel, cause was: NOT_FOUND", "", ""},
		{"warn", "orderer.common.cluster", "service authentication of 127.0.0.1:40490 failed with error: channel nineten not found in config", "", ""},
		{"warn", "orderer.common.cluster.puller", "Received status:NOT_FOUND from 127.0.0.1:19062: faulty node, received: status:NOT_FOUND", "", ""},
		{"error", "orderer.consensus.smartbft", "Rejecting config proposal due to " + stale, "", ""},
		{"error", "orderer.consensus.smartbft.verifier", "Error verifying config update: " + stale, "", ""},
		{"error", "orderer.consensus.smartbft", "Rejecting config proposal due to error authorizing update: error validating DeltaSet: attempt to set key [Policy] /Channel/Application/Endorsement to version 1, but key is at version 1", "", ""},
		{"warn", "gateway", "Unsuccessful response sending transaction to orderer", "info", stale},
		{"warn", "gateway", "Insufficient number of orderers could successfully process transaction to satisfy quorum requirement", "", ""},
		{"warn", "gateway", "Endorse call to endorser failed", "error", "chaincode response 500, conflict: The intent is applied already."},
		{"warn", "vscc", "Endorsment policy failure", "error", "validation of endorsement policy for chaincode nineten in tx 39:0 failed: signature set did not satisfy policy"},
		{"error", "vscc", "VSCC error: stateBasedValidator.Validate failed, err validation of endorsement policy for chaincode nineten in tx 39:0 failed: signature set did not satisfy policy", "", ""},
		{"error", "committer.txvalidator", "Dispatch for transaction txId = c3e7 returned error: validation of endorsement policy for chaincode nineten in tx 39:0 failed: signature set did not satisfy policy", "", ""},
		{"warn", "grpc", "[core] [Channel #16 SubChannel #17] grpc: addrConn.createTransport failed to connect to {Addr: \"127.0.0.1:19021\"}. Err: connection error: desc = \"transport: Error while dialing: dial tcp 127.0.0.1:19021: connect: connection refused\"", "", ""},
		{"warn", "gossip.gossip", "Deep probe of 127.0.0.1:19041 for channel nineten failed: context deadline exceeded", "", ""},
		{"warn", "peer.blocksprovider", "Failed to fetch blocks, count=1, round=0, going to retry in 100ms", "", ""},
	} {
		fields := map[string]string{"level": x.level, "name": x.name, "msg": x.msg}
		if x.field != "" {
			fields[x.field] = x.text
		}
		b, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		if l := parse(b); l.Level != slog.LevelDebug {
			t.Errorf("%v: %s", l.Level, b)
		}
	}
}

// What matters of the same parts of Fabric is heard.
func TestTroubleIsHeard(t *testing.T) {
	for line, want := range map[string]slog.Level{
		`{"level":"warn","name":"validation","msg":"Channel [nineten]: Block [39] Transaction index [0] TxId [c3] marked as invalid by committer. Reason code [ENDORSEMENT_POLICY_FAILURE]"}`:           slog.LevelWarn,
		`{"level":"warn","name":"grpc","msg":"addrConn.createTransport failed to connect. Err: error reading server preface: remote error: tls: certificate required"}`:                                 slog.LevelWarn,
		`{"level":"error","name":"orderer.consensus.smartbft","msg":"Rejecting config proposal due to error authorizing update: error validating DeltaSet: policy for [Group] /Channel not satisfied"}`: slog.LevelError,
		`{"level":"error","name":"committer.txvalidator","msg":"Dispatch for transaction txId = c3 returned error: the chaincode is not there"}`:                                                        slog.LevelError,
		`{"level":"warn","name":"BlockReceiver","msg":"Orderer hung up without sending status"}`:                                                                                                        slog.LevelWarn,
	} {
		if l := parse([]byte(line)); l.Level != want {
			t.Errorf("%v, want %v: %s", l.Level, want, line)
		}
	}
}

// A complaint that comes again and again is in the log once in a while.
func TestComplaintsAreNotRepeated(t *testing.T) {
	var b bytes.Buffer
	e := &ear{role: Orderer, log: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))}
	say := func(text string) { e.hear([]byte(`{"level":"warn","name":"egress","msg":"` + text + `"}`)) }
	synctest.Test(t, func(*testing.T) {
		for i := range 50 {
			say(fmt.Sprintf("Failed sending to %d at 10.0.0.1:%d after %d.5ms", i%4, 9000+i, i))
			say(fmt.Sprintf("Failed sending to 9 at 10.0.0.2:%d after 1ms", i))
			say(fmt.Sprintf("[%08x] Failed to handle GET_STATE", 0xc0ffee00+i)) // Fabric's short name of a transaction
			say("Failed sending to 1 at node1.example:9021")
			say("Failed sending to 1 at node2.example:9021")
			time.Sleep(time.Second)
		}
		time.Sleep(again)
		say("Failed sending to 3 at 10.0.0.1:9021 after 1ms")
	})
	const want = `level=WARN msg="Failed sending to 0 at 10.0.0.1:9000 after 0.5ms" from=orderer part=egress
level=WARN msg="Failed sending to 9 at 10.0.0.2:0 after 1ms" from=orderer part=egress
level=WARN msg="[c0ffee00] Failed to handle GET_STATE" from=orderer part=egress
level=WARN msg="Failed sending to 1 at node1.example:9021" from=orderer part=egress
level=WARN msg="Failed sending to 1 at node2.example:9021" from=orderer part=egress
level=WARN msg="Failed sending to 3 at 10.0.0.1:9021 after 1ms" from=orderer part=egress also=49
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	if got := e.since(time.Time{}); len(got) != remembered { // what it complained of before it ended is known all the same
		t.Errorf("%d complaints remembered", len(got))
	}
	for i := range 1000 {
		say("another " + strings.Repeat("x", i))
	}
	if len(e.nags) > 200 {
		t.Errorf("%d complaints are kept", len(e.nags))
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte(`{"level":"warn","name":"gossip","msg":"lost","n":3,"error":"no route"}`))
	f.Add([]byte("\x1b[34m2026-11-26 05:27:16.130 UTC 0001 INFO\x1b[0m [localconfig] \x1b[34;1mload\x1b[0m -> unset"))
	f.Add([]byte("panic: x"))
	f.Fuzz(func(t *testing.T, line []byte) {
		l := parse(line)
		if l.Level != slog.LevelDebug && l.Level != slog.LevelWarn && l.Level != slog.LevelError {
			t.Errorf("level %v", l.Level)
		}
		texts := []string{l.Text}
		for _, a := range l.Attrs {
			texts = append(texts, a.Key, a.Value.String())
		}
		for _, s := range texts {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\n\r") || len(s) > maxText+len("…") {
				t.Errorf("not fit for a log: %q", s)
			}
		}
	})
}
