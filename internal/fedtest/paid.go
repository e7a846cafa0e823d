package fedtest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/btcsuite/btcd/btcutil/base58"
	"github.com/gowebpki/jcs"

	"github.com/michaelperna/9ten/internal/federation/credit"
	"github.com/michaelperna/9ten/internal/federation/vocab"
)

// Wallet is a valid address.
const Wallet = "0x52908400098527886E0F7030069857D2E4169EE7"

// Ids of a [Server.Node]'s act, release and track.
const (
	PaidAct     = "01KAZ0000000000000000000AC"
	PaidRelease = "01KAZ0000000000000000000RE"
	PaidTrack   = "01KAZ0000000000000000000TR"
)

// Application is the actor of the server itself, as nodes have one.
func (s *Server) Application() *Actor {
	s.t.Helper()
	a := s.actorAt("/ap/node")
	o := a.Document()
	o.Type = []string{"Application"}
	s.Publish(o, "")
	return a
}

// Node makes the server a 9ten node with an act that has a release with a track
// of three minutes and says who is paid for it.
func (s *Server) Node() *Actor {
	s.t.Helper()
	a := s.actorAt("/ap/acts/" + PaidAct)
	at := a.ID
	s.Runs("9ten")
	a.Plays("tide", "Tide", "Ebb")
	track := &vocab.Object{ID: s.URL + "/ap/tracks/" + PaidTrack, Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(at), Name: "Ebb I", Duration: 3 * time.Minute,
		URL: []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "audio/flac", Href: s.URL + "/sound.flac"})}}
	release := &vocab.Object{ID: s.URL + "/ap/releases/" + PaidRelease, Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(at), Name: "Ebb", Published: Moment, To: []string{vocab.Public},
		OrderedItems: []vocab.Item{vocab.Of(track)}}
	track.Put("nineten:post", s.URL+"/posts/track")
	release.Put("nineten:post", s.URL+"/posts/release")
	s.Publish(&vocab.Object{ID: at + "/releases", Type: []string{"OrderedCollection"}, OrderedItems: []vocab.Item{vocab.Of(release)}}, "")
	d := a.Credits()
	a.Says(d, a, Moment)
	return a
}

// Credits are those of the act's release, as they are at first.
func (a *Actor) Credits() *credit.Document {
	at := a.server.URL + "/ap/releases/" + PaidRelease
	return &credit.Document{ID: at + "/credits", Release: at, Act: a.ID,
		Sheets:  []credit.Sheet{{Track: a.server.URL + "/ap/tracks/" + PaidTrack, Version: 1, Since: Moment.Add(-time.Hour), Shares: []credit.Share{{Act: a.ID, Points: 10_000}}}},
		Payouts: []credit.Payout{{Act: a.ID, Name: "Tide", Wallets: []credit.Wallet{{Address: Wallet, Points: 10_000}}}}}
}

// Says has the server say who is paid, proved by an actor's key at a time.
func (a *Actor) Says(d *credit.Document, by *Actor, at time.Time) {
	a.server.t.Helper()
	b, err := d.Encode(func(act string) (string, ed25519.PrivateKey) { return act + "#ed25519-key", by.Proof }, at)
	if err != nil {
		a.server.t.Fatal(err)
	}
	a.server.Serve("/ap/releases/"+PaidRelease+"/credits", "application/activity+json", b)
}

// ProvedUntil is a document with the actor's proof that says when it expires. What
// [sig.Prove] makes says nothing of that.
func (a *Actor) ProvedUntil(o *vocab.Object, made, until time.Time) []byte {
	t := a.server.t
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(JSON(t, o), &doc); err != nil {
		t.Fatal(err)
	}
	options := map[string]any{"@context": doc["@context"], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "verificationMethod": a.ID + "#ed25519-key", "proofPurpose": "assertionMethod",
		"created": made.UTC().Format(time.RFC3339), "expires": until.UTC().Format(time.RFC3339)}
	var base []byte
	for _, part := range []any{options, doc} {
		text, err := jcs.Transform(JSON(t, part))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		base = append(base, sum[:]...)
	}
	options["proofValue"] = "z" + base58.Encode(ed25519.Sign(a.Proof, base))
	doc["proof"] = options
	return JSON(t, doc)
}
