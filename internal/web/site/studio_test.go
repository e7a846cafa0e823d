package site_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

func (s *shop) takeFile(ctx context.Context, v music.Viewer, r id.Release, name string, file io.Reader) error {
	if err := s.studio.MayAdd(ctx, v, r, name); err != nil {
		return err
	}
	body, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	key := hex.EncodeToString(sum[:])
	_, err = s.studio.Import(ctx, v, r, name, music.Blob{Key: "original/" + key, SHA256: key, Bytes: int64(len(body))})
	return err
}

func (s *shop) takeCover(_ context.Context, picture io.Reader) (music.Cover, error) {
	body, err := io.ReadAll(picture)
	if string(body) != "picture" {
		return music.Cover{}, fault.On("cover", fault.Unsupported, "That is no picture.")
	}
	return music.Cover{ID: "newcover", Light: "#111111", Dark: "#eeeeee"}, err
}

// artist signs somebody up who has a studio.
func (s *shop) artist(handle string) browser {
	s.Helper()
	in := s.person(handle)
	_, err := s.raw.ExecContext(s.Context(), "update account set role = 'artist' where handle = $1", handle)
	s.ok(err)
	return s.browser(in)
}

// sends fills a form that is taken or refused with a status, and returns what
// the page then says.
func (b browser) sends(want int, path string, pairs ...string) string {
	b.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	code, body, header := b.do(http.MethodPost, path, form)
	if code != want {
		b.Fatalf("%s %v answers %d: %s", path, pairs, code, sentence(body))
	}
	if code == http.StatusSeeOther {
		return header.Get("Location")
	}
	return body
}

// files sends a form with files, given as names and contents.
func (b browser) files(path string, pairs ...string) (int, string) {
	b.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	b.ok(w.WriteField("csrf", b.in.CSRF))
	for i := 0; i+1 < len(pairs); i += 2 {
		f, err := w.CreateFormFile("files", pairs[i])
		b.ok(err)
		_, err = io.WriteString(f, pairs[i+1])
		b.ok(err)
	}
	b.ok(w.Close())
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.srv.URL+path, &body)
	b.ok(err)
	req.AddCookie(&http.Cookie{Name: "session", Value: b.in.Token})
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := http.DefaultTransport.RoundTrip(req)
	b.ok(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	b.ok(err)
	return res.StatusCode, string(text)
}

