package social_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// follower is a node that asks a server for its list.
type follower struct {
	world
	keeper *fedtest.Server
	lists  *social.Blocklists
	list   id.List
}

var admin = music.Viewer{Moderator: true, Admin: true}

func following(t *testing.T, test func(t *testing.T, f follower)) {
	storetest.Both(t, func(t *testing.T, url string) {
		keeper := fedtest.NewServer(t)
		f := follower{world: world{t, fedtest.NewNodeOn(t, url, keeper)}, keeper: keeper}
		f.lists = &social.Blocklists{Store: f.DB, Host: "nine.example", Policy: f.desk(false).Policy, File: f.Servers.File}
		l, err := f.lists.Subscribe(t.Context(), admin, keeper.URL+"/blocked.csv")
		if err != nil {
			t.Fatal(err)
		}
		f.list = l.ID
		test(t, f)
	})
}

// fetch fetches the list as it is now, and tells how it stands.
func (f follower) fetch(text string) social.Blocklist {
	f.t.Helper()
	f.keeper.Serve("/blocked.csv", "text/csv", []byte(text))
	return f.again()
}

func (f follower) again() social.Blocklist {
	f.t.Helper()
	if err := f.lists.Fetch(f.t.Context(), f.list); err != nil {
		f.t.Fatal(err)
	}
	all, err := f.lists.All(f.t.Context(), admin)
	if err != nil || len(all) != 1 {
		f.t.Fatalf("%+v, %v", all, err)
	}
	return all[0]
}

// refused are those of hosts that the node has nothing to do with.
func (f follower) refused(hosts ...string) (out []string) {
	f.t.Helper()
	for _, h := range hosts {
		switch err := f.lists.Policy.Allow(f.t.Context(), h); {
		case fault.Is(err, fault.Forbidden):
			out = append(out, h)
		case err != nil:
			f.t.Fatal(err)
		}
	}
	return out
}

// What a list says counts as long as it says so, and no list changes what the node
// decided itself.
func TestAListCountsWhileItSaysSo(t *testing.T) {
	following(t, func(t *testing.T, f follower) {
		d := f.desk(false)
		f.decide(d, "good.bad.example", social.Allow)
		f.decide(d, "evil.example", social.Block)
		l := f.fetch("#domain,#severity,#public_comment,#obfuscate\nbad.example,suspend,spam,false\nloud.example,silence,,false\nevil.example,silence,,false\nx*x.example,suspend,,true\nnine.example,suspend,,false\n")
		if l.Blocked != 1 || l.Silenced != 2 || l.Skipped != 1 || l.Trouble != "" || !l.Taken.Equal(fedtest.Moment) {
			t.Errorf("%+v", l)
		}
		all := []string{"bad.example", "a.bad.example", "good.bad.example", "loud.example", "evil.example", "nine.example"}
		if got := f.refused(all...); !slices.Equal(got, []string{"bad.example", "a.bad.example", "evil.example"}) {
			t.Errorf("refused are %v", got)
		}
		f.update(func(tx social.Tx) error {
			if v, err := social.Judged(t.Context(), tx, "https://x.loud.example/u", "x.loud.example"); v != social.Silence || err != nil {
				t.Errorf("%q, %v", v, err)
			}
			return nil
		})
		if got, err := d.Import(t.Context(), strings.NewReader("domain,severity\na.bad.example,silence\n")); got.Left != 1 || err != nil {
			t.Errorf("a file lifts what a list blocks: %+v, %v", got, err)
		}
		says, err := f.lists.Says(t.Context(), admin, f.list, false, "")
		if err != nil || len(says.Rows) != 3 || says.Rows[0].Host != "bad.example" || says.Rows[0].Reason != "spam" {
			t.Errorf("%+v, %v", says, err)
		}
		f.fetch("worse.example\n")
		if got := f.refused(append(all, "worse.example")...); !slices.Equal(got, []string{"evil.example", "worse.example"}) {
			t.Errorf("refused are %v", got)
		}
		if err := f.lists.Unsubscribe(t.Context(), admin, f.list); err != nil {
			t.Fatal(err)
		}
		if got := f.refused("worse.example"); got != nil {
			t.Errorf("without the list, refused are %v", got)
		}
		if err := f.lists.Fetch(t.Context(), f.list); err != nil {
			t.Errorf("a job that comes late: %v", err)
		}
	})
}

