package child

import (
	"log/slog"
	"regexp"
	"strings"
)

// quiet lists what Fabric complains of although nothing is the matter, as seen
// in networks that were well: the part of Fabric that speaks, what it says, and
// the level that is worth to an operator.
var quiet = []struct {
	part  string
	says  *regexp.Regexp
	level slog.Level
}{
	// Whoever was served hangs up: every client does, after every transaction.
	{"orderer.common.broadcast", regexp.MustCompile(`^Error reading from .*code = Canceled`), slog.LevelDebug},
	{"orderer.common.cluster", regexp.MustCompile(`^Stream read from .*code = Canceled`), slog.LevelDebug},
	// A channel that is being joined has no contract and no policies yet; the
	// node waits for both and says where it is.
	{"gateway", regexp.MustCompile(`No metadata was found for chaincode`), slog.LevelDebug},
	{"discovery.lifecycle", regexp.MustCompile(`isn't defined in channel|non-existent channel`), slog.LevelDebug},
	{"gossip.", regexp.MustCompile(`Could not acquire policy manager`), slog.LevelDebug},
	// Two transactions changed the same: one of them is sent again.
	{"validation", regexp.MustCompile(`version mismatch|MVCC_READ_CONFLICT`), slog.LevelDebug},
	// The node serves the contract itself, so the peer has nothing to stop.
	{"container", regexp.MustCompile(`^failed to stop chaincode`), slog.LevelDebug},
	// An orderer that is a few messages behind or ahead of another.
	{"orderer.consensus.smartbft", regexp.MustCompile(`got message from \d+ with sequence`), slog.LevelDebug},
	{"grpc", regexp.MustCompile(`Adjusting keepalive ping interval`), slog.LevelDebug},
	// Somebody refuses our certificate: worth looking at. Anything else is a
	// stranger knocking, of whom there are many on the open internet.
	{"core.comm", regexp.MustCompile(`^Server TLS handshake failed .*remote error: tls: .*certificate`), slog.LevelWarn},
	{"core.comm", regexp.MustCompile(`^Server TLS handshake failed`), slog.LevelDebug},
}

// hush lowers the level of a line that is listed.
func hush(l Line) Line {
	if l.Level < slog.LevelWarn {
		return l
	}
	text := l.Text
	for _, a := range l.Attrs {
		if a.Key == "error" {
			text += ": " + a.Value.String()
		}
	}
	for _, q := range quiet {
		if strings.HasPrefix(l.Logger, q.part) && q.says.MatchString(text) {
			l.Level = min(l.Level, q.level)
			return l
		}
	}
	return l
}
