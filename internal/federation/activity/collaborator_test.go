package activity_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/document"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/outbox"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// A studio is a node where somebody keeps playlists, with a listener who is seen
// elsewhere.
type studio struct {
	*world
	t        *testing.T
	ada      music.Viewer
	wren     id.Person // who ada is elsewhere
	docs     *document.Documents
	out      *outbox.Outbox
	together *social.Together
	asked    [][]byte // what is to be asked for
}

// SocialView, SocialRead and SocialUpdate are the store's, with some of the jobs in a list.
func (s *studio) SocialView(ctx context.Context, fn func(social.Tx) error) error {
	return s.Node.SocialView(ctx, fn)
}

func (s *studio) SocialRead(ctx context.Context, fn func(social.Tx) error) error {
	return s.Node.SocialRead(ctx, fn)
}

func (s *studio) SocialUpdate(ctx context.Context, fn func(social.Tx) error) error {
	return s.Node.SocialUpdate(ctx, func(tx social.Tx) error { return fn(asking{tx, s}) })
}

type asking struct {
	social.Tx
	s *studio
}

func (a asking) Enqueue(ctx context.Context, kind, key string, payload []byte, at time.Time) error {
	if kind == social.JobSuggested {
		a.s.asked = append(a.s.asked, payload)
	}
	return a.Tx.Enqueue(ctx, kind, key, payload, at)
}

func newStudio(t *testing.T, url string, servers ...*fedtest.Server) *studio {
	t.Helper()
	s := &studio{world: &world{Node: fedtest.NewNodeOn(t, url, servers...)}, t: t}
	a := account.Account{ID: id.New[id.Account](fedtest.Moment), Handle: "ada", Name: "Ada", Created: fedtest.Moment}
	if err := s.AccountUpdate(t.Context(), func(tx account.Tx) error { return tx.InsertAccount(t.Context(), a, "") }); err != nil {
		t.Fatal(err)
	}
	s.ada = music.Viewer{Account: a.ID}
	if err := s.Music().Update(t.Context(), func(tx music.Tx) error { return tx.SetRole(t.Context(), s.Act, a.ID, music.Owner) }); err != nil {
		t.Fatal(err)
	}
	p, err := (&social.People{Store: s, Federates: true}).Show(t.Context(), s.ada, social.PersonDraft{Handle: "wren"})
	if err != nil {
		t.Fatal(err)
	}
	s.wren = p.ID
	site := func(context.Context) form.Site { return s.Site }
	s.docs = &document.Documents{Site: site, Catalogue: &music.Catalogue{Store: s.Music()}, Store: s, Now: s.Now, Type: func(string) string { return "audio/flac" }, Log: fedtest.Quiet(), Keys: func(id.Act) form.Keys { return form.Keys{} }}
	s.out = &outbox.Outbox{Site: site, Albums: s.docs, Store: s, Sent: func() {}}
	s.together = &social.Together{Store: s, Library: &music.Library{Store: s.Music()}, Host: s.Site.Host(), Post: s.out,
		Find: func(ctx context.Context, _ id.Account, handle string) (f social.Full, err error) {
			name, _, _ := strings.Cut(handle, "@")
			f.Actor, err = s.Servers.Actor(ctx, servers[0].URL+"/users/"+name)
			return f, err
		}}
	return s
}

func (s *studio) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// song publishes a track as lists show it.
func (s *studio) song() id.Track {
	s.t.Helper()
	_, t := s.listed()
	return t
}

// listed is that track with its release.
func (s *studio) listed() (id.Release, id.Track) {
	s.t.Helper()
	r, t := s.Publish()
	row := music.TrackRow{ID: t, Release: r, Act: s.Act, Title: "Safari"}
	s.must(s.Music().Update(s.t.Context(), func(tx music.Tx) error {
		return tx.SetLines(s.t.Context(), r, &music.ReleaseRow{ID: r, Act: s.Act, Tracks: 1}, 0, nil, []music.Line{{Row: row}})
	}))
	return r, t
}

// list makes a playlist of ada's, of the act's or for whoever has its address.
func (s *studio) list(act id.Act, tracks ...id.Track) id.Playlist {
	s.t.Helper()
	p, err := s.together.Library.CreatePlaylist(s.t.Context(), s.ada, music.Playlist{Title: "Late trains", Access: music.Unlisted}, tracks)
	s.must(err)
	if act != "" {
		_, err = s.together.Library.EditPlaylist(s.t.Context(), s.ada, p.ID, func(p *music.Playlist) { p.Act, p.Access = act, music.Public })
		s.must(err)
	}
	return p.ID
}

