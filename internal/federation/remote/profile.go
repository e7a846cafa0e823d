package remote

import (
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// Bounds of what is kept of a profile's lines.
const (
	maxLines = 100
	maxLine  = 2048 // bytes of HTML: half of it would be another
)

// lines are those of a profile, as Mastodon and 9ten write them: a name, and a value in
// HTML.
func lines(o *vocab.Object) (out []social.Line) {
	for _, i := range o.Attachment {
		if i.Object == nil || !i.Object.Is("PropertyValue", "sc:PropertyValue") || len(out) == maxLines {
			continue
		}
		value := i.Object.Extra["value"]
		if value == nil {
			value = i.Object.Extra["sc:value"]
		}
		text, _ := value.(string)
		if name := short(music.OneLine(i.Object.Name), maxHandle); len(text) <= maxLine && (name != "" || text != "") {
			out = append(out, social.Line{Name: name, Value: text})
		}
	}
	return out
}
