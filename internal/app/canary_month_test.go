package app

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// shown reads what the node shows everybody, as pages, as programs and as other servers do.
func (w *watched) shown(act id.Act, release id.Release, person string) {
	w.t.Helper()
	n := w.crawl("/ap/node", "/ap/acts/"+string(act), "/.well-known/nodeinfo", "/.well-known/host-meta", "/.well-known/webfinger?resource=acct:low-tide@nine.example", "/release/"+string(release), "/low-tide", "/ap/people/"+person, "/.well-known/webfinger?resource=acct:chiffchaff@nine.example", "/person/chiffchaff",
		"/api/v1/acts/low-tide", "/api/v1/releases/"+string(release), "/api/v1/releases/"+string(release)+"/comments", "/api/v1/node", "/log/checkpoint", "/log/tile/0/000.p/1")
	if n < 18 {
		w.t.Errorf("only %d documents were read", n)
	}
}

// comes has people be at an event of an act elsewhere, whose node is told how many.
func (w *watched) comes(crowd []*visitor, by *fedtest.Actor) {
	w.t.Helper()
	o := &vocab.Object{ID: by.ID + "/live/1", Type: []string{"Event", "nineten:LiveStream"}, AttributedTo: vocab.One(by.ID), Name: "Ebb, live", Published: w.now(), To: []string{vocab.Public},
		StartTime: w.now().Add(-time.Minute), EndTime: w.now().Add(time.Hour), URL: vocab.One(by.ID + "/page")}
	o.Put("nineten:stream", by.ID+"/stream")
	if got := w.says(by, by.Activity("Create", "live1", vocab.Of(o))); got != http.StatusAccepted {
		w.t.Fatal(got)
	}
	var list []struct{ ID string }
	w.arrives("the event is known", func() bool {
		crowd[0].do(http.MethodGet, "/api/v1/streams", nil, &list)
		return len(list) == 1
	})
	for _, v := range crowd {
		v.do(http.MethodPost, "/api/v1/streams/"+list[0].ID+"/audience", nil, nil)
	}
	w.ok(w.federation.elsewhere.Audiences(w.t.Context(), w.federation.lives)) // as once a minute
}

// shuns has people block a server for themselves, and somebody elsewhere as who they are
// seen and for the act.
func (w *watched) shuns(crowd []*visitor, act id.Act, who *fedtest.Actor) {
	w.t.Helper()
	for n, v := range crowd {
		v.do(http.MethodPut, "/api/v1/me/blocked/loud.example", nil, nil)
		if n == 1 { // who is seen
			v.do(http.MethodPut, "/api/v1/me/person/followers", map[string]any{"actor": who.ID, "state": "blocked"}, nil)
		}
	}
	crowd[len(crowd)-1].do(http.MethodPut, "/api/v1/studio/acts/"+string(act)+"/followers", map[string]any{"actor": who.ID, "state": "blocked"}, nil)
}

// curates has somebody who works for the act keep a list of their own, and publish one
// under the act's name.
func (w *watched) curates(act id.Act, track id.Track, n int) *visitor {
	w.t.Helper()
	v := w.joins(n)
	w.ok(w.db.Music().Update(w.t.Context(), func(tx music.Tx) error { return tx.SetRole(w.t.Context(), act, v.account, music.Editor) }))
	for title, under := range map[string]id.Act{"Kept by an echidna": "", "Late trains of the emu": act} {
		var made struct{ ID id.Playlist }
		v.do(http.MethodPost, "/api/v1/playlists", map[string]any{"title": title, "tracks": []id.Track{track}}, &made)
		v.do(http.MethodPatch, "/api/v1/playlists/"+string(made.ID), map[string]any{"access": "public", "act": under}, nil)
		w.ok(w.federation.outbox.Playlist(w.t.Context(), made.ID))
	}
	return v
}

// wouldFind makes sure that the same grep finds what did leave.
func (w *watched) wouldFind(v *visitor, release id.Release) {
	w.t.Helper()
	for _, as := range []string{"question or delivery", "question for sound", "document", "page", "ledger"} {
		if b := w.left[as]; b == nil || b.Len() == 0 {
			w.t.Errorf("nothing left as a %s: the test looks at nothing", as)
		}
	}
	for text, as := range map[string]string{"parakeet-bio-9": "document", "Plover-about-6": "document", "chiffchaff": "page", "Arithmetic": "question or delivery", "Late trains of the emu": "question or delivery", "I was the ibis here": "page", "Heard in the reeds": "document", "Wrong name, says the heron": "question or delivery", "Thanks, says the dabchick": "question or delivery", v.handle: "page"} {
		if where := strings.Join(w.heard(text), ","); !strings.Contains(where, as+" as itself") {
			w.t.Errorf("%q is found in %q, not in a %s", text, where, as)
		}
	}
}

