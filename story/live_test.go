package story

import (
	"fmt"
	"net/http"
	"time"
)

// playsLive: an act of a plays live; who follows it at b finds that, goes there, and a
// knows how many of b are there until it is over.
func (w *internet) playsLive(a, b *networkNode, act, listener string, crowd []*player) {
	t := a.T
	t.Helper()
	now := time.Now()
	var event struct {
		ID       string
		Audience int64
	}
	a.must(http.MethodPost, "/api/v1/streams", a.token, map[string]any{"act": act, "title": "Ebb, live", "link": "https://shore.test/ebb.m3u8", "starts": now, "ends": now.Add(time.Hour)}, &event)
	var there []struct {
		ID, Act, Title string
		On             bool
	}
	listed := func(want int) func() error {
		return func() error {
			b.must(http.MethodGet, "/api/v1/streams", listener, nil, &there)
			if len(there) != want {
				return fmt.Errorf("it knows %+v", there)
			}
			return nil
		}
	}
	b.eventually("who follows the act at b finds the event", listed(1))
	if l := there[0]; l.Act != "low-tide@shore.test" || l.Title != "Ebb, live" || !l.On {
		t.Errorf("it is %+v", l)
	}
	for _, p := range crowd {
		p.must(http.MethodPost, "/api/v1/streams/"+there[0].ID+"/audience", p.token, struct{}{}, nil)
	}
	a.eventually("a knows how many of b are there", func() error {
		a.must(http.MethodGet, "/api/v1/streams/"+event.ID, "", nil, &event)
		if event.Audience != int64(len(crowd)) {
			return fmt.Errorf("%d", event.Audience)
		}
		return nil
	})
	a.must(http.MethodPost, "/api/v1/streams/"+event.ID+"/end", a.token, struct{}{}, nil)
	b.eventually("it is over at b, too", listed(0))
}
