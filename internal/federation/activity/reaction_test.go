package activity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// counts are what people elsewhere think of a release as a whole and of a track.
func (w *world) counts(r id.Release, t id.Track) (whole, track social.Counts) {
	w.T.Helper()
	w.view(func(tx social.Tx) error {
		all, err := tx.Reactions(w.T.Context(), r)
		whole, track = all[social.Thing{Release: r}], all[social.Thing{Release: r, Track: t}]
		return err
	})
	return whole, track
}

// Whatever form of a release or a track somebody saw: what they think of it lands
// on it, once.
func TestReactions(t *testing.T) {
	s := fedtest.NewServer(t)
	ada, bo := s.Actor("ada"), s.Actor("bo")
	w := &world{Node: fedtest.NewNode(t, s)}
	r, track := w.Publish()
	for _, at := range []string{w.Site.Release(r), w.Site.ReleaseNote(r), w.Site.ReleasePage(r), w.Site.ReleaseNote(r) + "/create"} {
		w.receive(ada.Activity("Like", "likes/"+at[len(at)-4:], vocab.At(at)))
	}
	for _, at := range []string{w.Site.Track(track), w.Site.TrackNote(track), w.Site.TrackPage(r, track), fedtest.Origin + "/media/" + string(track) + "/original"} {
		w.receive(ada.Activity("EmojiReact", "reacts/"+at[len(at)-4:], vocab.At(at)), bo.Activity("Announce", "boosts/"+at[len(at)-4:], vocab.At(at)))
	}
	heart := bo.Activity("Like", "likes/heart", vocab.At(w.Site.Track(track)))
	heart.Content = "❤"
	w.receive(heart, heart)
	if whole, one := w.counts(r, track); whole != (social.Counts{Likes: 1}) || one != (social.Counts{Likes: 2, Boosts: 1}) {
		t.Errorf("%+v, %+v", whole, one)
	}
	for _, all := range [][]*vocab.Object{
		{bo.Activity("Undo", "u", vocab.At(heart.ID)), bo.Activity("Undo", "u", vocab.Of(bo.Activity("Announce", "of-another-id", vocab.At(w.Site.TrackNote(track)))))},
		{ada.Activity("Delete", "d", vocab.At(ada.ID))},
	} {
		w.receive(all...)
	}
	if whole, one := w.counts(r, track); whole != (social.Counts{}) || one != (social.Counts{}) {
		t.Errorf("taken back: %+v, %+v", whole, one)
	}
	if w.sent != 0 {
		t.Errorf("%d were sent for it", w.sent)
	}
}

// An emoji beside a like, or another emoji, is not it: who takes that back likes it yet.
func TestEmojiBesideALike(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	for name, tt := range map[string]struct {
		said  []string // type and name
		undo  string
		likes int64
	}{
		"of a like and an emoji the emoji":      {[]string{"Like 1", "EmojiReact 2"}, "EmojiReact 2", 1},
		"of a like and an emoji the like":       {[]string{"Like 1", "EmojiReact 2"}, "Like 1", 0},
		"of an emoji and a like the emoji":      {[]string{"EmojiReact 1", "Like 2"}, "EmojiReact 1", 1},
		"of two emojis the other":               {[]string{"EmojiReact 1", "EmojiReact 2"}, "EmojiReact 2", 1},
		"of one emoji that":                     {[]string{"EmojiReact 1"}, "EmojiReact 1", 0},
		"of a like that was said again the one": {[]string{"Like 1", "Like 2"}, "Like 2", 0},
	} {
		w := &world{Node: fedtest.NewNode(t, s)}
		r, _ := w.Publish()
		said := func(said string) *vocab.Object {
			kind, name, _ := strings.Cut(said, " ")
			return ada.Activity(kind, name, vocab.At(w.Site.Release(r)))
		}
		for _, x := range tt.said {
			w.receive(said(x))
		}
		undone := vocab.Of(said(tt.undo))
		if strings.HasPrefix(tt.undo, "Like") {
			undone = vocab.At(undone.ID())
		}
		w.receive(ada.Activity("Undo", "u", undone))
		if whole, _ := w.counts(r, ""); whole.Likes != tt.likes {
			t.Errorf("%s undone: %d likes", name, whole.Likes)
		}
	}
}

