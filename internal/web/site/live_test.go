package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// An act announces an event in the studio; it stands on the act's page and on the
// first page of who follows it, leads to where it is to be heard, ends and is taken back.
func TestLiveEvents(t *testing.T) {
	s := newShop(t)
	cy, bob := s.artist("cy"), s.artist("bob")
	studio := cy.sends(http.StatusSeeOther, "/studio/acts", "name", "The Ferrymen")
	at := studio + "/live"
	good := []string{"do", "announce", "title", "Slack water, live", "link", "https://tube.example/ferry", "starts", s.now.UTC().Add(time.Hour).Format("2006-01-02T15:04"), "hours", "2"}
	with := func(name, value string) []string {
		out := append([]string{}, good...)
		for i := range out {
			if out[i] == name {
				out[i+1] = value
			}
		}
		return out
	}
	for field, bad := range map[string]string{"title": " ", "link": "javascript:alert(1)", "starts": "tomorrow", "hours": "25"} {
		if body := cy.sends(http.StatusUnprocessableEntity, at, with(field, bad)...); !strings.Contains(body, "v-"+field+"-e") || !strings.Contains(body, "<details open") {
			t.Errorf("%s: %s", field, sentence(body))
		}
	}
	if body := cy.sends(http.StatusUnprocessableEntity, at, with("starts", "2020-01-01T00:00")...); !strings.Contains(body, "v-starts-e") {
		t.Error(sentence(body))
	}
	bob.sends(http.StatusNotFound, at, good...)
	cy.sends(http.StatusSeeOther, at, good...)
	page := func(b browser, path string) string {
		t.Helper()
		code, body, _ := b.do(http.MethodGet, path, nil)
		if code != http.StatusOK {
			t.Fatalf("%s answers %d", path, code)
		}
		return body
	}
	_, body, _ := cy.do(http.MethodGet, studio, nil)
	event := regexp.MustCompile(`name="event" value="([0-9A-Z]{26})"`).FindStringSubmatch(body)
	if event == nil || !strings.Contains(body, "Slack water, live") {
		t.Fatal(sentence(body))
	}
	act := regexp.MustCompile(`href="(/act/[^"]+)"`).FindStringSubmatch(body)[1]
	if body := page(bob, act); !strings.Contains(body, "Slack water, live") || !strings.Contains(body, "on tube.example") || !strings.Contains(body, "Where it will be") || strings.Contains(body, "Live now") {
		t.Error(sentence(body))
	}
	bob.send("/follow", url.Values{"act": {strings.TrimPrefix(studio, "/studio/act/")}, "on": {"1"}, "back": {act}})
	if body := page(bob, "/"); !strings.Contains(body, "Live, from acts you follow") || !strings.Contains(body, "Slack water, live") {
		t.Error(sentence(body))
	}
	code, _, header := bob.do(http.MethodGet, "/live/"+event[1]+"/go", nil)
	if code != http.StatusSeeOther || header.Get("Location") != "https://tube.example/ferry" || header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%d %v", code, header)
	}
	if code, _, _ := bob.do(http.MethodGet, "/live/01KAZ0000000000000000000TR/go", nil); code != http.StatusNotFound {
		t.Errorf("an event of nobody: %d", code)
	}
	cy.sends(http.StatusSeeOther, at, "do", "delete", "event", event[1])
	cy.sends(http.StatusSeeOther, at, with("starts", s.now.UTC().Add(-time.Hour).Format("2006-01-02T15:04"))...)
	body = page(cy, studio)
	event = regexp.MustCompile(`name="event" value="([0-9A-Z]{26})"`).FindStringSubmatch(body)
	if !strings.Contains(body, "Live now") || strings.Count(body, `name="event"`) != 1 {
		t.Fatal(sentence(body))
	}
	other := bob.sends(http.StatusSeeOther, "/studio/acts", "name", "Choir") + "/live"
	bob.sends(http.StatusForbidden, other, "do", "end", "event", event[1]) // by way of his own act
	bob.sends(http.StatusForbidden, other, "do", "delete", "event", event[1])
	cy.sends(http.StatusSeeOther, at, "do", "end", "event", event[1])
	if body := page(bob, act); strings.Contains(body, "Slack water, live") {
		t.Error(sentence(body))
	}
}
