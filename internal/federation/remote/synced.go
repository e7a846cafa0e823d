package remote

import (
	"fmt"
	"strings"

	"github.com/michaelperna/9ten/internal/federation/sig"
)

// SyncedHeader says which followers of somebody the server counts that is written to
// (FEP-8fcf).
const SyncedHeader = "Collection-Synchronization"

// Synced is what it says.
type Synced struct {
	Collection string // all followers
	URL        string // those of the server that is written to
	Digest     string // of their addresses, in hex
}

func (s Synced) String() string {
	return fmt.Sprintf(`collectionId="%s", url="%s", digest="%s"`, s.Collection, s.URL, s.Digest)
}

// ReadSynced reads the header as somebody's word about their own followers; false when it
// is none.
func ReadSynced(header, actor string) (Synced, bool) {
	if len(header) > 3*maxAddress {
		return Synced{}, false
	}
	p, err := sig.Params(header)
	s := Synced{Collection: p["collectionId"], URL: p["url"], Digest: strings.ToLower(p["digest"])}
	ok := err == nil && SameOrigin(s.Collection, actor) && SameOrigin(s.URL, actor) && strings.HasPrefix(s.URL, "https://") && s.Digest != ""
	return s, ok
}
