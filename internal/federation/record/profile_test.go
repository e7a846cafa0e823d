package record_test

import (
	"reflect"
	"testing"

	"github.com/michaelperna/9ten/internal/federation/record"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// The lines of a profile are links, members of an act of a node, and what others say of
// themselves; nothing of a stranger's markup is left, and no link leads but over HTTPS.
func TestProfile(t *testing.T) {
	lines := []social.Line{
		{Name: "Web", Value: `<a href="https://tide.example/" rel="me"><span class="invisible">https://</span>tide.example</a>`},
		{Name: "", Value: "https://bare.example/x"},
		{Name: "Ida", Value: "piano &amp; <b>voice</b><script>alert(1)</script>"},
		{Name: "Shop", Value: `<a href="javascript:alert(1)">buy</a>`},
		{Name: "Old", Value: `<a href="http://old.example/">old</a>`},
		{Name: "See", Value: `also <a href="https://x.example/">here</a>`},
		{Name: "", Value: "nobody"},
		{Name: "Bo", Value: ""},
	}
	links := []music.Link{{Label: "Web", URL: "https://tide.example/"}, {URL: "https://bare.example/x"}}
	said := []music.Member{{Name: "Ida", Role: "piano & voice"}, {Name: "See", Role: "also here"}}
	for _, tt := range []struct {
		releases string
		want     record.Profile
	}{
		{"https://a.example/releases", record.Profile{Links: links, Members: append(said[:2:2], music.Member{Name: "Bo"})}},
		{"", record.Profile{Links: links, Facts: said}},
	} {
		if p := record.ProfileOf(&social.Actor{Releases: tt.releases, Lines: lines}); !reflect.DeepEqual(p, tt.want) {
			t.Errorf("%q: %+v", tt.releases, p)
		}
	}
}