// An act says who may like and share, and one release may be otherwise: what somebody else
// says counts for nothing, and what was said before is taken back in any case.
func TestReactionPolicy(t *testing.T) {
	s := fedtest.NewServer(t)
	ada, bo := s.Actor("ada"), s.Actor("bo")
	w := &world{Node: fedtest.NewNode(t, s)}
	w.followed(bo) // who hears what bo shares
	r, track := w.Publish()
	staff := music.Viewer{Account: "x", Moderator: true}
	talk := &social.Talk{Store: w.DB}
	w.receive(ada.Activity("Follow", "f", vocab.At(w.Site.Act(w.Act))))
	n := 0
	for _, verb := range []social.Verb{social.Liking, social.Boosting} {
		for _, tt := range []struct {
			act, release social.Policy
			want         int64
		}{{"", "", 2}, {social.Followers, "", 1}, {social.Nobody, "", 0}, {social.Nobody, social.Everybody, 2}, {social.Everybody, social.Followers, 1}} {
			for release, p := range map[id.Release]social.Policy{"": tt.act, r: tt.release} {
				if err := talk.SetPolicies(t.Context(), staff, w.Act, release, social.Policies{verb: p}); err != nil {
					t.Fatal(err)
				}
			}
			n++
			kinds := map[social.Verb][]string{social.Liking: {"Like", "EmojiReact"}, social.Boosting: {"Announce", "Announce"}}[verb]
			var undo []*vocab.Object
			for i, by := range []*fedtest.Actor{ada, bo} {
				for at, kind := range map[string]string{w.Site.ReleaseNote(r): kinds[0], w.Site.Track(track): kinds[1]} {
					x := by.Activity(kind, fmt.Sprint(kind, n, i, at[len(at)-4:]), vocab.At(at))
					x.To = []string{vocab.Public}
					w.receive(x)
					undo = append(undo, by.Activity("Undo", fmt.Sprint("undo", kind, n, i, at[len(at)-4:]), vocab.At(x.ID)))
				}
			}
			counts := func() (out [2]int64) {
				whole, one := w.counts(r, track)
				if verb == social.Liking {
					return [2]int64{whole.Likes, one.Likes}
				}
				return [2]int64{whole.Boosts, one.Boosts}
			}
			if got := counts(); got != [2]int64{tt.want, tt.want} {
				t.Errorf("%s %+v: %v are taken", verb, tt, got)
			}
			w.view(func(tx social.Tx) error {
				shared, err := tx.CountShares(t.Context(), bo.ID, time.Time{})
				if want := int64(0); verb == social.Boosting && tt.want == 2 && shared != 2 || tt.want < 2 && shared != want {
					t.Errorf("%s %+v: %d are shared with who follows", verb, tt, shared)
				}
				return err
			})
			if err := talk.SetPolicies(t.Context(), staff, w.Act, r, social.Policies{verb: social.Nobody}); err != nil {
				t.Fatal(err)
			}
			w.receive(undo...)
			if got := counts(); got != [2]int64{} {
				t.Errorf("%s %+v: %v stay when they are taken back", verb, tt, got)
			}
		}
	}
}

// A listener of another node follows by their node, which passes on what those say who
// follow. The servers of other software have no such actor: theirs counts for nobody else.
func TestNodeFollowsForItsListeners(t *testing.T) {
	for software, want := range map[string]int64{"9ten": 1, "relay": 0} {
		s := fedtest.NewServer(t)
		ada, node := s.Actor("ada"), s.Application()
		w := &world{Node: fedtest.NewNode(t, s)}
		r, track := w.Publish()
		talk := &social.Talk{Store: w.DB}
		if err := talk.SetPolicies(t.Context(), music.Viewer{Account: "x", Moderator: true}, w.Act, r, social.Policies{social.Liking: social.Followers}); err != nil {
			t.Fatal(err)
		}
		w.update(func(tx social.Tx) error {
			return tx.PutPeer(t.Context(), social.Peer{Host: s.Host(), Software: software})
		})
		likes := func(id string) int64 {
			w.receive(ada.Activity("Like", id, vocab.At(w.Site.Track(track))))
			_, one := w.counts(r, track)
			return one.Likes
		}
		if n := likes("before"); n != 0 {
			t.Errorf("%s: %d like before anybody follows", software, n)
		}
		w.receive(node.Activity("Follow", "f", vocab.At(w.Site.Act(w.Act))))
		if n := likes("after"); n != want {
			t.Errorf("%s: %d like when the server's own actor follows", software, n)
		}
	}
}

