package activity_test

import (
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
)

// Who may comment on a release of another server may here, and nobody else: as its
// document says, in GoToSocial's words.
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
	rule := func(name string, who ...any) map[string]any {
		return map[string]any{"canReply": map[string]any{name: who}, "canLike": map[string]any{name: []any{}}}
	}
	for i, tt := range []struct {
		policy     any
		says       social.Policy
		fan, other bool
	}{
		{nil, social.Everybody, true, true},
		{"nonsense", social.Everybody, true, true},
		{map[string]any{"canLike": map[string]any{"automaticApproval": []any{}}}, social.Everybody, true, true},
		{rule("automaticApproval", vocab.Public), social.Everybody, true, true},
		{rule("automaticApproval", "as:Public"), social.Everybody, true, true},
		{rule("always", vocab.Public), social.Everybody, true, true}, // as it was called before
		{map[string]any{"canReply": map[string]any{"automaticApproval": vocab.Public}}, social.Everybody, true, true},
		{map[string]any{"gts:canReply": map[string]any{"gts:automaticApproval": []any{tide.ID + "/followers", 9, nil}}}, social.Followers, true, false},
		{rule("automaticApproval", tide.ID, tide.ID+"/followers"), social.Followers, true, false},
		{rule("automaticApproval", tide.ID), social.Nobody, false, false},
		{rule("automaticApproval"), social.Nobody, false, false},
		{rule("manualApproval", vocab.Public), social.Nobody, false, false}, // nobody asks for it
	} {
		track := &vocab.Object{ID: tide.ID + "/t/1", Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(tide.ID), Name: "I",
			URL: []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "audio/flac", Href: server.URL + "/sound.flac"})}}
		o := &vocab.Object{ID: tide.ID + "/r/1", Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(tide.ID), Name: "Ebb", Published: fedtest.Moment, To: []string{vocab.Public}, OrderedItems: []vocab.Item{vocab.Of(track)}}
		if tt.policy != nil {
			o.Put("interactionPolicy", tt.policy)
		}
		kind := "Update"
		if i == 0 {
			kind = "Create"
		}
		w.receive(tide.Activity(kind, "r", vocab.Of(o)))
		var r social.Release
		w.view(func(tx social.Tx) (err error) { r, err = tx.ReleaseByIRI(t.Context(), o.ID); return err })
		for v, may := range map[music.Viewer]bool{fan: tt.fan, other: tt.other} {
			c, err := talk.Comments(t.Context(), v, r.ID, "", 9)
			if err != nil || c.Policy != tt.says || c.Writes != may {
				t.Errorf("%v: %q, writes %v, %v", tt.policy, c.Policy, c.Writes, err)
			}
			_, err = talk.Write(t.Context(), v, social.Draft{Thing: social.Thing{Release: r.ID}, Text: "So quiet.", Position: -1})
			if may != (err == nil) || err != nil && !fault.Is(err, fault.Forbidden) {
				t.Errorf("%v: %v", tt.policy, err)
			}
		}
	}
}

// What an act says of who may comment is in its documents, and told when it changes.
func TestPolicyIsTold(t *testing.T) {
	server := fedtest.NewServer(t)
	tide := server.Actor("tide")
	s := newStudio(t, "", server)
	r, _ := s.listed()
	s.receive(tide.Activity("Follow", "f", vocab.At(s.Site.Act(s.Act))))
	s.must(s.out.Release(t.Context(), r))
	s.hears(server)
	talk, act := &social.Talk{Store: s}, s.Site.Act(s.Act)
	for _, tt := range []struct {
		act, release social.Policy
		who          string
	}{{social.Followers, "", act + "/followers"}, {social.Followers, social.Nobody, act}, {social.Everybody, "", vocab.Public}} {
		s.Pass(time.Minute)
		s.must(talk.SetPolicy(t.Context(), s.ada, s.Act, r, tt.release))
		s.told(r)
		s.must(talk.SetPolicy(t.Context(), s.ada, s.Act, "", tt.act))
		s.told(r)
		s.must(s.out.Release(t.Context(), r))
		sent := s.hears(server)
		if len(sent) != 1 || !sent[0].Is("Update") {
			t.Fatalf("%+v: %v", tt, kinds(sent))
		}
		var said map[string]struct{ AutomaticApproval, ManualApproval []string }
		o := sent[0].Object[0].Object
		if !o.Get("interactionPolicy", &said) || len(said["canReply"].AutomaticApproval) != 1 || said["canReply"].AutomaticApproval[0] != tt.who || len(said["canReply"].ManualApproval) != 0 || said["canLike"].AutomaticApproval[0] != vocab.Public || said["canAnnounce"].AutomaticApproval[0] != vocab.Public {
			t.Errorf("%+v: %+v", tt, said)
		}
	}
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
