package site_test

import (
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// elsewhere makes somebody on another server, by name.
func (s *shop) elsewhere(name string) string {
	s.Helper()
	at := "https://far.example/users/" + name
	s.ok(s.db.SocialUpdate(s.Context(), func(tx social.Tx) error {
		return tx.PutActor(s.Context(), social.Actor{ID: at, Host: "far.example", Kind: "Person", Handle: name, Name: "Somebody <" + name + ">", URL: "https://far.example/@" + name, Inbox: at + "/inbox", Fetched: tx.Now()})
	}))
	return at
}

func (s *shop) reacts(actor string, kind social.Reaction, r id.Release, t id.Track) {
	s.Helper()
	s.ok(s.db.SocialUpdate(s.Context(), func(tx social.Tx) error {
		_, err := tx.React(s.Context(), social.Reacted{Actor: actor, Kind: kind, Thing: social.Thing{Release: r, Track: t}, Activity: actor + "/1", At: tx.Now()})
		return err
	}))
}

func TestReactionsOnThePage(t *testing.T) {
	s := newShop(t)
	r, tracks := s.public(s.act("Firn").ID, music.Facts{Title: "Glacier"}, "One", "Two")
	guest, path := s.browser(account.SignedIn{}), "/release/"+string(r.ID)
	guest.lacks(path, "from other servers")
	bo, cy := s.elsewhere("bo"), s.elsewhere("cy")
	s.reacts(bo, social.Like, r.ID, "")
	s.reacts(cy, social.Like, r.ID, "")
	s.reacts(cy, social.Boost, r.ID, "")
	s.reacts(bo, social.Like, r.ID, tracks[1])
	guest.has(path, "2 likes, 1 boost from other servers", "<dd>1 like from other servers</dd>")
	guest.german().has(path, "Gefällt 2 Personen, einmal geteilt auf anderen Servern")
}
