package fabric

import (
	"fmt"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// All of thirteen members endorse, and the fourteenth does not by itself.
func TestSmallNetworkGrows(t *testing.T) {
	var all []string
	for i := range channel.MaxValidators {
		all = append(all, fmt.Sprintf("%c.example", 'a'+i))
	}
	last := all[len(all)-1]
	if list, small := grown(all[:len(all)-1], last, len(all)); !small || !slices.Equal(list, all) {
		t.Errorf("of %d members endorse %v (%v)", len(all), list, small)
	}
	if list, small := grown(all, "z.example", len(all)+1); small || list != nil {
		t.Errorf("of %d members endorse %v without anybody's decision", len(all)+1, list)
	}
}
