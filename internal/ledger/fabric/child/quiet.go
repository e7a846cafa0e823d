package child

import (
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
)

// quiet lists what Fabric complains of although nothing is the matter, as seen
// in networks that were well: the part of Fabric that speaks, what it says, and
// the level that is worth to an operator. The patterns are made at the first
// line that is heard: every command of 9ten's would wait for them.
var quiet = sync.OnceValue(func() []harmless {
	return []harmless{
		// Whoever was served hangs up: every client does, after every transaction.
		{"orderer.common.broadcast", regexp.MustCompile(`^Error reading from .*code = Canceled`), slog.LevelDebug},
		{"orderer.common.cluster", regexp.MustCompile(`^Stream read from .*code = Canceled`), slog.LevelDebug},
		{"common.deliver", regexp.MustCompile(`^Error reading from .*code = Canceled`), slog.LevelDebug},
		{"BlockReceiver", regexp.MustCompile(`code = Canceled`), slog.LevelDebug},
		// A channel that is being joined has no contract and no policies yet, and
		// the copy of it that is fetched does not know of the newcomer at first. The
		// node waits for all that and says where it is.
		{"gateway", regexp.MustCompile(`No metadata was found for chaincode`), slog.LevelDebug},
		{"discovery.lifecycle", regexp.MustCompile(`isn't defined in channel|non-existent channel`), slog.LevelDebug},
		{"gossip.", regexp.MustCompile(`Could not acquire policy manager|^No such channel|isn't among the orgs of the channel`), slog.LevelDebug},
		{"endorser", regexp.MustCompile(`is not defined on channel|creator org unknown`), slog.LevelDebug},
		{"policies", regexp.MustCompile(`is not defined on channel`), slog.LevelDebug},
		// An orderer that was just added is not in the channel yet; the others ask.
		{"BFTHeaderReceiver", regexp.MustCompile(`Got bad status NOT_FOUND`), slog.LevelDebug},
		{"common.deliver", regexp.MustCompile(`cause was: NOT_FOUND`), slog.LevelDebug},
		{"orderer.common.cluster", regexp.MustCompile(`not found in config|status:NOT_FOUND`), slog.LevelDebug},
		// Several nodes carry what members agreed on, and the first of them is enough.
		{"orderer.consensus.smartbft", regexp.MustCompile(`error authorizing update: error validating (ReadSet|DeltaSet): .* (it is currently|key is) at version`), slog.LevelDebug},
		// A gateway answers its client, the node, which says what it makes of it.
		{"gateway", regexp.MustCompile(`^Insufficient number of orderers|no peer combination can satisfy|chaincode response|error validating (ReadSet|DeltaSet)|channel does not exist`), slog.LevelDebug},
		// Two transactions changed the same: one of them is sent again.
		{"validation", regexp.MustCompile(`version mismatch|MVCC_READ_CONFLICT`), slog.LevelDebug},
		// A transaction was endorsed by those who did when it was made, and ordered
		// after a change of them. It is made again. That a block holds one which does
		// not count is said once; the rest is the same in other words.
		{"vscc", regexp.MustCompile(`(?i)endorse?ment policy`), slog.LevelDebug},
		{"committer.txvalidator", regexp.MustCompile(`validation of endorsement policy`), slog.LevelDebug},
		// A peer that started anew has the hash of what its organisation approved and
		// not the words. The node looks, and goes by the hash.
		{"chaincode", regexp.MustCompile(`private data matching public hash version is not available`), slog.LevelDebug},
		// The node serves the contract itself, so the peer has nothing to stop.
		{"container", regexp.MustCompile(`^failed to stop chaincode`), slog.LevelDebug},
		// An orderer that is a few messages behind or ahead of another.
		{"orderer.consensus.smartbft", regexp.MustCompile(`got message from \d+ with sequence|^Seen \d+ votes for digest`), slog.LevelDebug},
		// Whoever dials says what for, if that matters.
		{"grpc", regexp.MustCompile(`Adjusting keepalive ping interval|(?i)error while dialing`), slog.LevelDebug},
		{"gossip.gossip", regexp.MustCompile(`^Deep probe of`), slog.LevelDebug},
		{"gossip.discovery", regexp.MustCompile(`^(Entering|Exiting|Closing connection)`), slog.LevelDebug},
		{"peer.blocksprovider", regexp.MustCompile(`^Failed to fetch blocks, .*going to retry`), slog.LevelDebug},
		// Somebody refuses our certificate: worth looking at. Anything else is a
		// stranger knocking, of whom there are many on the open internet.
		{"core.comm", regexp.MustCompile(`^Server TLS handshake failed .*remote error: tls: .*certificate`), slog.LevelWarn},
		{"core.comm", regexp.MustCompile(`^Server TLS handshake failed`), slog.LevelDebug},
	}
})

// harmless is a complaint that is none.
type harmless struct {
	part  string
	says  *regexp.Regexp
	level slog.Level
}

// hush lowers the level of a line that is listed.
func hush(l Line) Line {
	if l.Level < slog.LevelWarn {
		return l
	}
	text := l.whole()
	for _, q := range quiet() {
		if strings.HasPrefix(l.Logger, q.part) && q.says.MatchString(text) {
			l.Level = min(l.Level, q.level)
			return l
		}
	}
	return l
}

// whole is a line with the reasons that Fabric keeps in fields beside it.
func (l Line) whole() string {
	text := l.Text
	for _, a := range l.Attrs {
		if a.Key == "error" || a.Key == "err" || a.Key == "info" {
			text += ": " + a.Value.String()
		}
	}
	return text
}

// again is how long a complaint that comes again and again is not repeated in
// the log. Fabric tries many things several times a second, and says each time
// that it did not work.
const again = 10 * time.Minute

// changing is what differs between two complaints of the same: numbers, and
// ports, but not which machine it is about.
var changing = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\b(\d+\.\d+\.\d+\.\d+)(?::\d+)?|[0-9a-f]{8,}|:\d+|\b\d+(?:\.\d+)?`)
})

// A nag is a complaint that was heard before.
type nag struct {
	said time.Time // when it was logged last
	more int       // how often it came since
}

// known reports how often a complaint came since it was logged last, and whether
// it is time to log it. It keeps few: one that it forgot is logged again.
func (e *ear) known(l Line, now time.Time) (more int, quiet bool) {
	key := l.Level.String() + l.Logger + changing().ReplaceAllString(l.whole(), "$1#")
	n := e.nags[key]
	if n != nil && now.Sub(n.said) < again {
		n.more++
		return n.more, true
	}
	if n == nil {
		if len(e.nags) >= 200 || e.nags == nil {
			e.nags = map[string]*nag{}
		}
		n = &nag{}
		e.nags[key] = n
	}
	more, n.said, n.more = n.more, now, 0
	return more, false
}
