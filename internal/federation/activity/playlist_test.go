package activity_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/storetest"
)

// playlist is one of an act elsewhere.
func playlist(by *fedtest.Actor, name string, tracks ...string) *vocab.Object {
	o := &vocab.Object{ID: by.ID + "/lists/" + name, Type: []string{"OrderedCollection", "nineten:Playlist"}, AttributedTo: vocab.One(by.ID), Name: "Late trains", Published: fedtest.Moment, To: []string{vocab.Public}}
	for _, t := range tracks {
		o.OrderedItems = append(o.OrderedItems, vocab.At(t))
	}
	return o
}

// A playlist of an act elsewhere is here as the act has it, changed and taken back by
// that act alone.
func TestPlaylist(t *testing.T) {
	storetest.Both(t, func(t *testing.T, url string) {
		s := fedtest.NewServer(t)
		tide, mallory := s.Actor("tide"), s.Actor("mallory")
		w := &world{Node: fedtest.NewNodeOn(t, url, s)}
		w.followed(tide)
		_, here := w.Publish()
		own := w.Site.Track(here)
		at := tide.ID + "/lists/1"
		list := func() (p social.Playlist, there bool) {
			t.Helper()
			err := w.SocialView(t.Context(), func(tx social.Tx) (err error) {
				p, err = tx.PlaylistByIRI(t.Context(), at)
				return err
			})
			if err != nil && !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
			return p, err == nil
		}
		has := func(what string, want ...string) {
			t.Helper()
			p, _ := list()
			var got []string
			for _, e := range p.Items {
				got = append(got, e.IRI)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v", what, got)
			}
		}
		say := func(kind string, about vocab.Item, by *fedtest.Actor, target vocab.Item) {
			t.Helper()
			x := by.Activity(kind, fmt.Sprintf("list%d", w.n), about)
			x.Target = target
			w.receive(x)
		}
		none := vocab.Item{}
		const one, two = "https://quay.example/ap/tracks/1", "https://quay.example/ap/tracks/2"
		say("Create", vocab.Of(playlist(mallory, "1", one)), mallory, none)
		w.view(func(tx social.Tx) error {
			if all, err := tx.PlaylistsElsewhere(t.Context(), mallory.ID, 9); err != nil || len(all) != 0 {
				t.Errorf("of one whom nobody follows: %+v, %v", all, err)
			}
			return nil
		})
		say("Create", vocab.Of(playlist(tide, "1", one, own)), tide, none)
		has("created", one, own)
		if p, _ := list(); p.Items[1].Track != here || p.Items[0].Track != "" || p.Title != "Late trains" || p.Actor != tide.ID {
			t.Errorf("%+v", p)
		}
		say("Add", vocab.At(two), tide, vocab.At(at))
		has("added", one, own, two)
		say("Add", vocab.At(two), mallory, vocab.At(at))
		say("Remove", vocab.At(one), mallory, vocab.At(at))
		say("Add", vocab.At(two), mallory, vocab.Of(playlist(tide, "1", two)))
		stolen := playlist(tide, "1", two)
		stolen.AttributedTo = vocab.One(mallory.ID)
		say("Update", vocab.Of(stolen), mallory, none)
		say("Delete", vocab.At(at), mallory, none)
		has("by somebody else", one, own, two)
		say("Remove", vocab.At(one), tide, vocab.At(at))
		has("removed", own, two)
		say("Add", vocab.At(one), tide, vocab.Of(playlist(tide, "1", two, own, one))) // the whole of it counts
		has("added to what it is", two, own, one)
		late := playlist(tide, "1", one)
		late.Updated = fedtest.Moment.Add(time.Hour)
		say("Update", vocab.Of(late), tide, none)
		say("Update", vocab.Of(playlist(tide, "1", two)), tide, none)
		has("an older word", one)
		endless := playlist(tide, "1", "http://plain.example/1", "javascript:alert(1)")
		endless.Updated = late.Updated
		for i := range 10_000 {
			endless.OrderedItems = append(endless.OrderedItems, vocab.At(fmt.Sprintf("https://quay.example/%d", i)))
		}
		say("Update", vocab.Of(endless), tide, none)
		if p, _ := list(); len(p.Items) != social.MostEntries || p.Items[0].IRI != "https://quay.example/0" {
			t.Errorf("%d items are kept", len(p.Items))
		}
		say("Add", vocab.At("https://quay.example/more"), tide, vocab.At(at))
		if p, _ := list(); len(p.Items) != social.MostEntries {
			t.Errorf("%d items are kept", len(p.Items))
		}
		say("Delete", vocab.Of(&vocab.Object{ID: at, Type: []string{"Tombstone"}}), tide, none)
		if _, there := list(); there {
			t.Error("it is there still")
		}
		for i := range social.MostPlaylists + 3 {
			w.update(func(tx social.Tx) error {
				err := social.KeepPlaylist(t.Context(), tx, &social.Playlist{IRI: fmt.Sprintf("%s/lists/many%d", tide.ID, i), Actor: tide.ID, Title: "x", Published: fedtest.Moment})
				if (i >= social.MostPlaylists) != fault.Is(err, fault.Conflict) {
					t.Errorf("the %dth: %v", i+1, err)
				}
				return nil
			})
		}
	})
}
