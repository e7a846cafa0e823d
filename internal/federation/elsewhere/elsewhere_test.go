package elsewhere_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/elsewhere"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// A scene is a node with two listeners, and an act on another server.
type scene struct {
	*fedtest.Node
	t       *testing.T
	server  *fedtest.Server
	desk    *elsewhere.Desk
	act     *fedtest.Actor
	ada, bo id.Account
	sent    int
	waiting []job
	heard   []social.Untold // what enough people heard
	proofs  int             // documents that were kept
	due     []social.Due    // what a month gave acts elsewhere
	first   func()          // what happens before the next transaction of the desk
}

// A job is one that the node's runner would do; of those with one key the first
// counts.
type job struct {
	kind, key string
	payload   []byte
	at        time.Time
}

// SocialView is the store's, with what a month gave.
func (s *scene) SocialView(ctx context.Context, fn func(social.Tx) error) error {
	return s.Node.SocialView(ctx, func(tx social.Tx) error { return fn(listed{tx, s}) })
}

// SocialRead is the same.
func (s *scene) SocialRead(ctx context.Context, fn func(social.Tx) error) error {
	return s.Node.SocialRead(ctx, func(tx social.Tx) error { return fn(listed{tx, s}) })
}

// SocialUpdate is the store's, with the jobs in a list.
func (s *scene) SocialUpdate(ctx context.Context, fn func(social.Tx) error) error {
	if first := s.first; first != nil {
		s.first = nil
		first()
	}
	return s.Node.SocialUpdate(ctx, func(tx social.Tx) error { return fn(listed{tx, s}) })
}

type listed struct {
	social.Tx
	s *scene
}

func (l listed) Enqueue(_ context.Context, kind, key string, payload []byte, at time.Time) error {
	if !slices.ContainsFunc(l.s.waiting, func(j job) bool { return j.kind == kind && j.key == key }) {
		l.s.waiting = append(l.s.waiting, job{kind, key, payload, at})
	}
	return nil
}

func (l listed) KeepProof(ctx context.Context, body []byte) ([]byte, error) {
	l.s.proofs++
	return l.Tx.KeepProof(ctx, body)
}

func (l listed) Untold(context.Context, time.Time) ([]social.Untold, error) { return l.s.heard, nil }

func (l listed) PaidOut(context.Context, calendar.Period, id.Act) ([]social.Due, error) {
	return l.s.due, nil
}

func (l listed) LogRoot(context.Context, time.Time) (string, error) {
	return strings.Repeat("ab", 32), nil
}

// next takes the job that waits longest.
func (s *scene) next() job {
	s.t.Helper()
	if len(s.waiting) == 0 {
		s.t.Fatal("nothing is to be done")
	}
	j := s.waiting[0]
	s.waiting = s.waiting[1:]
	return j
}

func newScene(t *testing.T) *scene { return newSceneOn(t, "") }