// TestStudioWithoutJavaScript goes from an act to a public release by forms.
func TestStudioWithoutJavaScript(t *testing.T) {
	s := newShop(t)
	cy, bob := s.artist("cy"), s.artist("bob")
	act := cy.sends(http.StatusSeeOther, "/studio/acts", "name", "The Ferrymen")
	other := bob.sends(http.StatusSeeOther, "/studio/acts", "name", "Choir")
	cy.sends(http.StatusUnprocessableEntity, "/studio/acts", "name", "")
	rel := cy.sends(http.StatusSeeOther, "/studio/releases", "act", strings.TrimPrefix(act, "/studio/act/"))
	cy.has("/studio", "A draft without files", "The Ferrymen")
	if code, _, _ := bob.do(http.MethodGet, rel, nil); code != http.StatusNotFound {
		t.Errorf("a stranger's draft answers %d", code)
	}

	code, body := cy.files(rel+"/files", "01 Ebb.flac", "ebb", "02 Neap.flac", "neap", "notes.pdf", "no music", "03 Again.flac", "ebb")
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "notes.pdf") || !strings.Contains(body, "is the same file as track 1") || !strings.Contains(body, "Neap") {
		t.Errorf("%d: %s", code, sentence(body))
	}
	if code, _ := bob.files(rel+"/files", "x.flac", "x"); code != http.StatusNotFound {
		t.Errorf("a stranger's file is answered with %d", code)
	}
	if code, _ := cy.files(rel+"/cover", "c.jpg", "noise"); code != http.StatusUnsupportedMediaType {
		t.Errorf("a broken picture is answered with %d", code)
	}
	if code, _ := cy.files(rel+"/cover", "c.jpg", "picture"); code != http.StatusSeeOther {
		t.Errorf("a picture is answered with %d", code)
	}
	cy.has(rel, "/covers/newcover/640.webp", "2 tracks are being prepared")

	facts := []string{"title", "Slack Water", "artist", "The Ferrymen", "kind", "ep", "licence", "cc-by", "tags", "Folk, Sea", "explicit", "1"}
	if body := cy.sends(http.StatusUnprocessableEntity, rel, append(facts, "date", "soon")...); !strings.Contains(body, "f-date-e") || !strings.Contains(body, `value="Slack Water"`) {
		t.Errorf("the date is not refused beside its field: %s", sentence(body))
	}
	cy.sends(http.StatusSeeOther, rel, append(facts, "date", "2026-12-04")...)
	cy.has(rel, "Slack Water", "folk, sea", "2026-12-04")
	cy.sends(http.StatusSeeOther, rel+"/people", "people", "Maren Okafor: piano\nTomas Wren")
	cy.sends(http.StatusConflict, rel+"/do", "do", "publish")

	full, err := (&music.Catalogue{Store: s.studio.Store}).Release(t.Context(), music.Viewer{Account: cy.in.Principal.Account}, id.Release(strings.TrimPrefix(rel, "/studio/release/")), "")
	s.ok(err)
	first, second := string(full.Tracks[0].Track.ID), string(full.Tracks[1].Track.ID)
	page := rel + "/track/" + first
	track := []string{"title", "Ebb Tide", "number", "1", "disc", "1", "lyrics", "[00:01.00]Out", "people", "Maren Okafor: piano"}
	if body := cy.sends(http.StatusUnprocessableEntity, page, append(track, "isrc", "12")...); !strings.Contains(body, "f-isrc-e") {
		t.Errorf("a wrong ISRC is not refused beside its field: %s", sentence(body))
	}
	cy.sends(http.StatusSeeOther, page, append(track, "isrc", "DE-A12-26-00001")...)
	cy.has(page, "DE-A12-26-00001", "As it is sung", "Maren Okafor: piano")
	cy.sends(http.StatusSeeOther, rel+"/do", "do", "down", "track", first)
	if body := cy.page(rel); strings.Index(body, "t-"+second) > strings.Index(body, "t-"+first) {
		t.Error("the track was not moved")
	}

	share := []string{"track", first, "track", second, "act", "the-ferrymen", "percent", "80", "act", "choir"}
	if body := cy.sends(http.StatusUnprocessableEntity, rel+"/credits", append(share, "percent", "30")...); !strings.Contains(body, "110") {
		t.Errorf("shares of 110 per cent: %s", sentence(body))
	}
	cy.sends(http.StatusSeeOther, rel+"/credits", append(share, "percent", "20")...)
	cy.has(rel, "Asked on", "Choir has to agree to its 20 %")
	bob.has("/studio", "2 credit sheets to agree to")
	for _, t := range []string{first, second} {
		bob.sends(http.StatusSeeOther, other+"/credits", "track", t, "version", "2", "answer", "yes")
	}
	cy.lacks(rel, "Asked on")
	bob.lacks("/studio", "credit sheets")

	cy.sends(http.StatusUnprocessableEntity, rel+"/do", "do", "schedule", "at", "2026-12-04T18:00", "zone", "Nowhere")
	cy.sends(http.StatusSeeOther, rel+"/do", "do", "schedule", "at", "2026-12-04T18:00", "zone", "Europe/Berlin")
	cy.has(rel, "4 December 2026, 18:00 Europe/Berlin")
	cy.german().has(rel, "4. Dezember 2026, 18:00 Europe/Berlin")
	cy.sends(http.StatusSeeOther, rel+"/do", "do", "withdraw")
	cy.sends(http.StatusSeeOther, rel+"/do", "do", "preview")
	cy.has(rel, "?preview=")
	cy.sends(http.StatusSeeOther, rel+"/do", "do", "delete")
	cy.lacks("/studio", "Slack Water")
}

// TestActsMoney writes the wallets of an act and reads its statement.
func TestActsMoney(t *testing.T) {
	s := newShop(t)
	cy := s.artist("cy")
	act := cy.sends(http.StatusSeeOther, "/studio/acts", "name", "The Ferrymen")
	const address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	if body := cy.sends(http.StatusUnprocessableEntity, act+"/wallets", "wallet", "Maren", "address", address, "percent", "99.5"); !strings.Contains(body, "99.5 per cent") || !strings.Contains(body, address) {
		t.Errorf("99.5 per cent: %s", sentence(body))
	}
	cy.sends(http.StatusUnprocessableEntity, act+"/wallets", "wallet", "Maren", "address", strings.ToLower(address[:12])+address[12:], "percent", "100")
	cy.sends(http.StatusSeeOther, act+"/wallets", "wallet", "Maren", "address", address, "percent", "100", "wallet", "", "address", "", "percent", "")
	cy.has(act, address)
	cy.has(act+"/statement", "No month is settled yet")
	cy.sends(http.StatusUnprocessableEntity, act+"/people", "do", "add", "handle", "nobody", "role", "editor")
	s.person("dee")
	cy.sends(http.StatusSeeOther, act+"/people", "do", "add", "handle", "dee", "role", "editor")
	cy.has(act, "@dee")
	cy.sends(http.StatusConflict, act+"/people", "do", "remove", "account", string(cy.in.Principal.Account))
	cy.sends(http.StatusSeeOther, act, "name", "Ferrymen", "handle", "ferrymen", "members", "Maren: piano", "links", "Site https://example.org", "aliases", "F, M")
	cy.has(act, "Maren: piano", "https://example.org")
}