// Where only listed servers count a list lets nobody in.
func TestAListLetsNobodyIn(t *testing.T) {
	following(t, func(t *testing.T, f follower) {
		f.fetch("domain,severity\nloud.example,silence\n")
		if err := f.desk(true).Policy.Allow(t.Context(), "loud.example"); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		if got, err := f.desk(true).Import(t.Context(), strings.NewReader("domain,severity\nloud.example,silence\n")); got.Left != 1 || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// A list that is gone, broken, empty or too long changes nothing but what is said of it.
func TestABrokenListChangesNothing(t *testing.T) {
	following(t, func(t *testing.T, f follower) {
		f.fetch("bad.example\n")
		f.Pass(24 * time.Hour)
		for name, text := range map[string]string{"empty": "", "a page": "<!doctype html>\n<title>Gone</title>\n", "nothing to take": "domain,severity\na.example,noop\n", "long": strings.Repeat("# x\n", social.MaxList/4+1)} {
			if l := f.fetch(text); l.Trouble == "" || l.Blocked != 1 || !l.Taken.Equal(fedtest.Moment) || !l.Asked.After(l.Taken) {
				t.Errorf("%s: %+v", name, l)
			}
		}
		for _, status := range []int{404, 410, 500} {
			f.keeper.Fetches(status)
			if l := f.again(); l.Trouble == "" || l.Blocked != 1 {
				t.Errorf("%d: %+v", status, l)
			}
		}
		if got := f.refused("bad.example"); len(got) != 1 {
			t.Error("what was taken is lifted")
		}
		f.keeper.Fetches(0)
		if l := f.fetch("bad.example\n"); l.Trouble != "" || l.Taken.Equal(fedtest.Moment) {
			t.Errorf("the list is back: %+v", l)
		}
	})
}

// A server that acts or listeners have to do with is blocked by a list only when a
// moderator says so; silent severing would lose followers who do not come back.
func TestAListSeversNothingByItself(t *testing.T) {
	following(t, func(t *testing.T, f follower) {
		const actor = "https://a.well.example/u"
		f.meet(actor, "a.well.example:8443")
		f.update(func(tx social.Tx) error {
			if err := tx.PutPeer(t.Context(), social.Peer{Host: "a.well.example:8443"}); err != nil {
				return err
			}
			_, err := social.Follow(t.Context(), tx, f.Act, actor, actor+"/follow")
			return err
		})
		f.fetch("domain,severity\nwell.example,silence\n")
		const text = "domain,severity\nwell.example,suspend\nbad.example,suspend\n"
		for range 2 { // also when it is found to be the same
			if l := f.fetch(text); l.Waiting != 1 || l.Blocked != 1 || l.Silenced != 1 || f.followers() != 1 {
				t.Errorf("%+v, %d followers", l, f.followers())
			}
		}
		says, err := f.lists.Says(t.Context(), admin, f.list, true, "")
		if err != nil || len(says.Rows) != 1 || says.Rows[0].Host != "well.example" || says.Rows[0].Followers != 1 || says.Rows[0].Counts != social.Silence {
			t.Fatalf("%+v, %v", says, err)
		}
		if err := f.lists.Decide(t.Context(), admin, f.list, "well.example", false); err != nil {
			t.Fatal(err)
		}
		if l := f.fetch(text + "worse.example,suspend\n"); l.Waiting != 0 || l.Blocked != 2 || l.Silenced != 0 || f.followers() != 1 {
			t.Errorf("left out: %+v, %d followers", l, f.followers())
		}
		if err := f.lists.Decide(t.Context(), admin, f.list, "Well.example", true); err != nil {
			t.Fatal(err)
		}
		if got := f.refused(actor[8:22]); len(got) != 1 || f.followers() != 0 {
			t.Errorf("confirmed, and refused are %v, %d follow", got, f.followers())
		}
		if err := f.lists.Decide(t.Context(), admin, f.list, "other.example", true); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

// What waits counts once nobody has to do with the server any more.
func TestWhatWaitsCountsWhenNobodyIsThere(t *testing.T) {
	following(t, func(t *testing.T, f follower) {
		const actor = "https://well.example/u"
		f.meet(actor, "well.example")
		f.update(func(tx social.Tx) error {
			_, err := social.Follow(t.Context(), tx, f.Act, actor, actor+"/follow")
			return err
		})
		if l := f.fetch("well.example\n"); l.Waiting != 1 {
			t.Errorf("%+v", l)
		}
		f.update(func(tx social.Tx) error { return social.Unfollow(t.Context(), tx, f.Act, actor) })
		f.lists.File = func(ctx context.Context, url, tag string, most int64) ([]byte, string, error) {
			text, now, err := f.Servers.File(ctx, url, tag, most)
			if text != nil || now != tag || tag == "" {
				t.Errorf("what is known was sent again: %q, tag %q after %q", text, now, tag)
			}
			return text, now, err
		}
		if l := f.again(); l.Waiting != 0 || l.Blocked != 1 {
			t.Errorf("%+v", l)
		}
		if n := f.keeper.Asked("/blocked.csv"); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

// Who may not is refused, and what is no address of a list is none.
func TestWhoFollowsLists(t *testing.T) {
	following(t, func(t *testing.T, f follower) {
		ctx, mod := t.Context(), music.Viewer{Account: "m", Moderator: true}
		for _, u := range []string{"", "http://a.example/l", "a.example", "https://", "https://u:p@a.example/", "https://a.example/" + strings.Repeat("x", 2048)} {
			if _, err := f.lists.Subscribe(ctx, admin, u); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", u, err)
			}
		}
		if _, err := f.lists.Subscribe(ctx, admin, f.keeper.URL+"/blocked.csv#x"); !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
		if _, err := f.lists.Subscribe(ctx, mod, "https://a.example/l"); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		if err := f.lists.Unsubscribe(ctx, mod, f.list); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		if _, err := f.lists.All(ctx, music.Viewer{Account: "x"}); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		if err := f.lists.Decide(ctx, music.Viewer{}, f.list, "a.example", true); !fault.Is(err, fault.Unauthenticated) {
			t.Error(err)
		}
	})
}
