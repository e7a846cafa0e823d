package activity_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// Who may comment on a release of another server, like or share it, may here, and nobody
// else: as its document says, in GoToSocial's words.
func TestPolicyOfReleasesElsewhere(t *testing.T) {
	server := fedtest.NewServer(t)
	tide := server.Actor("tide")
	w := &world{Node: fedtest.NewNode(t, server)}
	fan := music.Viewer{Account: w.followed(tide)}
	other := music.Viewer{Account: id.New[id.Account](fedtest.Moment)}
	if err := w.AccountUpdate(t.Context(), func(tx account.Tx) error {
		return tx.InsertAccount(t.Context(), account.Account{ID: other.Account, Handle: "other", Name: "Other", Created: fedtest.Moment}, "")
	}); err != nil {
		t.Fatal(err)
	}
	talk := &social.Talk{Store: w.DB}
	names := map[social.Verb]string{social.Commenting: "canReply", social.Liking: "canLike", social.Boosting: "canAnnounce"}
	n := 0
	for verb, can := range names {
		rule := func(name string, who ...any) map[string]any {
			out := map[string]any{}
			for _, x := range names { // the others are nobody's
				out[x] = map[string]any{name: []any{}}
			}
			out[can] = map[string]any{name: who}
			return out
		}
		for _, tt := range []struct {
			policy     any
			says       social.Policy
			fan, other bool
		}{
			{nil, social.Everybody, true, true},
			{"nonsense", social.Everybody, true, true},
			{map[string]any{"canFeature": map[string]any{"automaticApproval": []any{}}}, social.Everybody, true, true},
			{rule("automaticApproval", vocab.Public), social.Everybody, true, true},
			{rule("automaticApproval", "as:Public"), social.Everybody, true, true},
			{rule("always", vocab.Public), social.Everybody, true, true}, // as it was called before
			{map[string]any{can: map[string]any{"automaticApproval": vocab.Public}}, social.Everybody, true, true},
			{map[string]any{"gts:" + can: map[string]any{"gts:automaticApproval": []any{tide.ID + "/followers", 9, nil}}}, social.Followers, true, false},
			{rule("automaticApproval", tide.ID, tide.ID+"/followers"), social.Followers, true, false},
			{rule("automaticApproval", tide.ID), social.Nobody, false, false},
			{rule("automaticApproval"), social.Nobody, false, false},
			{rule("manualApproval", vocab.Public), social.Nobody, false, false}, // nobody asks for it
		} {
			r := w.plays(tide, n == 0, tt.policy)
			n++
			for v, may := range map[music.Viewer]bool{fan: tt.fan, other: tt.other} {
				c, err := talk.Comments(t.Context(), v, r, "", 9)
				if err != nil || c.Policies[verb] != tt.says || c.May[verb] != may {
					t.Errorf("%s by %v: %q, may %v, %v", verb, tt.policy, c.Policies, c.May, err)
				}
				if verb != social.Commenting {
					continue
				}
				w.Pass(time.Hour) // so many comments an hour are taken
				_, err = talk.Write(t.Context(), v, social.Draft{Thing: social.Thing{Release: r}, Text: "So quiet.", Position: -1})
				if may != (err == nil) || err != nil && !fault.Is(err, fault.Forbidden) {
					t.Errorf("%v: %v", tt.policy, err)
				}
			}
		}
	}
}

// plays has an act elsewhere say of its release, which is known here, who may do what.
func (w *world) plays(by *fedtest.Actor, first bool, policy any) id.Release {
	w.T.Helper()
	track := &vocab.Object{ID: by.ID + "/t/1", Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(by.ID), Name: "I",
		URL: []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "audio/flac", Href: by.ID + "/sound.flac"})}}
	o := &vocab.Object{ID: by.ID + "/r/1", Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(by.ID), Name: "Ebb", Published: fedtest.Moment, To: []string{vocab.Public}, OrderedItems: []vocab.Item{vocab.Of(track)}}
	if policy != nil {
		o.Put("interactionPolicy", policy)
	}
	kind := "Update"
	if first {
		kind = "Create"
	}
	w.receive(by.Activity(kind, "r", vocab.Of(o)))
	var r social.Release
	w.view(func(tx social.Tx) (err error) { r, err = tx.ReleaseByIRI(w.T.Context(), o.ID); return err })
	return r.ID
}

