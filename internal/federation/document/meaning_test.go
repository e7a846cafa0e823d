package document_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Where the words of documents are from.
const (
	as   = fedtest.AS
	nine = fedtest.Nine
	sec  = fedtest.Sec
)

// The context that every document carries means what we mean: a JSON-LD processor
// reads no word that is nobody's, and these in each.
func TestContextMeans(t *testing.T) {
	n := fedtest.NewNode(t)
	mux := serveOn(t, n, nil)
	l := social.Live{ID: id.New[id.Live](fedtest.Moment), Act: n.Act, Title: "Ebb", Link: "https://tube.example/", Starts: fedtest.Moment, Ends: fedtest.Moment.Add(time.Hour), Published: fedtest.Moment, Updated: fedtest.Moment.Add(time.Minute)}
	if err := n.SocialUpdate(t.Context(), func(tx social.Tx) error {
		if err := tx.PutLive(t.Context(), l); err != nil {
			return err
		}
		return tx.PutAudience(t.Context(), l.ID, "far.example", 6, n.Now().Add(time.Minute))
	}); err != nil {
		t.Fatal(err)
	}
	actor := []string{fedtest.LDP + "inbox", as + "outbox", as + "endpoints", as + "sharedInbox", as + "preferredUsername", sec + "publicKey", sec + "publicKeyPem", sec + "assertionMethod", sec + "publicKeyMultibase",
		sec + "Multikey", "https://purl.archive.org/socialweb/webfinger#webfinger", "https://w3id.org/fep/844e#implements"}
	sound := []string{as + "Audio", nine + "AudioTrack", nine + "lyrics", nine + "loudness", nine + "position", nine + "isrc", nine + "post", nine + "people", nine + "role", nine + "musicbrainzId", nine + "manifest", as + "attachment", sec + "digestMultibase", nine + "disc", nine + "explicit", as + "duration", as + "Link", fedtest.PT + "size", nine + "integrated", nine + "truePeak", nine + "albumGain"}
	post := []string{as + "Note", as + "attributedTo", as + "content", as + "to", as + "cc", as + "replies", as + "likes", as + "shares", as + "tag", as + "attachment", sec + "digestMultibase", fedtest.GTS + "interactionPolicy", fedtest.GTS + "canReply", fedtest.GTS + "canLike", fedtest.GTS + "canAnnounce", fedtest.GTS + "automaticApproval"}
	for path, words := range map[string][]string{
		"/ap/node":                                       append([]string{as + "Application", as + "manuallyApprovesFollowers"}, actor...),
		"/ap/acts/" + string(act):                        append([]string{as + "Group", fedtest.Toot + "discoverable", fedtest.Toot + "indexable", fedtest.SC + "PropertyValue", fedtest.SC + "value", nine + "releases", nine + "playlists", as + "followers", as + "icon", as + "Image"}, actor...),
		"/ap/acts/" + string(act) + "/outbox":            {as + "OrderedCollection", as + "totalItems", as + "first", as + "last"},
		"/ap/acts/" + string(act) + "/outbox?page=1":     {as + "OrderedCollectionPage", as + "partOf", as + "items", as + "Create", as + "actor", as + "object"},
		"/ap/releases/" + string(release):                append([]string{as + "OrderedCollection", nine + "Release", nine + "artist", nine + "kind", nine + "date", nine + "label", nine + "licence", nine + "language", as + "Hashtag", as + "items"}, sound...),
		"/ap/releases/" + string(release) + "/create":    {as + "Create", as + "actor", as + "object", nine + "Release"},
		"/ap/releases/" + string(release) + "/note":      post,
		"/ap/tracks/" + string(track):                    sound,
		"/ap/tracks/" + string(track) + "/note":          post,
		"/ap/playlists/" + string(list) + "/create":      {as + "Create", nine + "Playlist", as + "OrderedCollection", as + "items", as + "totalItems", as + "name", as + "summary"},
		"/ap/playlists/" + string(list) + "/note/create": {as + "Create", as + "Note", as + "content", as + "tag"},
		"/ap/live/" + string(l.ID):                       {as + "Event", nine + "LiveStream", as + "startTime", as + "endTime", as + "name", nine + "stream", nine + "audience", as + "url", as + "updated"},
		"/ap/live/" + string(l.ID) + "/note/create":      {as + "Create", as + "Note", as + "content", as + "Link", as + "href"},
	} {
		r := get(mux, path, asked)
		if r.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, r.Code, r.Body)
			continue
		}
		t.Run(path, func(t *testing.T) { fedtest.Means(t, r.Body.Bytes(), words...) })
	}
}
