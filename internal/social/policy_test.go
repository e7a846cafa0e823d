package social_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

func (w world) desk(listed bool) *social.Desk {
	return &social.Desk{Store: w.DB, Host: "nine.example", Policy: &social.HostPolicy{Store: w.DB, Listed: listed}}
}

func (w world) decide(d *social.Desk, host string, verdict social.Verdict) {
	w.t.Helper()
	if err := d.Decide(w.t.Context(), social.Rule{Host: host, Verdict: verdict}); err != nil {
		w.t.Fatal(err)
	}
}

// A rule counts for all names that end in its own, and the longest one decides.
func TestRules(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		open, listed := w.desk(false), w.desk(true)
		w.decide(open, "https://Bad.example/", social.Block)
		w.decide(open, "good.bad.example", social.Allow)
		w.decide(open, "bücher.example", social.Block)
		for host, want := range map[string][2]bool{
			"bad.example": {false, false}, "BAD.example:8443": {false, false}, "a.b.bad.example": {false, false}, "bad.example.": {false, false},
			"good.bad.example": {true, true}, "x.good.bad.example": {true, true}, "1.2.3.4.5.6.7.good.bad.example": {true, true}, "1.2.3.4.5.6.7.bad.example": {false, false},
			"notbad.example": {true, false}, "example": {true, false}, "xn--bcher-kva.example": {false, false}, "127.0.0.1:443": {true, false}, "bücher.example": {false, false}, "\uff42ad.example": {false, false}, "[::1]:443": {true, false},
		} {
			for i, d := range []*social.Desk{open, listed} {
				err := d.Policy.Allow(t.Context(), host)
				if (err == nil) != want[i] || err != nil && !fault.Is(err, fault.Forbidden) {
					t.Errorf("%s, listed %v: %v", host, i == 1, err)
				}
			}
		}
		if err := open.UndecideBy(t.Context(), music.Viewer{Moderator: true}, "bad.example"); err != nil {
			t.Fatal(err)
		}
		if err := open.Policy.Allow(t.Context(), "a.b.bad.example"); err != nil {
			t.Error(err)
		}
		for _, host := range []string{"", " ", "a b", "nine.example", "..", strings.Repeat("a.", 200) + "example"} {
			if err := open.Decide(t.Context(), social.Rule{Host: host, Verdict: social.Block}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", host, err)
			}
		}
	})
}

// Who follows from a blocked server is forgotten, and nothing more goes there;
// others keep what they have.
func TestBlockEndsEverything(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		for _, host := range []string{"a.bad.example:8443", "bad.example", "well.example"} {
			actor := "https://" + host + "/u"
			w.meet(actor, host)
			w.update(func(tx social.Tx) error {
				if err := tx.PutPeer(ctx, social.Peer{Host: host}); err != nil {
					return err
				}
				if err := tx.PutListens(ctx, social.Listens{ID: actor + "/plays", Host: host, Act: w.Act, Track: "t", First: fedtest.Moment.Add(-time.Hour), Until: fedtest.Moment, Plays: 9, Counted: 9}, []byte("x")); err != nil {
					return err
				}
				_, err := social.Follow(ctx, tx, w.Act, actor, actor+"/follow")
				return err
			})
		}
		w.update(func(tx social.Tx) error {
			if err := tx.Send(ctx, social.Outgoing{ID: "https://nine.example/1", Kind: "Create", Body: []byte("{}")}); err != nil {
				return err
			}
			_, err := tx.DeliverToFollowers(ctx, "https://nine.example/1", w.Act)
			return err
		})
		d := w.desk(false)
		w.decide(d, "bad.example", social.Block)
		if n, q := w.followers(), w.queued(); n != 1 || q != 1 {
			t.Errorf("%d followers and %d deliveries are left, one is well.example's", n, q)
		}
		page, err := d.Servers(ctx, "")
		if err != nil || len(page.Rows) != 1 {
			t.Errorf("%+v, %v", page, err)
		}
		if told, err := (&social.Talk{Store: w.DB}).ListensOf(ctx, w.Act); err != nil || len(told) != 1 || told[0].Host != "well.example" {
			t.Errorf("of plays is told %+v, %v", told, err)
		}
		if _, err := w.Servers.Actor(ctx, "https://a.bad.example:8443/u"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("asked all the same: %v", err)
		}
		if _, _, err := w.Servers.Key(ctx, "https://bad.example/u#key", false); !fault.Is(err, fault.Forbidden) {
			t.Errorf("its signature is looked at: %v", err)
		}
		if err := w.desk(true).Policy.Sweep(ctx); err != nil || w.followers() != 1 {
			t.Errorf("the list is not written yet, and %d follow, %v", w.followers(), err)
		}
		w.decide(d, "other.example", social.Allow)
		if err := w.desk(true).Policy.Sweep(ctx); err != nil || w.followers() != 0 {
			t.Errorf("listed, and %d follow, %v", w.followers(), err)
		}
	})
}

