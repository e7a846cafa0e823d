package elsewhere_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/elsewhere"
	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// indexed has the server list releases in an index, n to a page, and returns
// their addresses.
func (s *scene) indexed(n int, titles ...string) (addresses []string) {
	at := form.Site{Origin: s.server.URL}.Index()
	for i := range titles {
		// One after the other in time, so that their order is that of the titles.
		addresses = append(addresses, s.server.URL+"/ap/releases/"+string(id.New[id.Release](fedtest.Moment.Add(time.Duration(i)*time.Second))))
	}
	s.reindex(n, at, addresses, titles)
	return addresses
}

func (s *scene) reindex(n int, at string, addresses, titles []string) {
	page := func(i int) string { return fmt.Sprintf("%s/page%d", at, i) }
	s.server.Publish(&vocab.Object{ID: at, Type: []string{"OrderedCollection"}, First: vocab.At(page(0))}, "/ap/index")
	for i := 0; i == 0 || i*n < len(addresses); i++ {
		p := &vocab.Object{ID: page(i), Type: []string{"OrderedCollectionPage"}, PartOf: vocab.At(at), OrderedItems: []vocab.Item{}}
		for j := i * n; j < min(len(addresses), i*n+n); j++ {
			r := s.release(titles[j], 1)
			r.ID = addresses[j]
			s.server.Publish(r, "")
			p.OrderedItems = append(p.OrderedItems, vocab.Of(&vocab.Object{ID: r.ID, Type: r.Type, AttributedTo: r.AttributedTo, Updated: r.Updated}))
		}
		if i*n+n < len(addresses) {
			p.Next = vocab.At(page(i + 1))
		}
		s.server.Publish(p, strings.TrimPrefix(p.ID, s.server.URL))
	}
}

// read walks through the index of the server, and says in how many steps.
func (s *scene) read() (steps int) {
	s.t.Helper()
	if err := s.SocialUpdate(s.t.Context(), func(tx social.Tx) error { return elsewhere.WantIndex(s.t.Context(), tx, s.host()) }); err != nil {
		s.t.Fatal(err)
	}
	return s.walk()
}

// walk does what waits of it.
func (s *scene) walk() (steps int) {
	s.t.Helper()
	for steps < 100 {
		i := slices.IndexFunc(s.waiting, func(j job) bool { return j.kind == social.JobIndex })
		if i < 0 {
			return steps
		}
		j := s.waiting[i]
		s.waiting = slices.Delete(s.waiting, i, i+1)
		if err := s.desk.Index(s.t.Context(), j.payload); err != nil {
			s.t.Fatal(err)
		}
		steps++
	}
	s.t.Fatal("it does not end")
	return steps
}

// found are the titles that a search without an account finds.
func (s *scene) found(q string) []string {
	s.t.Helper()
	list, _, err := s.desk.Search(s.t.Context(), "", q, 50)
	if err != nil {
		s.t.Fatal(err)
	}
	out := titles(list)
	slices.Sort(out)
	return out
}

// What another node lists is found here by everybody, is fetched again only when it
// was changed, and is forgotten when it is listed no more. Nobody is asked who is
// paid for it until somebody looks.
func TestIndex(t *testing.T) {
	s := newScene(t)
	names := []string{"Tide 0", "Tide 1", "Tide 2", "Tide 3", "Tide 4", "Tide 5", "Tide 6"}
	at := s.indexed(3, names...)
	if steps := s.read(); steps != 3 {
		t.Errorf("%d steps", steps)
	}
	if got := s.found("tide"); !slices.Equal(got, names) {
		t.Fatalf("found %q", got)
	}
	if slices.ContainsFunc(s.waiting, func(j job) bool { return j.kind == social.JobCredits }) {
		t.Error("it asks who is paid")
	}
	if a := s.server.Asked(strings.TrimPrefix(at[0], s.server.URL)); a != 1 {
		t.Errorf("asked %d times", a)
	}

	// A day later one was changed, and two are gone, one of them the last.
	s.Pass(24 * time.Hour)
	left, now := slices.Clone(at), slices.Clone(names)
	s.reindex(3, form.Site{Origin: s.server.URL}.Index(), left, now) // says that all of it was changed just then
	s.Pass(2 * time.Hour)
	s.read()
	if a := s.server.Asked(strings.TrimPrefix(at[0], s.server.URL)); a != 2 {
		t.Errorf("what was changed was asked for %d times", a)
	}
	s.read()
	if a := s.server.Asked(strings.TrimPrefix(at[0], s.server.URL)); a != 2 {
		t.Errorf("what was not changed was asked for %d times", a)
	}
	left, now = append(slices.Clone(at[:1]), at[2:6]...), append(slices.Clone(names[:1]), names[2:6]...)
	s.reindex(3, form.Site{Origin: s.server.URL}.Index(), left, now)
	s.read()
	if got := s.found("tide"); !slices.Equal(got, now) {
		t.Errorf("found %q, want %q", got, now)
	}
	s.reindex(3, form.Site{Origin: s.server.URL}.Index(), nil, nil)
	s.read()
	if got := s.found("tide"); len(got) != 0 {
		t.Errorf("found %q", got)
	}
}

