package activity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/federation/activity"
	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// BenchmarkReactions is one like of somebody who is known, applied together with others that
// wait: 10,000 people on 500 servers like a track, then another.
func BenchmarkReactions(b *testing.B) {
	const people, hosts = 10_000, 500
	w := &world{Node: fedtest.NewNode(b)}
	update := func(fn func(social.Tx) error) {
		if err := w.SocialUpdate(b.Context(), fn); err != nil {
			b.Fatal(err)
		}
	}
	host := func(i int) string { return fmt.Sprintf("server%d.example", i%hosts) }
	person := func(i int) string { return fmt.Sprintf("https://%s/users/person%d", host(i), i) }
	update(func(tx social.Tx) error {
		for i := range people {
			if err := tx.PutActor(b.Context(), social.Actor{ID: person(i), Host: host(i), Kind: "Person", Inbox: person(i) + "/inbox", Fetched: w.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	say := func(first, n int) {
		var tracks []id.Track
		for i := first; i < first+n; i++ {
			if i%people == 0 || len(tracks) == 0 {
				_, one := w.Publish()
				tracks = append(tracks, one)
			}
			actor, track := person(i%people), w.Site.Track(tracks[len(tracks)-1])
			r := social.Received{ID: fmt.Sprintf("%s#likes/%d", actor, i), Host: host(i), Actor: actor,
				Body: fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/activitystreams","id":"%s#likes/%d","type":"Like","actor":"%s","object":"%s"}`, actor, i, actor, track)}
			update(func(tx social.Tx) error {
				_, err := tx.Receive(b.Context(), r)
				return err
			})
			w.Pass(time.Millisecond)
		}
	}
	apply := func() {
		a := activity.New(activity.Applier{Site: w.Site, Store: w.DB, Servers: w.Servers, AtOnce: w.DB.AtOnce(), Together: w.DB.Serial(), Log: fedtest.Quiet(), Sent: func() {}})
		ctx, stop := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		a.Wake()
		for left := 1; left > 0; time.Sleep(time.Millisecond) {
			w.view(func(tx social.Tx) error {
				list, err := tx.Unapplied(ctx, 1)
				left = len(list)
				return err
			})
		}
		stop()
		<-done
	}
	say(0, people)
	apply()
	say(people, b.N)
	b.ResetTimer()
	apply()
}