// has are the tracks of one of ada's.
func (s *studio) has(what string, p id.Playlist, want ...id.Track) {
	s.t.Helper()
	full, err := s.together.Library.Playlist(s.t.Context(), s.ada, p)
	s.must(err)
	var got []id.Track
	for _, i := range full.Items {
		got = append(got, i.Item.Track)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("%s: it has %v, not %v", what, got, want)
	}
}

// sends has an actor send an activity of theirs about a playlist.
func (s *studio) sends(by *fedtest.Actor, kind string, target vocab.Item, about ...string) {
	s.t.Helper()
	x := by.Activity(kind, fmt.Sprintf("%s%d", kind, s.n), vocab.Item{})
	x.Object, x.Target = nil, target
	for _, at := range about {
		x.Object = append(x.Object, vocab.At(at))
	}
	s.keep(x, fedtest.JSON(s.t, x))
	s.apply(s)
}

// hears takes what waits for a server, in order.
func (s *studio) hears(server *fedtest.Server) (all []*vocab.Object) {
	s.t.Helper()
	for {
		var d social.Delivery
		s.view(func(tx social.Tx) (err error) {
			if d, err = tx.Next(s.t.Context(), server.Host()); fault.Is(err, fault.NotFound) {
				err = nil
			}
			return err
		})
		if d.ID == "" {
			return all
		}
		body := d.Own
		if len(body) == 0 {
			body = d.Body
		}
		o, err := vocab.Parse(body)
		s.must(err)
		all = append(all, o)
		s.update(func(tx social.Tx) error { return tx.Delivered(s.t.Context(), d) })
	}
}

func kinds(all []*vocab.Object) (out []string) {
	for _, o := range all {
		out = append(out, o.Type[0])
	}
	return out
}