// Of one node so many releases are looked at in a night, however many it lists and
// wherever the reading was interrupted.
func TestIndexHasAnEnd(t *testing.T) {
	s := newScene(t)
	s.indexed(2, "Tide 0", "Tide 1", "Tide 2", "Tide 3", "Tide 4")
	if err := s.SocialUpdate(t.Context(), func(tx social.Tx) error { return elsewhere.WantIndex(t.Context(), tx, s.host()) }); err != nil {
		t.Fatal(err)
	}
	const most, left = `"left":5000`, `"left":3`
	j := &s.waiting[slices.IndexFunc(s.waiting, func(j job) bool { return j.kind == social.JobIndex })]
	if !strings.Contains(string(j.payload), most) {
		t.Fatalf("it begins with %s", j.payload)
	}
	j.payload = []byte(strings.Replace(string(j.payload), most, left, 1))
	s.walk()
	if got := s.found("tide"); !slices.Equal(got, []string{"Tide 0", "Tide 1", "Tide 2"}) {
		t.Errorf("found %q", got)
	}
}

// Whom a moderator silenced or blocked is not read, and an index that names others'
// music, is not in order or leads in circles ends there.
func TestIndexLies(t *testing.T) {
	for name, lie := range map[string]func(s *scene, page *vocab.Object){
		"others' releases": func(_ *scene, p *vocab.Object) { p.OrderedItems[1].Object.ID = "https://other.example/ap/releases/1" },
		"others' acts": func(_ *scene, p *vocab.Object) {
			p.OrderedItems[1].Object.AttributedTo = vocab.One("https://other.example/ap/acts/1")
		},
		"no order": func(_ *scene, p *vocab.Object) { slices.Reverse(p.OrderedItems) },
	} {
		s := newScene(t)
		s.indexed(5, "Tide 0", "Tide 1", "Tide 2")
		page := &vocab.Object{ID: form.Site{Origin: s.server.URL}.Index() + "/page0", Type: []string{"OrderedCollectionPage"}}
		for i := range 3 {
			at := s.server.URL + "/ap/releases/" + string(id.New[id.Release](fedtest.Moment.Add(time.Duration(i)*time.Second)))
			page.OrderedItems = append(page.OrderedItems, vocab.Of(&vocab.Object{ID: at, Type: []string{"OrderedCollection"}, AttributedTo: vocab.One(s.act.ID), Updated: fedtest.Moment}))
		}
		lie(s, page)
		s.server.Publish(page, "/ap/index/page0")
		if s.read(); len(s.found("tide")) != 0 {
			t.Errorf("%s: found %q", name, s.found("tide"))
		}
	}
	s := newScene(t)
	s.indexed(2, "Tide 0", "Tide 1", "Tide 2", "Tide 3")
	round := &vocab.Object{ID: form.Site{Origin: s.server.URL}.Index() + "/page1", Type: []string{"OrderedCollectionPage"}, Next: vocab.At(form.Site{Origin: s.server.URL}.Index() + "/page0"), OrderedItems: []vocab.Item{}}
	s.server.Publish(round, "/ap/index/page1")
	if steps := s.read(); steps > 3 || len(s.found("tide")) != 2 {
		t.Errorf("%d steps, found %q", steps, s.found("tide"))
	}

	s = newScene(t)
	s.indexed(2, "Tide 0")
	desk := &social.Desk{Store: s.DB, Host: "nine.example", Policy: &social.HostPolicy{Store: s.DB}}
	for _, v := range []social.Verdict{social.Silence, social.Quarantine} {
		if err := desk.Decide(t.Context(), social.Rule{Host: s.host(), Verdict: v}); err != nil {
			t.Fatal(err)
		}
		if s.read(); s.server.Asked("/ap/index") != 0 {
			t.Errorf("%s: it was read", v)
		}
	}
}
