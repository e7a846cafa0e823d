package vocab

import (
	"slices"
	"strings"
)

// Namespace is 9ten's own vocabulary.
const Namespace = "https://michaelperna.github.io/9ten/ns#"

// ActivityStreams is the context of the base vocabulary, and its namespace
// without the sign.
const ActivityStreams = "https://www.w3.org/ns/activitystreams"

// Public is the collection of everybody.
const Public = ActivityStreams + "#Public"

// prefixes are the namespaces that are read, with the prefix under which their
// names are known here: none for those whose names nobody prefixes.
var prefixes = []struct{ iri, prefix string }{
	{ActivityStreams + "#", ""},
	{"http://www.w3.org/ns/activitystreams#", ""},
	{"as:", ""},
	{"https://w3id.org/security#", ""},
	{"sec:", ""},
	{"http://www.w3.org/ns/ldp#", ""},
	{"ldp:", ""},
	{Namespace, "nineten:"},
	{"https://funkwhale.audio/ns#", "fw:"},
	{"http://schema.org/", "sc:"},
	{"https://schema.org/", "sc:"},
	{"schema:", "sc:"},
	{"https://joinpeertube.org/ns#", "pt:"},
	{"http://joinmastodon.org/ns#", "toot:"},
	{"https://gotosocial.org/ns#", ""},
	{"gts:", ""},
	{"http://litepub.social/ns#", ""},
	{"litepub:", ""},
}

// own are 9ten's words. They may come bare; a bare "Playlist" is PeerTube's or
// Funkwhale's too, and read as one.
var own = []string{"AudioTrack", "Playlist", "Release", "LiveStream", "ListenActivity", "StreamActivity", "SubscriptionActivity"}

// canonical is the one way a name is known here: "nineten:AudioTrack", "Note",
// "pt:support".
func canonical(name string) string {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(name, p.iri); ok && rest != "" {
			name = p.prefix + rest
			break
		}
	}
	if slices.Contains(own, name) {
		return "nineten:" + name
	}
	return name
}