// Lists are those of Mastodon, or names alone; what is exported is read again.
func TestLists(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		d := w.desk(false)
		for name, c := range map[string]struct {
			list string
			want social.Imported
			err  fault.Kind
		}{
			"mastodon":    {list: "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\na.example,suspend,true,true,\"one, two\",false\nb.example,silence,false,false,,false\nc.example,noop,false,false,,false\n", want: social.Imported{Blocked: 1, Silenced: 1, Left: 1}},
			"names":       {list: "# of ours\nc.example\n\n*.d.example\n", want: social.Imported{Blocked: 2}},
			"not a name":  {list: "f.example\nnot a name\n", err: fault.Invalid},
			"quotes":      {list: "\"g.example\n", err: fault.Invalid},
			"ourselves":   {list: "h.example\nnine.example\n", err: fault.Invalid},
			"nothing":     {list: "\n", err: fault.Invalid},
			"much":        {list: strings.Repeat("i.example\n", 60_000), err: fault.TooLarge},
			"many bytes":  {list: "j.example," + strings.Repeat("x", social.MaxList), err: fault.TooLarge},
			"only milder": {list: "domain,severity\nk.example,noop\n", want: social.Imported{Left: 1}},
		} {
			got, err := d.Import(t.Context(), strings.NewReader(c.list))
			if got != c.want && c.err == 0 || (c.err != 0) != (err != nil) || err != nil && !fault.Is(err, c.err) {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		var b strings.Builder
		if err := d.Export(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Import(t.Context(), strings.NewReader(b.String())); got != (social.Imported{Blocked: 3, Silenced: 1}) || err != nil {
			t.Errorf("%+v, %v of\n%s", got, err, b.String())
		}
	})
}

// A list of others weakens nothing: who is blocked stays so, by any name, and where
// only allowed servers count it allows none.
func TestListsLetNobodyIn(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		const list = "domain,severity\nevil.example,silence\nby.evil.example,silence\nfar.example,silence\n"
		for listed, want := range map[bool]social.Imported{false: {Silenced: 1, Left: 2}, true: {Left: 3}} {
			d := w.desk(listed)
			w.decide(d, "evil.example", social.Block)
			if err := d.UndecideBy(t.Context(), music.Viewer{Moderator: true}, "far.example"); err != nil && !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
			if got, err := d.Import(t.Context(), strings.NewReader(list)); got != want || err != nil {
				t.Errorf("listed %v: %+v, %v", listed, got, err)
			}
			for _, host := range []string{"evil.example", "by.evil.example"} {
				if err := d.Policy.Allow(t.Context(), host); !fault.Is(err, fault.Forbidden) {
					t.Errorf("listed %v: %s: %v", listed, host, err)
				}
			}
			if err := d.Policy.Allow(t.Context(), "far.example"); fault.Is(err, fault.Forbidden) != listed {
				t.Errorf("listed %v: far.example: %v", listed, err)
			}
		}
	})
}