// What listeners who are seen like and share of a release elsewhere is told where its act
// allows it, and what was told before is taken back in any case. A like stays with who likes.
func TestLikesAndBoostsAsTheActAllows(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		server := fedtest.NewServer(t)
		tide := server.Actor("tide")
		s := newStudio(t, url, server)
		s.followed(tide) // by somebody else
		people, library := &social.People{Store: s, Federates: true}, &music.Library{Store: s.Music()}
		only := func(who ...string) map[string]any { return map[string]any{"automaticApproval": who} }
		policy := func(like, announce map[string]any) map[string]any {
			return map[string]any{"canLike": like, "canAnnounce": announce}
		}
		followers := tide.ID + "/followers"
		for i, tt := range []struct {
			policy       any
			follows      bool
			likes, boost bool
		}{
			{nil, false, true, true},
			{policy(only(tide.ID), only(vocab.Public)), false, false, true},
			{policy(only(vocab.Public), only()), false, true, false},
			{policy(only(followers), only(followers)), false, false, false},
			{policy(only(followers), only(followers)), true, true, true},
		} {
			r := s.plays(tide, i == 0, tt.policy)
			s.Pass(2 * social.BoostAgain)
			s.update(func(tx social.Tx) error {
				_, err := tx.FollowElsewhere(t.Context(), s.ada.Account, tide.ID, tt.follows)
				return err
			})
			like := func(on bool) []string {
				t.Helper()
				s.must(library.LikeRelease(t.Context(), s.ada, r, on))
				if is, err := library.LikesRelease(t.Context(), s.ada, r); err != nil || is != on {
					t.Errorf("%d: what ada likes is not kept: %v, %v", i, is, err)
				}
				s.must(s.out.LikeRelease(t.Context(), string(s.ada.Account)+" "+string(r)))
				return kinds(s.hears(server))
			}
			boost := func(on bool) []string {
				t.Helper()
				err := people.Boost(t.Context(), s.ada, social.Thing{Release: r}, on)
				if refused := on && !tt.boost; refused != fault.Is(err, fault.Forbidden) || !refused && err != nil {
					t.Errorf("%d: shares it: %v", i, err)
				}
				s.must(s.out.Boost(t.Context(), string(s.wren)+" "+string(r)+" "))
				return kinds(s.hears(server))
			}
			for _, did := range []struct {
				told bool
				all  []string
				want string
			}{{tt.likes, like(true), "Like"}, {tt.boost, boost(true), "Announce"}} {
				if did.told != slices.Equal(did.all, []string{did.want}) || !did.told && len(did.all) != 0 {
					t.Errorf("%d: told %v, not %s", i, did.all, did.want)
				}
			}
			s.plays(tide, false, policy(only(), only()))
			s.Pass(time.Minute)
			for told, all := range map[*bool][]string{&tt.likes: like(false), &tt.boost: boost(false)} {
				if *told != slices.Equal(all, []string{"Undo"}) || !*told && len(all) != 0 {
					t.Errorf("%d: taken back: %v", i, all)
				}
			}
		}
		s.Pass(2 * social.BoostAgain)
		r := s.plays(tide, false, nil)
		s.must(people.Boost(t.Context(), s.ada, social.Thing{Release: r}, true))
		s.plays(tide, false, policy(nil, only(tide.ID)))
		s.must(s.out.Boost(t.Context(), string(s.wren)+" "+string(r)+" "))
		if all := s.hears(server); len(all) != 0 {
			t.Errorf("told of what may be shared no more: %v", kinds(all))
		}
	})
}

