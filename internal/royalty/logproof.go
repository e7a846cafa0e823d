package royalty

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

// MaxFile bounds a receipt or an act's proof: an act with a million listeners
// has one of some 120 MB.
const MaxFile = 256 << 20

const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	maxPath     = 64
)

// LogProof is a C2SP tlog-proof: that something is in a log, with data of ours.
type LogProof struct {
	Extra      []byte // not authenticated by the proof itself
	Index      uint64
	Path       []Hash // from the leaf's sibling upwards
	Checkpoint []byte // signed note, verbatim
}

// Format writes the text of a receipt file.
func (p LogProof) Format() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader + "\n")
	if len(p.Extra) > 0 {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Extra) + "\n")
	}
	b.WriteString("index " + strconv.FormatUint(p.Index, 10) + "\n")
	for _, h := range p.Path {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// ParseLogProof reads what Format writes and refuses (Invalid) everything else.
func ParseLogProof(b []byte) (LogProof, error) {
	bad := invalid("The file is not a tlog-proof.")
	if len(b) > MaxFile {
		return LogProof{}, invalid("The file is larger than a receipt may be.")
	}
	head, checkpoint, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok || len(checkpoint) == 0 {
		return LogProof{}, bad
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != proofHeader {
		return LogProof{}, bad
	}
	if lines = lines[1:]; len(lines) == 0 {
		return LogProof{}, bad
	}
	p := LogProof{Checkpoint: checkpoint}
	if extra, ok := strings.CutPrefix(lines[0], "extra "); ok {
		var err error
		if p.Extra, err = base64.StdEncoding.Strict().DecodeString(extra); err != nil || len(p.Extra) == 0 {
			return LogProof{}, bad
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || len(lines) > 1+maxPath {
		return LogProof{}, bad
	}
	index, ok := strings.CutPrefix(lines[0], "index ")
	i, err := strconv.ParseUint(index, 10, 64)
	if !ok || err != nil || i > math.MaxInt64 {
		return LogProof{}, bad
	}
	p.Index = i
	for _, l := range lines[1:] {
		h, err := parseHash(l)
		if err != nil {
			return LogProof{}, bad
		}
		p.Path = append(p.Path, h)
	}
	if !bytes.Equal(p.Format(), b) { // line breaks inside base64, leading zeros
		return LogProof{}, bad
	}
	return p, nil
}