// newSceneOn has the node on the Postgres at url, or on SQLite.
func newSceneOn(t *testing.T, url string, others ...*fedtest.Server) *scene {
	t.Helper()
	server := fedtest.NewServer(t)
	n := fedtest.NewNodeOn(t, url, append(others, server)...)
	s := &scene{Node: n, t: t, server: server}
	s.desk = elsewhere.New(elsewhere.Config{
		Site: n.Site, Store: s, Servers: n.Servers, Files: n.Servers.Client, Prove: prove(n.Site), Sent: func() { s.sent++ }, Listener: func(*http.Request) string { return "somebody" }, Now: n.Now, Log: fedtest.Quiet(),
		Cover: func(_ context.Context, picture io.Reader) (music.Cover, error) {
			b, err := io.ReadAll(picture)
			if string(b) != "a picture" {
				return music.Cover{}, fault.New(fault.Unsupported, "This is no picture.")
			}
			return music.Cover{ID: "00112233445566778899aabbccddeeff", Light: "#111111", Dark: "#eeeeee"}, err
		},
	})
	for i, who := range []*id.Account{&s.ada, &s.bo} {
		a := account.Account{ID: id.New[id.Account](fedtest.Moment), Handle: fmt.Sprintf("listener%d", i), Name: "Somebody", Created: fedtest.Moment}
		if err := n.DB.AccountUpdate(t.Context(), func(tx account.Tx) error { return tx.InsertAccount(t.Context(), a, "") }); err != nil {
			t.Fatal(err)
		}
		*who = a.ID
	}
	s.act = server.Actor("tide")
	doc := s.act.Document()
	doc.Name, doc.PreferredUsername, doc.Summary = "Tide", "tide", "<p>From the <b>north</b>.</p>"
	doc.Icon = []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Image"}, URL: vocab.One(server.URL + "/face.jpg")})}
	doc.Put("nineten:releases", s.act.ID+"/releases")
	server.Publish(doc, "")
	server.Serve("/.well-known/webfinger", "application/jrd+json", []byte(`{"links":[{"rel":"self","type":"application/activity+json","href":"`+s.act.ID+`"},{"rel":"http://ostatus.org/schema/1.0/subscribe","template":"`+server.URL+`/authorize?uri={uri}"}]}`))
	server.Serve("/face.jpg", "image/jpeg", []byte("a picture"))
	server.Serve("/cover.jpg", "image/jpeg", []byte("no picture"))
	server.Serve("/sound.flac", "audio/flac", []byte("fLaC and so on"))
	server.Serve("/page", "text/html", []byte("<script>alert(1)</script>"))
	return s
}

func (s *scene) host() string { return strings.TrimPrefix(s.server.URL, "https://") }

// release is one of the act's in 9ten's own form.
func (s *scene) release(name string, tracks int) *vocab.Object {
	at := s.act.ID + "/releases/" + name
	o := &vocab.Object{ID: at, Type: []string{"OrderedCollection", "nineten:Release"}, AttributedTo: vocab.One(s.act.ID), Name: name, Published: fedtest.Moment, Updated: s.Now(), To: []string{vocab.Public},
		Image: []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Image"}, URL: vocab.One(s.server.URL + "/cover.jpg")})}}
	for i := range tracks {
		x := &vocab.Object{ID: fmt.Sprintf("%s/%d", at, i), Type: []string{"Audio", "nineten:AudioTrack"}, AttributedTo: vocab.One(s.act.ID), Name: fmt.Sprintf("%s %d", name, i), Duration: time.Minute,
			URL: []vocab.Item{vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "text/html", Href: s.server.URL + "/page"}), vocab.Of(&vocab.Object{Type: []string{"Link"}, MediaType: "audio/flac", Href: s.server.URL + "/sound.flac"})}}
		x.Put("nineten:position", i+1)
		o.OrderedItems = append(o.OrderedItems, vocab.Of(x))
	}
	return o
}

// catalogue has the act list releases in pages of two.
func (s *scene) catalogue(n int) {
	list := s.act.ID + "/releases"
	page := func(i int) string { return fmt.Sprintf("%s/page%d", list, i) }
	s.server.Publish(&vocab.Object{ID: list, Type: []string{"OrderedCollection"}, TotalItems: int64(n), First: vocab.At(page(0))}, "")
	for i := 0; i*2 < n; i++ {
		p := &vocab.Object{ID: page(i), Type: []string{"OrderedCollectionPage"}, PartOf: vocab.At(list)}
		for j := i * 2; j < min(n, i*2+2); j++ {
			r := s.release(fmt.Sprintf("r%02d", j), 2)
			s.server.Publish(r, "")
			p.OrderedItems = append(p.OrderedItems, vocab.At(r.ID))
		}
		if i*2+2 < n {
			p.Next = vocab.At(page(i + 1))
		}
		s.server.Publish(p, "")
	}
}

// work does the jobs that wait, and says how often it fetched releases.
func (s *scene) work() (done int) {
	s.t.Helper()
	return s.workAfter(func(job) {})
}