// Who is decided about is a person, also when nobody here knows them any more: a
// second click does not block the server of everybody else there. And to allow a
// person is no list of servers, which would end all others.
func TestAPersonIsNoServer(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx, actor := t.Context(), "https://far.example/users/x"
		w.update(func(tx social.Tx) error {
			return tx.PutActor(ctx, social.Actor{ID: actor, Host: "far.example", Handle: "x", Kind: "Person", Inbox: actor + "/inbox"})
		})
		d := w.desk(false)
		for range 2 {
			w.decide(d, actor, social.Block)
			if err := d.Policy.Allow(ctx, "far.example"); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Policy.AllowActor(ctx, actor, "far.example"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the second time lifted it: %v", err)
		}
		if err := d.Decide(ctx, social.Rule{Host: "https://far.example/users/unknown", Verdict: social.Block}); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody unknown: %v", err)
		}
		w.decide(d, actor, social.Allow)
		if alone, err := w.desk(true).Policy.Alone(ctx); !alone || err != nil {
			t.Errorf("a person is taken for a list of servers (%v)", err)
		}
		w.decide(d, "https://far.example/", social.Block)
		if err := d.Policy.Allow(ctx, "far.example"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a server's address: %v", err)
		}
	})
}

// Who is silenced is heard by those who follow them, and by nobody else; an
// actor's own rule goes before that of their server.
func TestSilence(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		ctx := t.Context()
		release, _ := w.Publish()
		jo, kim := w.listener("jo"), w.listener("kim")
		for i, actor := range []string{"https://loud.example/a", "https://loud.example/b", "https://far.example/c"} {
			w.update(func(tx social.Tx) error {
				host := []string{"loud.example", "loud.example", "far.example"}[i]
				if err := tx.PutActor(ctx, social.Actor{ID: actor, Host: host, Handle: string(actor[len(actor)-1]), Kind: "Person", Inbox: actor + "/inbox"}); err != nil {
					return err
				}
				_, err := social.Say(ctx, tx, social.Comment{Thing: social.Thing{Release: release}, Author: social.Author{Actor: actor, Host: host}, IRI: actor + "/1", HTML: "<p>" + actor[len(actor)-1:] + "</p>", Position: -1})
				return err
			})
		}
		w.update(func(tx social.Tx) error {
			_, err := tx.FollowElsewhere(ctx, jo.Account, "https://loud.example/a", true)
			return err
		})
		said := func(v music.Viewer) string {
			var out []string
			c, err := (&social.Talk{Store: w.DB}).Comments(ctx, v, release, "", 9)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range c.Comments {
				out = append(out, social.Text(x.HTML))
			}
			slices.Sort(out)
			return strings.Join(out, "")
		}
		d := w.desk(false)
		for _, tt := range []struct {
			what           string
			verdict        social.Verdict
			guest, jo, kim string
		}{
			{"loud.example", social.Silence, "c", "ac", "c"},
			{"@B@loud.example", social.Allow, "bc", "abc", "bc"},
			{"https://far.example/c", social.Silence, "b", "ab", "b"},
			{"b@loud.example", social.Silence, "", "a", ""},
		} {
			w.decide(d, tt.what, tt.verdict)
			if g, j, k := said(music.Viewer{}), said(jo), said(kim); g != tt.guest || j != tt.jo || k != tt.kim {
				t.Errorf("%s %s: a guest hears %q, who follows %q, who does not %q", tt.verdict, tt.what, g, j, k)
			}
		}
		if err := d.Policy.AllowActor(ctx, "https://loud.example/a", "loud.example"); err != nil {
			t.Errorf("who is silenced is refused: %v", err)
		}
		if err := d.UndecideBy(ctx, music.Viewer{Moderator: true}, "@c@far.example"); err != nil {
			t.Fatal(err)
		}
		if got := said(music.Viewer{}); got != "c" {
			t.Errorf("decided no longer, and %q is heard", got)
		}
		w.decide(d, "c@far.example", social.Block)
		if got := said(jo); got != "a" {
			t.Errorf("of who is blocked %q is left", got)
		}
		if err := d.Policy.AllowActor(ctx, "https://far.example/c", "far.example"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("who is blocked: %v", err)
		}
		if err := d.Policy.Allow(ctx, "far.example"); err != nil {
			t.Errorf("their server: %v", err)
		}
		if _, err := w.Servers.Actor(ctx, "https://far.example/c"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("asked all the same: %v", err)
		}
		if err := d.Decide(ctx, social.Rule{Host: "@nobody@far.example", Verdict: social.Block}); !fault.Is(err, fault.NotFound) {
			t.Errorf("whom nobody knows: %v", err)
		}
	})
}