// Somebody elsewhere works on a playlist once they were invited and said so, until
// either ends it; nobody else's word counts, and nothing but tracks gets in.
func TestCollaboratorElsewhere(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		server, quay := fedtest.NewServer(t), fedtest.NewServer(t)
		tide, mallory, shore := server.Actor("tide"), server.Actor("mallory"), quay.Actor("shore")
		s := newStudio(t, url, server, quay)
		one := s.song()
		two := s.song()
		p := s.list(s.Act, one)
		at, first, second := s.Site.Playlist(p), s.Site.Track(one), s.Site.Track(two)
		s.sends(tide, "Add", vocab.At(at), second)
		s.has("not invited", p, one)
		for handle, want := range map[string]fault.Kind{"@nobody": fault.NotFound, "@ada": fault.Conflict, "@low-tide": fault.Conflict} {
			if err := s.together.Invite(t.Context(), s.ada, p, handle); fault.KindOf(err) != want {
				t.Errorf("%s: %v", handle, err)
			}
		}
		if err := s.together.Invite(t.Context(), music.Viewer{Account: "somebody else"}, p, "@tide@"+server.Host()); !fault.Is(err, fault.Forbidden) {
			t.Errorf("of somebody else's: %v", err)
		}
		s.must(s.together.Invite(t.Context(), s.ada, p, "@tide@"+server.Host()))
		if err := s.together.Invite(t.Context(), s.ada, p, "@tide@"+server.Host()); err != nil {
			t.Errorf("again: %v", err)
		}
		s.must(s.out.Invite(t.Context(), string(p)+" "+tide.ID))
		s.must(s.out.Invite(t.Context(), string(p)+" "+tide.ID))
		sent := s.hears(server)
		if len(sent) != 1 || !sent[0].Is("Invite") || sent[0].Target.ID() != tide.ID || sent[0].Actor.ID() != s.Site.Act(s.Act) || sent[0].Object[0].Object == nil || sent[0].Object[0].ID() != at {
			t.Fatalf("%v", kinds(sent))
		}
		invite := sent[0].ID
		s.sends(tide, "Add", vocab.At(at), second)
		s.sends(mallory, "Accept", vocab.Item{}, invite)
		s.sends(mallory, "Add", vocab.At(at), second)
		s.has("before they accept", p, one)
		s.sends(tide, "Accept", vocab.Item{}, invite)
		s.must(s.out.Playlist(t.Context(), p))
		if sent = s.hears(server); len(sent) != 1 || !sent[0].Is("Create") || fmt.Sprint(sent[0].Object[0].Object.Extra["nineten:collaborators"]) != "["+tide.ID+"]" {
			t.Fatalf("%v: %+v", kinds(sent), sent[0].Object[0].Object)
		}
		s.sends(tide, "Add", vocab.At(at), second, first)
		s.has("added", p, one, two, one)
		s.must(s.out.Playlist(t.Context(), p))
		if sent = s.hears(server); len(sent) != 1 || !sent[0].Is("Add") || len(sent[0].Object) != 2 || sent[0].Target.ID() != at || sent[0].Actor.ID() != s.Site.Act(s.Act) {
			t.Errorf("it is told as %v", kinds(sent))
		}
		s.sends(mallory, "Remove", vocab.At(at), first)
		s.sends(mallory, "Leave", vocab.Item{}, at)
		s.sends(mallory, "Delete", vocab.Item{}, at)
		whole := playlist(tide, "1")
		whole.ID = at // as if it were theirs
		s.sends(mallory, "Add", vocab.Of(whole), second)
		s.has("by a stranger", p, one, two, one)
		s.sends(tide, "Remove", vocab.Of(whole), first)
		s.has("removed, whatever they say that the list is", p, two)
		s.sends(tide, "Add", vocab.At(at), slices.Repeat([]string{second}, social.MostSuggested+1)...)
		s.sends(tide, "Add", vocab.At(at))
		s.sends(tide, "Add", vocab.At(at), s.Site.Track(id.New[id.Track](s.Now())), second)
		s.has("too many, none, and one that is not there", p, two)

		// What is not known is asked for at its own server; what is no track is left out.
		song := &vocab.Object{ID: shore.ID + "/t/1", Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(shore.ID), Name: "Far", Published: fedtest.Moment, To: []string{vocab.Public},
			URL: []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "audio/flac", Href: quay.URL + "/sound.flac"})}}
		quay.Publish(song, "")
		s.sends(tide, "Add", vocab.At(at), shore.ID, tide.ID, song.ID, at, s.Site.Act(s.Act), "http://plain.example/", quay.URL+"/nothing", first)
		if len(s.asked) != 1 {
			t.Fatalf("%d are asked for", len(s.asked))
		}
		desk := s.Desk(s, s.Site)
		s.must(desk.Suggested(t.Context(), s.asked[0]))
		var far id.Track
		s.view(func(tx social.Tx) (err error) { far, err = tx.TrackByIRI(t.Context(), song.ID); return err })
		s.has("asked for", p, two, far, one)

		if _, err := s.together.Library.EditPlaylist(t.Context(), s.ada, p, func(p *music.Playlist) { p.Act = "" }); !fault.Is(err, fault.Conflict) {
			t.Errorf("another owner while somebody works on it: %v", err)
		}
		s.hears(server)
		s.must(s.together.End(t.Context(), s.ada, p, tide.ID))
		if sent = s.hears(server); len(sent) != 1 || !sent[0].Is("Undo") || sent[0].Object[0].ID() != invite {
			t.Errorf("ended: %v", kinds(sent))
		}
		s.sends(tide, "Add", vocab.At(at), first)
		s.sends(tide, "Accept", vocab.Item{}, invite)
		s.sends(tide, "Add", vocab.At(at), first)
		s.must(desk.Suggested(t.Context(), s.asked[0])) // what was being asked for comes too late
		s.has("after the end", p, two, far, one)
	})
}