// workAfter does them, and something before each of them.
func (s *scene) workAfter(first func(job)) (done int) {
	s.t.Helper()
	for len(s.waiting) > 0 {
		j := s.next()
		first(j)
		do := map[string]func(context.Context, []byte) error{social.JobPicture: s.desk.Picture, social.JobBackfill: s.desk.Backfill, social.JobCredits: s.desk.Credits, social.JobPlaylist: s.desk.Seek, social.JobPages: s.desk.Pages, social.JobRenew: s.desk.Renew, social.JobRetitle: s.desk.Retitle, social.JobLook: s.desk.Look, social.JobShare: s.desk.Shared, social.JobTalk: s.desk.Talk}[j.kind]
		if j.kind == social.JobBackfill {
			done++
		}
		if err := do(s.t.Context(), j.payload); err != nil {
			s.t.Fatal(err)
		}
	}
	return done
}

func (s *scene) find() social.Full {
	s.t.Helper()
	f, err := s.desk.Find(s.t.Context(), s.ada, "@tide@"+s.host())
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *scene) follow(who id.Account, on bool) {
	s.t.Helper()
	if err := s.desk.Follow(s.t.Context(), who, s.act.ID, on); err != nil {
		s.t.Fatal(err)
	}
}

// says has the act's server say something, and returns why it is not applied.
func (s *scene) says(kind string, about vocab.Item, by *fedtest.Actor) error {
	s.t.Helper()
	return s.takes(by.Activity(kind, "say", about), by)
}

