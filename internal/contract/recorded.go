package contract

import (
	"encoding/json"
	"strings"

	"github.com/michaelperna/9ten/internal/fault"
)

// Recorded reads one write of a transaction as a block of a network holds it:
// a settlement or an anchor. Both are nil for anything else. It returns Invalid
// for a value that is not what its key says.
func Recorded(key string, value []byte) (*Settled, *Anchor, error) {
	// A composite key is a zero byte, its kind and its parts, each ended by one.
	parts := strings.Split(strings.Trim(key, "\x00"), "\x00")
	var err error
	switch parts[0] {
	case "settlement":
		s := new(Settled)
		if err = json.Unmarshal(value, s); err == nil && len(parts) == 3 && s.Node == parts[1] && periodKey(s.Period) == parts[2] {
			return s, nil, nil
		}
	case "anchor":
		a := new(Anchor)
		if err = json.Unmarshal(value, a); err == nil && len(parts) == 3 && a.Node == parts[1] && dayKey(a.Day) == parts[2] {
			return nil, a, nil
		}
	default:
		return nil, nil, nil
	}
	return nil, nil, fault.New(fault.Invalid, "The block holds something under %q that does not belong there.", parts[0])
}