// A listener's own playlist is known elsewhere from when somebody there is invited until
// nobody works on it; they leave, and who is gone works on nothing.
func TestPlaylistOfAPersonElsewhere(t *testing.T) {
	server := fedtest.NewServer(t)
	tide, shore := server.Actor("tide"), server.Actor("shore")
	s := newStudio(t, "", server)
	one := s.song()
	p := s.list("", one)
	docs := s.out.Albums
	known := func(want bool) {
		t.Helper()
		x, err := docs.Selection(t.Context(), p)
		if (err == nil) != want || err != nil && !fault.Is(err, fault.NotFound) || want && s.Site.Owner(&x) != s.Site.Person(s.wren) {
			t.Errorf("%v, %+v", err, x)
		}
	}
	known(false)
	private := s.list("")
	_, err := s.together.Library.EditPlaylist(t.Context(), s.ada, private, func(p *music.Playlist) { p.Access = music.Private })
	s.must(err)
	if err := s.together.Invite(t.Context(), s.ada, private, "@tide@x.example"); !fault.Is(err, fault.Conflict) {
		t.Errorf("to one that nobody sees: %v", err)
	}
	for _, by := range []*fedtest.Actor{tide, shore} {
		name := by.ID[strings.LastIndex(by.ID, "/")+1:]
		s.must(s.together.Invite(t.Context(), s.ada, p, "@"+name+"@x.example"))
		s.must(s.out.Invite(t.Context(), string(p)+" "+by.ID))
		s.sends(by, "Accept", vocab.Item{}, s.hears(server)[0].ID)
	}
	known(true)
	s.must(s.out.Playlist(t.Context(), p))
	sent := s.hears(server) // one inbox for both
	o := sent[0].Object[0].Object
	if len(sent) != 1 || o.Author() != s.Site.Person(s.wren) || !o.IsPublic() || len(o.To) != 0 {
		t.Fatalf("%v: %+v", kinds(sent), o)
	}
	add := func(by *fedtest.Actor, at string) { s.sends(by, "Add", vocab.At(s.Site.Playlist(p)), at) }
	for _, by := range []*fedtest.Actor{tide, shore} { // at once
		x := by.Activity("Add", "both", vocab.At(s.Site.Track(one)))
		x.Target = vocab.At(s.Site.Playlist(p))
		s.keep(x, fedtest.JSON(t, x))
	}
	s.apply(s)
	s.has("by both", p, one, one, one)
	s.sends(tide, "Leave", vocab.Item{}, s.Site.Playlist(p))
	add(tide, s.Site.Track(one))
	s.has("who left", p, one, one, one)
	known(true)
	s.sends(shore, "Delete", vocab.Item{}, shore.ID)
	known(false)
	s.must(s.out.Playlist(t.Context(), p))
	s.must(s.together.Invite(t.Context(), s.ada, p, "@tide@x.example"))
	s.must(s.out.Invite(t.Context(), string(p)+" "+tide.ID))
	s.sends(tide, "Accept", vocab.Item{}, s.hears(server)[0].ID)
	known(true)
	s.must((&social.People{Store: s}).Hide(t.Context(), s.ada.Account))
	known(false)
	add(tide, s.Site.Track(one))
	s.has("of who is gone", p, one, one, one)
}