// otherNode is what the crowd hears on another node.
type otherNode struct {
	server               *fedtest.Server
	host, release, track string
}

// elsewhereOf has everybody follow the other node's act, and finds its track.
func (w *watched) elsewhereOf(crowd []*visitor, far *fedtest.Server) (x otherNode) {
	w.t.Helper()
	x.server, x.host = far, far.Host()
	handle := "tide@" + x.host
	for _, v := range crowd {
		v.do(http.MethodGet, "/api/v1/elsewhere?who="+url.QueryEscape("@"+handle), nil, nil)
		v.do(http.MethodPut, "/api/v1/elsewhere/acts/"+handle+"/follow", nil, nil)
	}
	w.arrives("the release elsewhere is known", func() bool {
		var known struct{ Releases []struct{ ID string } }
		if crowd[0].do(http.MethodGet, "/api/v1/elsewhere/acts/"+handle, nil, &known); len(known.Releases) == 1 {
			x.release = known.Releases[0].ID
		}
		return x.release != ""
	})
	w.arrives("its credits hold", func() bool {
		var full struct {
			Credits struct{ State string }
			Tracks  []struct{ ID string }
		}
		crowd[0].do(http.MethodGet, "/api/v1/elsewhere/releases/"+x.release, nil, &full)
		x.track = full.Tracks[0].ID
		return full.Credits.State == "holds"
	})
	return x
}

// talk has people say and share what others may read, and report what they must not. It
// returns what takes back what they said and liked elsewhere.
func (w *watched) talk(crowd []*visitor, act id.Act, release id.Release, track id.Track, far otherNode) (takeBack func()) {
	w.t.Helper()
	said := make([]struct{ ID string }, len(crowd))
	for n, v := range crowd {
		text := "I was the ibis here"
		if n == 1 { // who is seen
			text = "Heard in the reeds"
			v.do(http.MethodPut, "/api/v1/boosts/releases/"+string(release), nil, nil)
			v.do(http.MethodPut, "/api/v1/boosts/releases/"+far.release, nil, nil)
		}
		for _, r := range []string{string(release), far.release} {
			v.do(http.MethodPut, "/api/v1/likes/releases/"+r, nil, nil)
			v.do(http.MethodPost, "/api/v1/releases/"+r+"/comments", map[string]any{"text": text}, &said[n])
		}
		v.do(http.MethodPut, "/api/v1/likes/"+string(track), nil, nil)
		if n == len(crowd)-1 { // who works for the act
			v.do(http.MethodPost, "/api/v1/releases/"+string(release)+"/comments", map[string]any{"text": "Thanks, says the dabchick", "as": act}, nil)
		}
		v.do(http.MethodPost, "/api/v1/reports", map[string]any{"kind": "release-elsewhere", "id": far.release, "text": "Wrong name, says the heron", "forward": true}, nil)
	}
	return func() {
		for n, v := range crowd {
			v.do(http.MethodDelete, "/api/v1/comments/"+said[n].ID, nil, nil)
			v.do(http.MethodDelete, "/api/v1/likes/releases/"+far.release, nil, nil)
		}
	}
}

// month lets a month pass day by day until it is settled and final.
func (w *watched) month(p calendar.Period, crowd []*visitor, here id.Track, far otherNode) {
	w.t.Helper()
	for day := calendar.DayOf(w.now()).Start(); !day.After(p.Due(calendar.Final).AddDate(0, 0, 2)); day = day.AddDate(0, 0, 1) {
		for _, at := range []time.Duration{20 * time.Minute, 35 * time.Minute, 3*time.Hour + 5*time.Minute} {
			if moment := day.Add(at); moment.After(w.now()) {
				w.set(moment)
				w.quiet()
			}
		}
		w.exec(dueNow)
		w.set(day.Add(13 * time.Hour))
		if day.Equal(p.Start()) {
			for _, v := range crowd {
				v.pays()
			}
		}
		if day.Before(p.End()) {
			for _, v := range crowd {
				v.hears(string(here)+"@"+w.cfg.NodeID(), time.Minute)
				v.do(http.MethodGet, "/media/"+far.track+"/original", nil, nil)
				v.hears(fedtest.PaidTrack+"@"+far.host, time.Minute)
			}
		}
	}
}
