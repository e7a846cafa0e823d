package app

import (
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/fedtest"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
)

// What strangers caused and was given up does not fill the operator's list: it is
// forgotten in the night after. What the node wanted itself stays.
func TestStrangersJobsAreForgotten(t *testing.T) {
	w := newWatched(t, fedtest.Moment)
	ended := w.now().Add(-25 * time.Hour).UnixMilli()
	for _, kind := range []string{social.JobRenew, social.JobComment, social.JobFollowers, social.JobCredits, music.JobTell} {
		w.exec(`insert into job (id, kind, key, payload, state, made, due, ended) values (?, ?, '', x'', 'dead', ?, ?, ?)`, kind, kind, ended, ended, ended)
	}
	w.ok(w.federation.mend(t.Context()))
	dead, err := w.jobs.Dead(t.Context())
	w.ok(err)
	if len(dead) != 1 || dead[0].Kind != music.JobTell {
		t.Errorf("left: %+v", dead)
	}
}