// Who is invited from elsewhere is told, takes it or not, and adds tracks by telling the
// owner, whose word alone changes the list.
func TestInvitedFromElsewhere(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		server := fedtest.NewServer(t)
		tide, mallory := server.Actor("tide"), server.Actor("mallory")
		s := newStudio(t, url, server)
		one := s.song()
		wren := s.Site.Person(s.wren)
		at := tide.ID + "/lists/1"
		n := 0
		say := func(by *fedtest.Actor, kind, target string, about vocab.Item) string {
			t.Helper()
			n++
			x := by.Activity(kind, fmt.Sprintf("say%d", n), about)
			if target != "" {
				x.Target = vocab.At(target)
			}
			s.receive(x)
			return x.ID
		}
		lists := func(want ...social.Standing) []social.Collaboration {
			t.Helper()
			all, err := s.together.Lists(t.Context(), s.ada)
			s.must(err)
			var got []social.Standing
			for _, c := range all {
				got = append(got, c.State)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v, not %v", got, want)
			}
			return all
		}
		far := "https://quay.example/ap/tracks/1"
		list := vocab.Of(playlist(tide, "1", far))
		say(mallory, "Invite", wren, list)                                          // it is not theirs
		say(tide, "Invite", s.Site.Person(id.New[id.Person](s.Now())), list)        // nobody
		say(tide, "Invite", wren, vocab.At(at))                                     // nothing is known of it
		say(tide, "Invite", wren, vocab.Of(&vocab.Object{Type: []string{"Event"}})) // it is no playlist
		s.must((&social.Personal{Store: s, Host: s.Site.Host()}).Block(t.Context(), s.ada.Account, tide.ID))
		say(tide, "Invite", wren, list) // ada blocks them
		lists()
		blocks, err := (&social.Personal{Store: s}).Blocks(t.Context(), s.ada.Account)
		s.must(err)
		s.must((&social.Personal{Store: s, Host: s.Site.Host()}).Unblock(t.Context(), s.ada.Account, blocks[0].Name))
		invite := say(tide, "Invite", wren, list)
		got := lists(social.Invited)[0]
		if got.List.Title != "Late trains" || got.Host != server.Host() || got.List.Items != 1 {
			t.Errorf("%+v", got)
		}
		told, err := (&notice.Desk{Store: s.DB}).List(t.Context(), s.ada.Account, "", 9)
		if err != nil || len(told.Rows) != 1 || told.Rows[0].Kind != notice.Invited || told.Rows[0].List != got.List.ID || told.Rows[0].Title != "Late trains" {
			t.Errorf("%+v, %v", told.Rows, err)
		}
		if _, err := s.together.Add(t.Context(), s.ada, got.List.ID, []id.Track{one}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("added before it was accepted: %v", err)
		}
		s.must(s.together.Answer(t.Context(), s.ada, got.List.ID, true))
		sent := s.hears(server)
		if len(sent) != 1 || !sent[0].Is("Accept") || sent[0].Actor.ID() != wren || sent[0].Object[0].ID() != invite {
			t.Fatalf("%v", kinds(sent))
		}
		lists(social.Works)
		if told, err = (&notice.Desk{Store: s.DB}).List(t.Context(), s.ada.Account, "", 9); err != nil || len(told.Rows) != 0 {
			t.Errorf("answered, %+v, %v", told.Rows, err)
		}
		away, err := s.together.Add(t.Context(), s.ada, got.List.ID, []id.Track{one})
		s.must(err)
		if sent = s.hears(server); !away || len(sent) != 1 || !sent[0].Is("Add") || sent[0].Target.ID() != at || sent[0].Object[0].ID() != s.Site.Track(one) || sent[0].Actor.ID() != wren || !slices.Equal(sent[0].To, []string{tide.ID}) {
			t.Fatalf("%v", kinds(sent))
		}
		if lists(social.Works)[0].List.Items != 1 {
			t.Error("it is there before its owner says so")
		}
		more := playlist(tide, "1", far, s.Site.Track(one))
		more.Updated = fedtest.Moment.Add(time.Minute)
		say(tide, "Update", "", vocab.Of(more)) // nobody here follows tide
		if lists(social.Works)[0].List.Items != 2 {
			t.Error("what its owner says of it is not known")
		}
		if _, err := s.together.Remove(t.Context(), s.ada, got.List.ID, music.ItemID(one)); err != nil {
			t.Error(err)
		}
		if sent = s.hears(server); len(sent) != 1 || !sent[0].Is("Remove") || sent[0].Object[0].ID() != s.Site.Track(one) {
			t.Errorf("%v", kinds(sent))
		}
		again := say(tide, "Invite", wren, list) // it forgot
		if sent = s.hears(server); len(sent) != 1 || !sent[0].Is("Accept") || sent[0].Object[0].ID() != again {
			t.Errorf("%v", kinds(sent))
		}
		say(mallory, "Undo", "", vocab.At(again))
		lists(social.Works)
		say(tide, "Undo", "", vocab.Of(&vocab.Object{ID: again, Type: []string{"Invite"}, Actor: vocab.At(tide.ID)}))
		lists()
		s.view(func(tx social.Tx) error {
			if _, err := tx.PlaylistByIRI(t.Context(), at); !fault.Is(err, fault.NotFound) {
				t.Errorf("it is kept: %v", err)
			}
			return nil
		})
		say(tide, "Invite", s.Site.Act(s.Act), list) // an act: its people are told
		s.must(s.together.Answer(t.Context(), s.ada, lists(social.Invited)[0].List.ID, false))
		if sent = s.hears(server); len(sent) != 1 || !sent[0].Is("Reject") || sent[0].Actor.ID() != s.Site.Act(s.Act) {
			t.Errorf("%v", kinds(sent))
		}
		say(tide, "Invite", wren, list)
		what := lists(social.Invited)[0].List.ID
		s.must(s.together.Answer(t.Context(), s.ada, what, true))
		s.hears(server)
		s.must(s.together.Leave(t.Context(), s.ada, what))
		if sent = s.hears(server); len(sent) != 1 || !sent[0].Is("Leave") || sent[0].Object[0].ID() != at {
			t.Errorf("%v", kinds(sent))
		}
		lists()
		for i := range social.MostInvitations + 3 {
			x := tide.Activity("Invite", fmt.Sprintf("many%d", i), vocab.Of(playlist(tide, fmt.Sprintf("many%d", i))))
			x.Target = vocab.At(wren)
			s.keep(x, fedtest.JSON(t, x))
		}
		s.apply(s)
		if all, err := s.together.Lists(t.Context(), s.ada); err != nil || len(all) != social.MostInvitations {
			t.Errorf("%d invitations wait, %v", len(all), err)
		}
	})
}
