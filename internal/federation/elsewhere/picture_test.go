package elsewhere_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// A picture that changed at its address is fetched again: an act's with the daily question
// who it is, a release's when the release changed. A server that knows which version is kept
// is not made to send it again; one that gives it no more changes nothing.
func TestPictureThatChanged(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := newSceneOn(t, url)
		s.Servers.Store = s
		sent := 0
		s.desk.Cover = func(_ context.Context, picture io.Reader) (music.Cover, error) {
			sent++
			b, err := io.ReadAll(picture)
			return music.Cover{ID: "00112233445566778899aabbccddeeff", Light: string(b)}, err
		}
		becomes := func(what string) {
			s.server.Serve("/face.jpg", "image/jpeg", []byte(what))
			s.server.Serve("/cover.jpg", "image/jpeg", []byte(what))
		}
		wants := func(why, face, cover string, n int) {
			t.Helper()
			f := s.open("")
			if len(f.Releases) != 1 || f.Cover.Light != face || f.Releases[0].Cover.Light != cover || sent != n {
				t.Errorf("%s: %+v and %+v, sent %d times", why, f.Cover, f.Releases, sent)
			}
		}
		becomes("red")
		s.catalogue(1)
		s.find()
		s.follow(s.ada, true)
		s.work()
		wants("at first", "red", "red", 2)
		day := func() {
			t.Helper()
			s.Pass(25 * time.Hour)
			s.open(s.ada)
			s.work()
		}
		day()
		wants("nothing changed", "red", "red", 2)
		becomes("blue")
		day()
		wants("the release says of no change", "blue", "red", 3)
		r := s.release("r00", 2)
		r.Updated = s.Now()
		if err := s.says("Update", vocab.Of(r), s.act); err != nil {
			t.Fatal(err)
		}
		s.work()
		wants("the release changed", "blue", "blue", 4)
		s.server.Leads("/face.jpg", s.server.URL+"/nowhere")
		day()
		wants("it is not given any more", "blue", "blue", 4)
	})
}
