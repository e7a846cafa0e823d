package notice_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// A world is a node with people: owner and editor of its act, and jo, who listens.
type world struct {
	*testing.T
	*fedtest.Node
	desk              *notice.Desk
	library           *music.Library
	owner, editor, jo id.Account
	release           id.Release
	id.Track
	letters []string
}

func on(t *testing.T, test func(w *world)) {
	storetest.Both(t, func(t *testing.T, url string) {
		w := &world{T: t, Node: fedtest.NewNodeOn(t, url)}
		w.desk = &notice.Desk{Store: w.DB, Send: func(_ context.Context, _ notice.Tx, a id.Account, letter string) error {
			w.letters = append(w.letters, string(a)+" "+letter)
			return nil
		}}
		w.library = &music.Library{Store: w.Music()}
		for _, a := range []*id.Account{&w.owner, &w.editor, &w.jo} {
			*a = w.person()
		}
		w.ok(w.Music().Update(t.Context(), func(tx music.Tx) error {
			if err := tx.SetRole(t.Context(), w.Act, w.owner, music.Owner); err != nil {
				return err
			}
			return tx.SetRole(t.Context(), w.Act, w.editor, music.Editor)
		}))
		w.release, _ = w.Publish()
		test(w)
	})
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// person makes somebody with a confirmed address.
func (w *world) person() id.Account {
	w.Helper()
	a := account.Account{ID: id.New[id.Account](w.Now()), Role: account.Listener, Created: w.Now(), Confirmed: w.Now()}
	a.Handle = "p" + string(a.ID[len(a.ID)-12:])
	a.Email = a.Handle + "@example.org"
	w.ok(w.AccountUpdate(w.Context(), func(tx account.Tx) error {
		if err := tx.InsertAccount(w.Context(), a, "x"); err != nil {
			return err
		}
		return tx.SetAddress(w.Context(), a.ID, a.Email, a.Created)
	}))
	return a.ID
}

func (w *world) social(fn func(tx social.Tx) error) {
	w.Helper()
	w.ok(w.SocialUpdate(w.Context(), fn))
}

// far is somebody on another server.
func (w *world) far(name string) string {
	w.Helper()
	at := "https://far.example/users/" + name
	w.social(func(tx social.Tx) error {
		return tx.PutActor(w.Context(), social.Actor{ID: at, Host: "far.example", Kind: "Person", Handle: name, Name: name, Inbox: at + "/inbox", Fetched: tx.Now()})
	})
	return at
}

func (w *world) likes(actor string, on bool) {
	w.Helper()
	r := social.Reacted{Actor: actor, Kind: social.Like, Thing: social.Thing{Release: w.release}, Activity: actor + "/like"}
	w.social(func(tx social.Tx) error {
		if on {
			return social.React(w.Context(), tx, w.Act, r)
		}
		return social.Unreact(w.Context(), tx, r)
	})
}

// told is what an account was told, as "kind count who [read]".
func (w *world) told(a id.Account) (out []string) {
	w.Helper()
	l, err := w.desk.List(w.Context(), a, "", notice.MostAtOnce)
	w.ok(err)
	for _, n := range l.Rows {
		s := fmt.Sprintf("%s %d %v", n.Kind, n.N, n.Who)
		if n.Seen {
			s += " read"
		}
		out = append(out, s)
	}
	return out
}

func (w *world) wants(a id.Account, want ...string) {
	w.Helper()
	if got := w.told(a); !slices.Equal(got, want) {
		w.Errorf("told %q, want %q", got, want)
	}
}

// A day's likes of one thing are one notice, in which everybody counts once however
// often they change their mind, and those of another server alone are named.
func TestManyAreOneNotice(t *testing.T) {
	on(t, func(w *world) {
		ada, bo := w.far("ada"), w.far("bo")
		w.likes(ada, true)
		w.likes(ada, true)
		w.wants(w.owner, "like 1 [@ada@far.example]")
		w.ok(w.library.LikeRelease(w.Context(), music.Viewer{Account: w.jo}, w.release, true))
		w.ok(w.library.LikeRelease(w.Context(), music.Viewer{Account: w.jo}, w.release, true))
		w.ok(w.library.LikeRelease(w.Context(), music.Viewer{Account: w.editor}, w.release, true)) // of whom they are not told themselves
		w.wants(w.owner, "like 3 [@ada@far.example]")
		w.wants(w.editor, "like 2 [@ada@far.example]")
		w.wants(w.jo)
		w.likes(ada, false)
		w.likes(ada, false)
		w.wants(w.owner, "like 2 []")
		w.ok(w.desk.Read(w.Context(), w.owner, time.Time{}, ""))
		w.likes(ada, true)
		w.wants(w.owner, "like 3 [@ada@far.example] read") // which is no news
		w.Pass(time.Minute)
		w.likes(bo, true)
		w.wants(w.owner, "like 4 [@bo@far.example @ada@far.example]")
		w.Pass(24 * time.Hour)
		w.likes(w.far("cy"), true)
		w.wants(w.owner, "like 1 [@cy@far.example]", "like 4 [@bo@far.example @ada@far.example]")
		w.social(func(tx social.Tx) error { return social.Forget(w.Context(), tx, bo) })
		w.wants(w.owner, "like 1 [@cy@far.example]", "like 3 [@ada@far.example]")
		w.ok(w.AccountUpdate(w.Context(), func(tx account.Tx) error { return w.EraseTalk(w.Context(), tx, w.jo) }))
		w.wants(w.owner, "like 1 [@cy@far.example]", "like 2 [@ada@far.example]")
	})
}

// Followers of a day are one notice; who takes it back is not counted.
func TestFollowersAreTold(t *testing.T) {
	on(t, func(w *world) {
		ada := w.far("ada")
		jo := music.Viewer{Account: w.jo}
		w.social(func(tx social.Tx) error {
			_, err := social.Follow(w.Context(), tx, w.Act, ada, ada+"/follow")
			return err
		})
		w.ok(w.library.Follow(w.Context(), jo, w.Act, true))
		w.wants(w.owner, "follower 2 [@ada@far.example]")
		w.ok(w.library.Follow(w.Context(), jo, w.Act, false))
		w.wants(w.owner, "follower 1 [@ada@far.example]")
		w.social(func(tx social.Tx) error { return social.Unfollow(w.Context(), tx, w.Act, ada) })
		w.wants(w.owner)
		if n, err := w.desk.Unread(w.Context(), w.owner); err != nil || n != 0 {
			t.Errorf("%d unread of nothing, %v", n, err)
		}
	})
}

// Comments are told to the act's people, answers to whom they answer, each once,
// and nobody is told of their own; what is deleted is not told any more.
func TestCommentsAreTold(t *testing.T) {
	on(t, func(w *world) {
		ada := w.far("ada")
		talk := &social.Talk{Store: w.DB}
		say := func(a id.Account, parent id.Comment) social.Comment {
			t.Helper()
			w.Pass(time.Second)
			c, err := talk.Write(w.Context(), music.Viewer{Account: a}, social.Draft{Thing: social.Thing{Release: w.release}, Parent: parent, Position: -1, Text: "yes"})
			w.ok(err)
			return c
		}
		first := say(w.jo, "")
		if got := w.told(w.owner); len(got) != 1 {
			t.Fatalf("%q", got)
		}
		answer := say(w.owner, first.ID)
		w.Pass(time.Second)
		if got := w.told(w.jo); len(got) != 1 || got[0][:8] != "answer 1" {
			t.Errorf("%q", got)
		}
		w.social(func(tx social.Tx) error {
			c := social.Comment{Thing: social.Thing{Release: w.release}, Parent: answer.ID, Author: social.Author{Actor: ada, Host: "far.example"}, IRI: ada + "/1", HTML: "<p>so</p>", Position: -1}
			if _, err := social.Say(w.Context(), tx, c); err != nil {
				return err
			}
			_, err := social.Say(w.Context(), tx, c) // it came twice
			return err
		})
		if got := w.told(w.owner); len(got) != 2 || got[0] != "answer 1 [@ada@far.example]" {
			t.Errorf("%q", got)
		}
		if got := w.told(w.editor); len(got) != 3 || got[0] != "comment 1 [@ada@far.example]" {
			t.Errorf("%q", got)
		}
		_, err := talk.Delete(w.Context(), music.Viewer{Account: w.jo}, first.ID)
		w.ok(err)
		w.social(func(tx social.Tx) error { return social.Forget(w.Context(), tx, ada) })
		w.wants(w.owner)
	})
}

// Of who is silenced people are not told, but for who follows them and is answered.
func TestSilencedAreNotTold(t *testing.T) {
	on(t, func(w *world) {
		ada := w.far("ada")
		policy := &social.HostPolicy{Store: w.DB}
		w.ok((&social.Desk{Store: w.DB, Host: "nine.example", Policy: policy}).Decide(w.Context(), social.Rule{Host: "far.example", Verdict: social.Silence}))
		c, err := (&social.Talk{Store: w.DB}).Write(w.Context(), music.Viewer{Account: w.jo}, social.Draft{Thing: social.Thing{Release: w.release}, Position: -1, Text: "yes"})
		w.ok(err)
		answer := func(n int) {
			w.Pass(time.Second)
			w.social(func(tx social.Tx) error {
				_, err := social.Say(w.Context(), tx, social.Comment{Thing: social.Thing{Release: w.release}, Parent: c.ID, Author: social.Author{Actor: ada, Host: "far.example"}, IRI: fmt.Sprint(ada, "/", n), HTML: "<p>so</p>", Position: -1})
				return err
			})
		}
		w.likes(ada, true)
		w.social(func(tx social.Tx) error {
			_, err := social.Follow(w.Context(), tx, w.Act, ada, ada+"/follow")
			return err
		})
		answer(1)
		w.wants(w.jo)
		if got := w.told(w.owner); len(got) != 1 || !strings.HasPrefix(got[0], "comment 1 [@p") { // Jo's own
			t.Errorf("the act's people are told %q", got)
		}
		w.social(func(tx social.Tx) error {
			_, err := tx.FollowElsewhere(w.Context(), w.jo, ada, true)
			return err
		})
		answer(2)
		w.wants(w.jo, "answer 1 [@ada@far.example]")
	})
}

// Who follows an act is told of what it publishes for the first time, here and
// elsewhere; what is fetched of a catalogue is no news.
func TestReleasesAreTold(t *testing.T) {
	on(t, func(w *world) {
		band := w.far("band")
		w.ok(w.library.Follow(w.Context(), music.Viewer{Account: w.jo}, w.Act, true))
		w.social(func(tx social.Tx) error {
			_, err := tx.FollowElsewhere(w.Context(), w.jo, band, true)
			return err
		})
		w.Pass(time.Hour)
		keep := func(iri string, published time.Time) {
			t.Helper()
			w.social(func(tx social.Tx) error {
				return social.Keep(w.Context(), tx, &social.Release{IRI: iri, Actor: band, Title: iri, Published: published})
			})
		}
		keep(band+"/old", w.Now().AddDate(-1, 0, 0))
		keep(band+"/before", w.Now().Add(-2*time.Hour)) // jo followed later
		keep(band+"/new", w.Now())
		keep(band+"/new", w.Now())
		w.wants(w.jo, "release 1 []")
		l, err := w.desk.List(w.Context(), w.jo, "", 10)
		w.ok(err)
		if n := l.Rows[0]; n.Title != band+"/new" || n.ActHandle != "band@far.example" || n.ActName != "band" {
			t.Errorf("%+v", n)
		}
		w.social(func(tx social.Tx) error { return social.Withdraw(w.Context(), tx, band+"/new", band) })
		w.wants(w.jo)

		staff := music.Viewer{Account: w.owner, Admin: true}
		studio := &music.Studio{Store: w.Music()}
		w.Withdraw(w.release)
		_, err = studio.Publish(w.Context(), staff, w.release)
		w.ok(err)
		w.wants(w.jo) // it was public before they followed, so it is no news
		ok := w.Music().Update(w.Context(), func(tx music.Tx) error {
			return tx.Tell(w.Context(), notice.Cause{Kind: notice.Release, Act: w.Act, Person: w.owner, Release: w.release})
		})
		w.ok(ok)
		w.wants(w.jo, "release 1 []")
		_, err = studio.Withdraw(w.Context(), staff, w.release)
		w.ok(err)
		w.wants(w.jo)
	})
}

// Of what somebody does not want to be told, nothing is kept; what is old goes.
func TestChoicesAndExpiry(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.Context()
		w.ok(w.desk.Choose(ctx, w.owner, notice.Choice{Kind: notice.Like, Way: notice.Never}))
		w.likes(w.far("ada"), true)
		w.wants(w.owner)
		w.wants(w.editor, "like 1 [@ada@far.example]")
		for _, bad := range []notice.Choice{{Kind: "made up", Way: notice.Here}, {Kind: notice.Like, Way: "made up"}} {
			if err := w.desk.Choose(ctx, w.owner, bad); !fault.Is(err, fault.Invalid) {
				t.Errorf("%v: %v", bad, err)
			}
		}
		list, err := w.desk.Choices(ctx, w.owner)
		if err != nil || !slices.Contains(list, notice.Choice{Kind: notice.Like, Way: notice.Never}) || !slices.Contains(list, notice.Choice{Kind: notice.Unpaid, Way: notice.Daily}) {
			t.Errorf("%v, %v", list, err)
		}
		w.Pass(notice.Kept)
		w.ok(w.desk.Expire(ctx))
		if got := w.told(w.editor); len(got) != 1 {
			t.Errorf("it went early: %q", got)
		}
		w.Pass(time.Second)
		w.ok(w.desk.Expire(ctx))
		w.wants(w.editor)
		for _, err := range []error{second(w.desk.List(ctx, "", "", 1)), w.desk.Read(ctx, "", time.Time{}, ""), second(w.desk.Choices(ctx, "")), w.desk.Choose(ctx, "")} {
			if !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("a guest: %v", err)
			}
		}
		if _, err := w.desk.List(ctx, w.owner, "x", 1); !fault.Is(err, fault.Invalid) {
			t.Errorf("no cursor: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// What an act's own people like is not counted in what they are told themselves, and
// neither is that they take it back, or are nobody any more.
func TestOwnLikesAreNotCounted(t *testing.T) {
	on(t, func(w *world) {
		like := func(on bool) {
			w.Helper()
			w.ok(w.library.LikeRelease(w.Context(), music.Viewer{Account: w.editor}, w.release, on))
		}
		wants := func(owner, editor string) {
			w.Helper()
			w.wants(w.owner, owner)
			w.wants(w.editor, editor)
		}
		w.likes(w.far("ada"), true)
		like(true)
		wants("like 2 [@ada@far.example]", "like 1 [@ada@far.example]")
		like(false)
		wants("like 1 [@ada@far.example]", "like 1 [@ada@far.example]")
		like(true)
		wants("like 2 [@ada@far.example]", "like 1 [@ada@far.example]")
		w.social(func(tx social.Tx) error { return tx.UntellBy(w.Context(), string(w.editor)) })
		wants("like 1 [@ada@far.example]", "like 1 [@ada@far.example]")
	})
}

// What a listener here likes of an act that does not take it is theirs alone: its people are
// told nothing. Taken back, it is counted no more, whatever the act says by then.
func TestLikesThatAreNotTaken(t *testing.T) {
	on(t, func(w *world) {
		jo, talk := music.Viewer{Account: w.jo}, &social.Talk{Store: w.DB}
		says := func(p social.Policy) {
			w.Helper()
			w.ok(talk.SetPolicies(w.Context(), music.Viewer{Account: w.owner}, w.Act, w.release, social.Policies{social.Liking: p}))
		}
		likes := func(on bool) {
			w.Helper()
			w.ok(w.library.LikeRelease(w.Context(), jo, w.release, on))
			if is, err := w.library.LikesRelease(w.Context(), jo, w.release); err != nil || is != on {
				w.Errorf("it is not kept: %v, %v", is, err)
			}
		}
		says(social.Nobody)
		likes(true)
		w.wants(w.owner)
		says(social.Followers)
		likes(true)
		w.wants(w.owner)
		w.ok(w.Music().Update(w.Context(), func(tx music.Tx) error { return tx.SetFollow(w.Context(), w.jo, w.Act, true) }))
		likes(true)
		w.wants(w.owner, "like 1 []")
		says(social.Nobody)
		likes(false)
		w.wants(w.owner)
	})
}

// A list is read page by page, and read until where it was seen.
func TestPages(t *testing.T) {
	on(t, func(w *world) {
		for i := range 5 {
			w.social(func(tx social.Tx) error {
				return tx.Tell(w.Context(), notice.Cause{Kind: notice.Unpaid, Account: w.jo, Period: calendar.Period(202601 + i)})
			})
			if i%2 == 1 { // pairs at one moment
				w.Pass(time.Second)
			}
		}
		var got []string
		for after := ""; ; {
			l, err := w.desk.List(w.Context(), w.jo, after, 2)
			w.ok(err)
			for _, n := range l.Rows {
				got = append(got, n.Period.String())
			}
			if after = l.Next; after == "" {
				break
			}
		}
		if want := []string{"2026-05", "2026-04", "2026-03", "2026-02", "2026-01"}; !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
		l, err := w.desk.List(w.Context(), w.jo, "", 5)
		w.ok(err)
		w.ok(w.desk.Read(w.Context(), w.jo, l.Rows[1].At, ""))
		w.ok(w.desk.Read(w.Context(), w.owner, time.Time{}, l.Rows[0].Name)) // somebody else's
		if n, err := w.desk.Unread(w.Context(), w.jo); err != nil || n != 1 {
			t.Errorf("%d unread, %v", n, err)
		}
		w.ok(w.desk.Read(w.Context(), w.jo, time.Time{}, l.Rows[0].Name))
		if n, err := w.desk.Unread(w.Context(), w.jo); err != nil || n != 0 {
			t.Errorf("%d unread, %v", n, err)
		}
	})
}

// A letter tells each notice once, of the kinds that it is for, to who has a
// confirmed address and has not read it; ended, there are none.
func TestLetters(t *testing.T) {
	on(t, func(w *world) {
		ctx := w.Context()
		day := calendar.DayOf(w.Now())
		tell := func(k notice.Kind, p calendar.Period) {
			t.Helper()
			w.Pass(time.Second)
			w.social(func(tx social.Tx) error { return tx.Tell(ctx, notice.Cause{Kind: k, Account: w.jo, Period: p}) })
		}
		post := func(way notice.Way, want ...string) {
			t.Helper()
			w.letters = nil
			sent, err := w.desk.Post(ctx, way, day)
			if err != nil || sent != len(want) || !slices.Equal(w.letters, want) {
				t.Errorf("%s: %d, %q, want %q, %v", way, sent, w.letters, want, err)
			}
		}
		daily, weekly := "day "+day.String(), "week "+day.String()
		post(notice.Daily)
		tell(notice.Unpaid, 202611)
		tell(notice.Ended, 202611)
		tell(notice.Receipt, 202610)
		post(notice.Daily, string(w.jo)+" "+daily)
		post(notice.Daily) // the same day once more, as after a crash
		post(notice.Weekly, string(w.jo)+" "+weekly)
		for letter, want := range map[string]int{daily: 2, weekly: 1, "day 2000-01-01": 0} {
			if list, err := w.desk.Letter(ctx, w.jo, letter); err != nil || len(list) != want {
				t.Errorf("%s tells %d, %v", letter, len(list), err)
			}
		}
		w.ok(w.desk.Read(ctx, w.jo, time.Time{}, "unpaid/2026-11"))
		if list, err := w.desk.Letter(ctx, w.jo, daily); err != nil || len(list) != 1 || list[0].Kind != notice.Ended {
			t.Errorf("what was read meanwhile is told: %+v, %v", list, err)
		}
		w.Pass(24 * time.Hour)
		day = calendar.DayOf(w.Now())
		post(notice.Daily)
		tell(notice.Unpaid, 202612)
		w.ok(w.desk.StopLetters(ctx, w.jo))
		w.ok(w.desk.StopLetters(ctx, "nobody"))
		post(notice.Daily)
		w.ok(w.desk.Choose(ctx, w.jo, notice.Choice{Kind: notice.Unpaid, Way: notice.Weekly}))
		post(notice.Daily)
		w.ok(w.AccountUpdate(ctx, func(tx account.Tx) error { return tx.SetAddress(ctx, w.jo, "jo@example.org", time.UnixMilli(0)) }))
		post(notice.Weekly)
		w.desk.Anyone = true
		post(notice.Weekly, string(w.jo)+" week "+day.String())
	})
}

// Whom somebody blocks for themselves they are told nothing of, and what they were
// told is forgotten; others go on being told.
func TestBlockedAreNotTold(t *testing.T) {
	on(t, func(w *world) {
		ada := w.far("ada")
		c, err := (&social.Talk{Store: w.DB}).Write(w.Context(), music.Viewer{Account: w.jo}, social.Draft{Thing: social.Thing{Release: w.release}, Position: -1, Text: "yes"})
		w.ok(err)
		answer := func(by string, n int) {
			w.Pass(time.Second)
			w.social(func(tx social.Tx) error {
				_, err := social.Say(w.Context(), tx, social.Comment{Thing: social.Thing{Release: w.release}, Parent: c.ID, Author: social.Author{Actor: by, Host: "far.example"}, IRI: fmt.Sprint(by, "/", n), HTML: "<p>so</p>", Position: -1})
				return err
			})
		}
		answer(ada, 1)
		personal := &social.Personal{Store: w.DB, Host: "nine.example"}
		w.ok(personal.Block(w.Context(), w.jo, ada))
		w.ok(personal.Block(w.Context(), w.owner, "far.example"))
		answer(ada, 2)
		w.wants(w.jo)
		if got := w.told(w.owner); len(got) != 1 {
			t.Errorf("who blocks the server is told %q, beside of jo's own", got)
		}
		if got := w.told(w.editor); len(got) != 3 {
			t.Errorf("who blocks nobody is told %q", got)
		}

		w.likes(ada, true) // which everybody sees counted
		if got := w.told(w.owner); !slices.Contains(got, "like 1 []") {
			t.Errorf("who blocks the server is told who likes something: %q", got)
		}
		if got := w.told(w.editor); !slices.Contains(got, "like 1 [@ada@far.example]") {
			t.Errorf("who blocks nobody is told %q", got)
		}
		w.likes(ada, false)

		port := w.far("port") // a server's name is that of all its ports
		w.social(func(tx social.Tx) error {
			a, err := tx.Actor(w.Context(), port)
			if err != nil {
				return err
			}
			a.Host = "far.example:8443"
			return tx.PutActor(w.Context(), a)
		})
		answer(port, 3)
		if got := w.told(w.owner); len(got) != 1 {
			t.Errorf("who blocks the server is told of its other port: %q", got)
		}
		if got := w.told(w.editor); len(got) != 4 {
			t.Errorf("who blocks nobody is told %q", got)
		}
	})
}