// What counts for nothing, and takes nobody's word back.
func TestReactionsOfNoWorth(t *testing.T) {
	s, evil := fedtest.NewServer(t), fedtest.NewServer(t)
	ada, mallory := s.Actor("ada"), evil.Actor("mallory")
	w := &world{Node: fedtest.NewNode(t, s, evil)}
	r, track := w.Publish()
	at := vocab.At(w.Site.Track(track))
	like := ada.Activity("Like", "likes/1", at)
	w.receive(like)
	inAdasName := mallory.Activity("Undo", "u1", vocab.Of(like))
	loop := ada.Activity("Announce", "loop", vocab.At(ada.ID+"/loop"))
	ofLoop := mallory.Activity("Announce", "of-loop", vocab.Of(loop))
	two := mallory.Activity("Like", "two", at)
	two.Object = append(two.Object, at)
	w.receive(
		inAdasName, mallory.Activity("Undo", "u2", vocab.At(like.ID)), mallory.Activity("Undo", "u3", vocab.Of(mallory.Activity("Like", "l", at))), loop, ofLoop, two,
		mallory.Activity("Like", "none", vocab.At(w.Site.Track(id.New[id.Track](fedtest.Moment)))),
		mallory.Activity("Like", "act", vocab.At(w.Site.Act(w.Act))),
		mallory.Activity("Like", "elsewhere", vocab.At(evil.URL+form.Root+"tracks/"+string(track))),
		mallory.Activity("Like", "beyond", vocab.At(w.Site.Track(track)+"/../x")),
		mallory.Activity("Announce", "wrong", vocab.At(w.Site.TrackPage(r, id.New[id.Track](fedtest.Moment)))),
	)
	w.Withdraw(r)
	w.receive(mallory.Activity("Like", "late", at))
	if whole, one := w.counts(r, track); whole != (social.Counts{}) || one != (social.Counts{Likes: 1}) {
		t.Errorf("%+v, %+v", whole, one)
	}
}

// What somebody elsewhere says they listen to is taken, and changes nothing.
func TestPlainListen(t *testing.T) {
	s := fedtest.NewServer(t)
	ada := s.Actor("ada")
	w := &world{Node: fedtest.NewNode(t, s)}
	r, track := w.Publish()
	listen := ada.Activity("Listen", "listens/1", vocab.At(w.Site.Track(track)))
	listen.To, listen.Expires = []string{ada.ID + "/followers"}, fedtest.Moment.Add(time.Hour)
	w.receive(listen, ada.Activity("Like", "likes/1", vocab.At(w.Site.Track(track)))) // which is applied after it
	err := w.SocialView(t.Context(), func(tx social.Tx) error {
		told, err := tx.ListensOf(t.Context(), w.Act, time.Time{})
		if err != nil {
			return err
		}
		claimed, err := tx.Claimed(t.Context(), time.Time{})
		if err != nil {
			return err
		}
		counts, err := tx.Reactions(t.Context(), r)
		if len(told) != 0 || len(claimed) != 0 || len(counts) != 1 || counts[social.Thing{Release: r, Track: track}].Likes != 1 {
			t.Errorf("%+v, %+v, %+v", told, claimed, counts)
		}
		return err
	})
	if err != nil || w.sent != 0 {
		t.Errorf("%v, %d sent", err, w.sent)
	}
	if err := w.Music().View(t.Context(), func(tx music.Tx) error {
		one, err := tx.Track(t.Context(), track)
		if one.Plays != 0 {
			t.Errorf("%d plays", one.Plays)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