// sentOut are the activities that wait for the act's server; they are taken.
func (s *scene) sentOut() (out []*vocab.Object) {
	s.t.Helper()
	if err := s.SocialUpdate(s.t.Context(), func(tx social.Tx) error {
		for {
			d, err := tx.Next(s.t.Context(), s.host())
			if fault.Is(err, fault.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			o, err := vocab.Parse(d.Body)
			if err != nil {
				return err
			}
			if d.Inbox != s.act.ID+"/inbox" || o.Actor.ID() != s.Site.Node() {
				s.t.Errorf("%s to %s by %s", d.Kind, d.Inbox, o.Actor.ID())
			}
			out = append(out, o)
			if err := tx.Delivered(s.t.Context(), d); err != nil {
				return err
			}
		}
	}); err != nil {
		s.t.Fatal(err)
	}
	return out
}

func titles(list []social.Release) (out []string) {
	for _, r := range list {
		out = append(out, r.Title)
	}
	return out
}

// An act is found by its handle and by addresses, with its newest releases, its
// picture and its words without their HTML; guests find what is known.
func TestFound(t *testing.T) {
	s := newScene(t)
	s.catalogue(3)
	handle := "@tide@" + s.host()
	if _, err := s.desk.Find(t.Context(), "", handle); !fault.Is(err, fault.NotFound) || s.server.Asked("/.well-known/webfinger") != 0 {
		t.Errorf("a guest has the node ask: %v", err)
	}
	if f := s.find(); f.Actor.Name != "Tide" || len(f.Releases) != 0 {
		t.Errorf("found %+v", f)
	}
	s.work()
	for _, text := range []string{handle, "tide@" + s.host(), s.act.ID, s.act.ID + "/releases/r01"} {
		f, err := s.desk.Find(t.Context(), s.ada, text)
		if err != nil || f.Actor.ID != s.act.ID || len(f.Releases) != 3 || f.Cover.ID == "" || f.Following {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
	}
	f, err := s.desk.Find(t.Context(), "", handle)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.desk.Release(t.Context(), f.Releases[0].ID)
	if err != nil || len(r.Tracks) != 2 || r.Tracks[1].Number != 2 || r.Tracks[0].DurationMS != 60_000 || r.Home() != "tide@"+s.host() || r.Cover.ID != "" {
		t.Errorf("%+v, %v", r, err)
	}
	for text, want := range map[string]fault.Kind{"@tide@nine.example": fault.NotFound, "tide": fault.NotFound, s.server.URL + "/page": fault.Invalid, s.server.URL + "/users/nobody": fault.NotFound} {
		if _, err := s.desk.Find(t.Context(), s.ada, text); !fault.Is(err, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// The back catalogue comes a few at a time with pauses; a node that is killed in
// between goes on where it was, and what is gone over there stops nothing.
func TestBackCatalogue(t *testing.T) {
	s := newScene(t)
	s.catalogue(15)
	s.find()
	s.waiting = nil // who looked is gone
	s.server.Publish(&vocab.Object{ID: s.server.URL + "/elsewhere", Type: []string{"Note"}}, "/users/tide/releases/r07")
	s.follow(s.ada, true)
	j := s.next()
	for range 2 { // killed after it was done and before it was marked
		if err := s.desk.Backfill(t.Context(), j.payload); err != nil {
			t.Fatal(err)
		}
	}
	if s.server.Asked("/users/tide/releases/page1") != 0 {
		t.Error("everything is asked for at once")
	}
	steps := s.work() + 1
	list, err := s.desk.Newest(t.Context(), s.ada, 50)
	if err != nil || len(list) != 14 || steps < 8 {
		t.Errorf("%d came in %d steps: %v, %v", len(list), steps, titles(list), err)
	}
}

// Who operates the node has everything fetched again of who is followed: what came out
// over there and was told to nobody, and what is called otherwise now.
func TestFetchedAgain(t *testing.T) {
	s := newScene(t)
	s.catalogue(3)
	s.find()
	s.follow(s.ada, true)
	s.work()
	s.catalogue(4)
	other := s.release("r01", 2)
	other.Name = "Another name"
	s.server.Publish(other, "")
	desk := &social.Desk{Store: s, Policy: &social.HostPolicy{Store: s}, Hurried: func() {}, Fill: s.desk.Fill}
	if err := desk.Backfill(t.Context(), s.host()); err != nil {
		t.Fatal(err)
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(j job) bool { return j.kind == social.JobAgain })
	s.work()
	list, err := s.desk.Newest(t.Context(), s.ada, 50)
	got := titles(list)
	if slices.Sort(got); err != nil || !slices.Equal(got, []string{"Another name", "r00", "r02", "r03"}) {
		t.Errorf("%v, %v", got, err)
	}
	if err := desk.Backfill(t.Context(), "nobody.example"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

// Empty pages that lead to each other come to an end.
func TestBackCatalogueWithoutEnd(t *testing.T) {
	s := newScene(t)
	list := s.act.ID + "/releases"
	page := &vocab.Object{ID: list + "/page0", Type: []string{"OrderedCollectionPage"}, PartOf: vocab.At(list), Next: vocab.At(list + "/page0")}
	s.server.Publish(&vocab.Object{ID: list, Type: []string{"OrderedCollection"}, First: vocab.At(page.ID)}, "")
	s.server.Publish(page, "")
	s.find()
	if steps := s.work(); steps < 2 || steps > 20 {
		t.Errorf("%d steps through empty pages", steps)
	}
}

// The first follower has the node follow, the last has it leave; nobody of them
// is named.
func TestFollowed(t *testing.T) {
	s := newScene(t)
	s.catalogue(1)
	s.find()
	s.follow(s.ada, true)
	s.follow(s.bo, true)
	s.follow(s.bo, true)
	out := s.sentOut()
	if len(out) != 1 || !out[0].Is("Follow") || vocab.FirstID(out[0].Object) != s.act.ID || s.sent != 1 {
		t.Fatalf("sent %+v", out)
	}
	state := func() string { return s.find().State }
	stranger := s.server.Actor("stranger")
	if _, err := s.Servers.Actor(t.Context(), stranger.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.says("Accept", vocab.At(out[0].ID), stranger); err != nil || state() != social.Asked {
		t.Errorf("a stranger's answer counts: %s, %v", state(), err)
	}
	s.Pass(25 * time.Hour) // the answer was lost
	if err := s.desk.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := s.sentOut(); len(again) != 1 || again[0].ID != out[0].ID {
		t.Errorf("asked again: %+v", again)
	}
	if err := s.says("Accept", vocab.At(out[0].ID), s.act); err != nil || state() != social.Accepted {
		t.Errorf("accepted: %s, %v", state(), err)
	}
	s.Pass(25 * time.Hour)
	if err := s.desk.Mend(t.Context()); err != nil || len(s.sentOut()) != 0 {
		t.Errorf("who has answered is asked again: %v", err)
	}
	s.follow(s.ada, false)
	if out := s.sentOut(); len(out) != 0 {
		t.Errorf("left too early: %+v", out)
	}
	if err := s.DB.AccountUpdate(t.Context(), func(tx account.Tx) error { return tx.DeleteAccount(t.Context(), account.Account{ID: s.bo}) }); err != nil {
		t.Fatal(err)
	}
	if err := s.desk.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := s.sentOut()
	if len(left) != 1 || !left[0].Is("Undo") || vocab.FirstID(left[0].Object) != out[0].ID || state() != "" {
		t.Errorf("left: %+v", left)
	}
	s.follow(s.ada, true)
	if err := s.says("Reject", vocab.At(s.sentOut()[0].ID), s.act); err != nil || state() != social.Declined {
		t.Errorf("declined: %s, %v", state(), err)
	}
	s.follow(s.ada, false)
	s.Pass(time.Second)
	s.follow(s.ada, true)
	if out := s.sentOut(); len(out) != 2 || !out[0].Is("Undo") || !out[1].Is("Follow") || state() != social.Asked {
		t.Errorf("asked anew: %+v", out)
	}
}

// What a followed act says of its releases is kept, as it was said last; what
// others say of them is not.
func TestHeard(t *testing.T) {
	s := newScene(t)
	if err := s.desk.Follow(t.Context(), s.ada, s.act.ID, true); !fault.Is(err, fault.NotFound) {
		t.Errorf("somebody unknown is followed: %v", err)
	}
	s.find()
	newest := func(want ...string) []social.Release {
		t.Helper()
		list, err := s.desk.Newest(t.Context(), s.ada, 10)
		if err != nil || strings.Join(titles(list), ",") != strings.Join(want, ",") {
			t.Errorf("newest are %v, not %v: %v", titles(list), want, err)
		}
		return list
	}
	one := s.release("one", 2)
	say := func(kind string, o *vocab.Object, by *fedtest.Actor) {
		t.Helper()
		if err := s.says(kind, vocab.Of(o), by); err != nil && !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
	}
	say("Create", one, s.act) // nobody follows
	s.follow(s.ada, true)
	newest()
	say("Create", one, s.act)
	was := newest("one")
	s.Pass(time.Minute)
	changed := s.release("one", 3)
	changed.Name = "One"
	say("Update", changed, s.act)
	say("Update", one, s.act) // late
	is := newest("One")
	if is[0].ID != was[0].ID {
		t.Error("its page is another")
	}
	stranger := s.server.Actor("stranger")
	if _, err := s.Servers.Actor(t.Context(), stranger.ID); err != nil {
		t.Fatal(err)
	}
	theirs := s.release("one", 1)
	theirs.AttributedTo = vocab.One(stranger.ID)
	s.Pass(time.Minute)
	for _, o := range []*vocab.Object{theirs, changed, {ID: one.ID, Type: []string{"Tombstone"}}} {
		for _, kind := range []string{"Create", "Update", "Delete"} {
			say(kind, o, stranger)
		}
	}
	full, err := s.desk.Release(t.Context(), newest("One")[0].ID)
	if err != nil || len(full.Tracks) != 3 {
		t.Errorf("%+v, %v", full, err)
	}
	private := s.release("private", 1)
	private.To = []string{s.Site.Node()}
	say("Create", private, s.act)
	reply := &vocab.Object{ID: s.act.ID + "/reply", Type: []string{"Note"}, AttributedTo: vocab.One(s.act.ID), Content: "yes", Published: s.Now(), To: []string{vocab.Public}}
	say("Create", reply, s.act)
	newest("One")
	say("Delete", &vocab.Object{ID: one.ID, Type: []string{"Tombstone"}}, s.act)
	newest()
}

// What is asked for by a node that passes it on is not passed on again, nor is what
// this node has itself: nodes do not ask each other without end. Nobody plays more
// than a few sounds at once.
func TestSoundInCircles(t *testing.T) {
	s := newScene(t)
	s.find()
	s.follow(s.ada, true)
	r := s.release("one", 2)
	r.OrderedItems[1].Object.URL[1].Object.Href = s.Site.Origin + "/media/x/original"
	if err := s.says("Create", vocab.Of(r), s.act); err != nil {
		t.Fatal(err)
	}
	list, err := s.desk.Newest(t.Context(), s.ada, 1)
	if err != nil {
		t.Fatal(err)
	}
	full, err := s.desk.Release(t.Context(), list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	q := httptest.NewRequest(http.MethodGet, "/media/x/original", nil)
	if err := s.desk.Sound(httptest.NewRecorder(), q, full.Tracks[1].ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the node's own: %v", err)
	}
	through := q.Clone(t.Context())
	through.Header["Via"] = []string{"1.1 proxy", "1.1 9ten"}
	if err := s.desk.Sound(httptest.NewRecorder(), through, full.Tracks[0].ID); !fault.Is(err, fault.NotFound) || s.server.Asked("/sound.flac") != 0 {
		t.Errorf("asked by another node: %v", err)
	}
	through.Header["Via"] = []string{"1.1 proxy"}
	o := &opening{}
	o.play = func() error { return s.desk.Sound(o, through, full.Tracks[0].ID) }
	if err := o.play(); err != nil || o.n != 8 || !fault.Is(o.err, fault.Limited) {
		t.Errorf("%d at once, then %v; %v", o.n, o.err, err)
	}
	if err := s.desk.Sound(httptest.NewRecorder(), through, full.Tracks[0].ID); err != nil {
		t.Errorf("after all have ended: %v", err)
	}
}

// opening is who opens another sound as soon as one is played, until none is given.
type opening struct {
	play func() error
	n    int
	err  error
}

func (o *opening) Header() http.Header         { return http.Header{} }
func (o *opening) Write(b []byte) (int, error) { return len(b), nil }

func (o *opening) WriteHeader(int) {
	o.n++
	if err := o.play(); err != nil {
		o.err = err
	}
}

// Sound is passed on in the parts that are asked for, and nothing but sound.
func TestSound(t *testing.T) {
	s := newScene(t)
	s.find()
	s.follow(s.ada, true)
	r := s.release("one", 2)
	r.OrderedItems[1].Object.URL[1].Object.Href = s.server.URL + "/page"
	if err := s.says("Create", vocab.Of(r), s.act); err != nil {
		t.Fatal(err)
	}
	list, err := s.desk.Newest(t.Context(), s.ada, 1)
	if err != nil {
		t.Fatal(err)
	}
	full, err := s.desk.Release(t.Context(), list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	get := func(track id.Track, ranged string) (*httptest.ResponseRecorder, error) {
		q := httptest.NewRequest(http.MethodGet, "/media/x/original", nil)
		if ranged != "" {
			q.Header.Set("Range", ranged)
		}
		q.Header.Set("Cookie", "session=secret")
		rec := httptest.NewRecorder()
		return rec, s.desk.Sound(rec, q, track)
	}
	for ranged, want := range map[string]string{"": "fLaC and so on", "bytes=0-3": "fLaC", "bytes=5-": "and so on"} {
		rec, err := get(full.Tracks[0].ID, ranged)
		partial := ranged != ""
		if err != nil || rec.Body.String() != want || rec.Header().Get("Content-Type") != "audio/flac" || (rec.Code == http.StatusPartialContent) != partial || (rec.Header().Get("Content-Range") != "") != partial {
			t.Errorf("%q: %d %q %v, %v", ranged, rec.Code, rec.Body, rec.Header(), err)
		}
	}
	if rec, err := get(full.Tracks[0].ID, "bytes=900-"); err != nil || rec.Code != http.StatusRequestedRangeNotSatisfiable || rec.Body.Len() > 0 {
		t.Errorf("%d, %v", rec.Code, err)
	}
	if rec, err := get(full.Tracks[1].ID, ""); !fault.Is(err, fault.NotFound) || rec.Body.Len() > 0 {
		t.Errorf("a page is passed on as sound: %q, %v", rec.Body, err)
	}
	if _, err := get(id.New[id.Track](s.Now()), ""); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

// Who is of another server is led to where that lets them follow.
func TestHome(t *testing.T) {
	s := newScene(t)
	at, err := s.desk.Home(t.Context(), "@me@"+s.host(), "low-tide@nine.example")
	if err != nil || at != s.server.URL+"/authorize?uri=low-tide%40nine.example" {
		t.Errorf("%s, %v", at, err)
	}
	s.server.Serve("/.well-known/webfinger", "application/jrd+json", []byte(`{"links":[{"rel":"http://ostatus.org/schema/1.0/subscribe","template":"javascript:{uri}"}]}`))
	for who, want := range map[string]fault.Kind{"@me@" + s.host(): fault.NotFound, "me": fault.Invalid, "": fault.Invalid} {
		if _, err := s.desk.Home(t.Context(), who, "low-tide@nine.example"); !fault.Is(err, want) {
			t.Errorf("%q: %v", who, err)
		}
	}
}

// A report about somebody elsewhere goes to their server in the node's name: who
// made it is in no byte of it, and nobody else can read it.
func TestFlagElsewhere(t *testing.T) {
	s := newScene(t)
	s.find()
	desk := &social.Reports{Store: s.Node.DB, Flag: s.desk.Flag, Sent: func() { s.sent++ }}
	if _, err := desk.Report(t.Context(), music.Viewer{Account: s.ada}, social.ActThere, s.act.ID, "Not its own music.", true); err != nil {
		t.Fatal(err)
	}
	var d social.Delivery
	if err := s.SocialView(t.Context(), func(tx social.Tx) (err error) {
		d, err = tx.Next(t.Context(), s.host())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	flag, err := vocab.Parse(d.Body)
	if err != nil || !flag.Is("Flag") || flag.Actor.ID() != s.Site.Node() || d.Actor != s.Site.Node() || d.Inbox != s.act.ID+"/inbox" || flag.Content != "Not its own music." || len(flag.Object) != 1 || flag.Object[0].ID() != s.act.ID {
		t.Errorf("to %s: %s, %v", d.Inbox, d.Body, err)
	}
	if text := string(d.Body); strings.Contains(text, string(s.ada)) || strings.Contains(text, "listener0") {
		t.Errorf("who reported it is told: %s", text)
	}
}

// Who is silenced is found by those who follow them, and by nobody else.
func TestSilencedIsNotFound(t *testing.T) {
	s := newScene(t)
	f := s.find()
	s.follow(s.ada, true)
	desk := &social.Desk{Store: s.Node.DB, Host: "nine.example", Policy: s.Servers.Policy}
	if err := desk.Decide(t.Context(), social.Rule{Host: f.Actor.ID, Verdict: social.Silence}); err != nil {
		t.Fatal(err)
	}
	for who, found := range map[id.Account]bool{s.ada: true, s.bo: false, "": false} {
		for _, text := range []string{"@tide@" + s.host(), s.act.ID} {
			if who == "" && text == s.act.ID {
				continue // guests find by handle alone
			}
			if _, err := s.desk.Find(t.Context(), who, text); (err == nil) != found || err != nil && !fault.Is(err, fault.NotFound) {
				t.Errorf("%q looks for %s: %v", who, text, err)
			}
		}
	}
}

// prove has a node prove something with a key of no secret.
func prove(site form.Site) func([]byte, time.Time) ([]byte, error) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	return func(doc []byte, at time.Time) ([]byte, error) {
		return sig.Prove(doc, form.ProofKey(site.Node()), key, at)
	}
}
