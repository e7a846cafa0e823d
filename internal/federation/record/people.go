package record

import (
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/music"
)

// people are those whom a track names as playing on it, in their order; each counts once
// for one thing that they do.
func people(o *vocab.Object) (out []music.Person) {
	for _, x := range vocab.Objects(o.Extra["nineten:people"]) {
		p := music.Person{Name: name(x.Name), Role: name(word(x, "nineten:role"))}
		if p.Name != "" && len(out) < maxPeople {
			out = append(out, p)
		}
	}
	return out
}