// What an act says of who may do what is in its documents, in every form, and told when it
// changes.
func TestPolicyIsTold(t *testing.T) {
	server := fedtest.NewServer(t)
	tide := server.Actor("tide")
	s := newStudio(t, "", server)
	r, track := s.listed()
	s.receive(tide.Activity("Follow", "f", vocab.At(s.Site.Act(s.Act))))
	s.must(s.out.Release(t.Context(), r))
	s.hears(server)
	talk, act := &social.Talk{Store: s}, s.Site.Act(s.Act)
	says := func(o *vocab.Object, verb social.Verb, who ...string) {
		t.Helper()
		var said map[string]struct{ AutomaticApproval, ManualApproval []string }
		if !o.Get("interactionPolicy", &said) || len(said) != 3 {
			t.Fatalf("%s: %v", o.ID, said)
		}
		for x, can := range map[social.Verb]string{social.Commenting: "canReply", social.Liking: "canLike", social.Boosting: "canAnnounce"} {
			want := []string{vocab.Public}
			if x == verb {
				want = who
			}
			if got := said[can]; !slices.Equal(got.AutomaticApproval, want) || len(got.ManualApproval) != 0 {
				t.Errorf("%s, %s: %+v, not %v", o.ID, can, got, want)
			}
		}
	}
	for _, verb := range social.Verbs() {
		for _, tt := range []struct {
			act, release social.Policy
			who          string
		}{{social.Followers, "", act + "/followers"}, {social.Followers, social.Nobody, act}, {social.Everybody, "", vocab.Public}} {
			s.Pass(time.Minute)
			s.must(talk.SetPolicies(t.Context(), s.ada, s.Act, r, social.Policies{verb: tt.release}))
			s.told(r)
			s.must(talk.SetPolicies(t.Context(), s.ada, s.Act, "", social.Policies{verb: tt.act}))
			s.told(r)
			s.must(s.out.Release(t.Context(), r))
			sent := s.hears(server)
			if len(sent) != 1 || !sent[0].Is("Update") {
				t.Fatalf("%+v: %v", tt, kinds(sent))
			}
			says(sent[0].Object[0].Object, verb, tt.who)
			for _, at := range []string{s.Site.Release(r), s.Site.ReleaseNote(r), s.Site.Track(track), s.Site.TrackNote(track)} {
				says(s.document(at), verb, tt.who)
			}
		}
	}
	// Its label announces what is published under its name, whoever else may.
	label := music.Act{ID: id.New[id.Act](fedtest.Moment), Handle: "reef", Name: "Reef Records", Label: true, Created: fedtest.Moment, Changed: fedtest.Moment}
	s.must(s.Music().Update(t.Context(), func(tx music.Tx) error {
		rel, err := tx.Release(t.Context(), r)
		if err != nil {
			return err
		}
		rel.Facts.Label = label.Name
		return errors.Join(tx.UpdateRelease(t.Context(), &rel), tx.InsertAct(t.Context(), &label), tx.PutSigning(t.Context(), music.Signing{Label: label.ID, Act: s.Act, Agreed: true}))
	}))
	for _, verb := range social.Verbs() {
		s.must(talk.SetPolicies(t.Context(), s.ada, s.Act, r, social.Policies{verb: social.Nobody}))
		want := []string{act}
		if verb == social.Boosting {
			want = append(want, s.Site.Act(label.ID))
		}
		says(s.document(s.Site.Release(r)), verb, want...)
		s.must(talk.SetPolicies(t.Context(), s.ada, s.Act, r, social.Policies{verb: ""}))
	}
	says(s.document(s.Site.Release(r)), "")
}

// document is what stands at an address of this node.
func (s *studio) document(at string) *vocab.Object {
	s.t.Helper()
	mux := http.NewServeMux()
	s.docs.Register(mux)
	q := httptest.NewRequest(http.MethodGet, strings.TrimPrefix(at, s.Site.Origin), nil)
	q.Header.Set("Accept", "application/activity+json")
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, q)
	o, err := vocab.Parse(rec.Body.Bytes())
	if rec.Code != http.StatusOK || err != nil {
		s.t.Fatalf("%s: %d, %v", at, rec.Code, err)
	}
	return o
}

// told takes the job with which others are told of a release, which must be there.
func (s *studio) told(r id.Release) {
	s.t.Helper()
	s.must(s.JobsUpdate(s.t.Context(), func(tx jobs.Tx) error {
		list, err := tx.Pending(s.t.Context(), music.JobTell)
		for _, j := range list {
			if string(j.Payload) == music.Telling("release", string(r)) {
				return tx.Done(s.t.Context(), j)
			}
		}
		s.t.Errorf("nobody is told: %v", err)
		return err
	}))
}
