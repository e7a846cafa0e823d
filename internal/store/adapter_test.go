package store

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
)

func TestAccounts(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		db, ctx := open(t, Config{Now: func() time.Time { return now }}), t.Context()
		a := account.Account{ID: "A", Handle: "ada", Name: "Ada", Email: "ada@example.org", Role: account.Admin, Created: now}
		hash, link := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
		dev := account.Device{ID: id.Bytes16{9}, Account: "A", Alg: "p256", SPKI: []byte{1}, Name: "x", Created: now}
		tok := account.Token{ID: "T", Account: "A", Hash: hash, Name: "t", Scopes: []account.Scope{"read", "money"}, Created: now}
		err := db.AccountUpdate(ctx, func(tx account.Tx) error {
			return errors.Join(
				tx.InsertAccount(ctx, a, "secret"),
				tx.InsertAccount(ctx, account.Account{ID: "B", Handle: "ada@example.org", Name: "B", Role: account.Listener, Created: now}, "other"),
				tx.InsertSession(ctx, account.Session{Hash: hash, Account: "A", Created: now, Seen: now, Expires: now.Add(time.Hour)}),
				tx.InsertSession(ctx, account.Session{Hash: link, Account: "A", Created: now, Seen: now, Expires: now}),
				tx.InsertDevice(ctx, dev), tx.InsertToken(ctx, tok),
				tx.SetReset(ctx, "A", link, now.Add(time.Millisecond)),
				tx.SetSetting(ctx, "k", "1"), tx.SetSetting(ctx, "k", "2"),
				tx.Audit(ctx, "A", "did", "it", ""),
			)
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.AccountView(ctx, func(tx account.Tx) error {
			got, password, err := tx.Login(ctx, "ada@example.org")
			if got.ID != "B" || password != "other" {
				t.Errorf("a handle goes before an address: %+v", got)
			}
			s, owner, err2 := tx.Session(ctx, hash)
			if owner != a || !s.Expires.Equal(now.Add(time.Hour)) {
				t.Errorf("session = %+v, %+v", s, owner)
			}
			back, _, err3 := tx.Token(ctx, hash)
			if len(back.Scopes) != 2 || !back.Expires.IsZero() {
				t.Errorf("token = %+v", back)
			}
			byLink, err4 := tx.ByReset(ctx, link)
			list, err5 := tx.Sessions(ctx, "A")
			m, err6 := tx.Settings(ctx)
			n, err7 := tx.CountRole(ctx, account.Admin)
			log, err8 := tx.Audited(ctx, "", 9)
			if byLink.ID != "A" || len(list) != 1 || m["k"] != "2" || n != 1 || len(log) != 1 || !log[0].At.Equal(now) {
				t.Errorf("%v, %v, %v, %d, %v", byLink, list, m, n, log)
			}
			return errors.Join(err, err2, err3, err4, err5, err6, err7, err8)
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.AccountUpdate(ctx, func(tx account.Tx) error { return tx.InsertDevice(ctx, dev) })
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("the same key = %v", err)
		}
		err = db.AccountUpdate(ctx, func(tx account.Tx) error {
			return errors.Join(tx.EndSessions(ctx, "A", nil), tx.DeleteAccount(ctx, a))
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.AccountView(ctx, func(tx account.Tx) error {
			_, _, err := tx.Token(ctx, hash)
			_, err2 := tx.Device(ctx, dev.ID)
			if !fault.Is(err, fault.NotFound) || !fault.Is(err2, fault.NotFound) {
				t.Errorf("left: %v, %v", err, err2)
			}
			gone, err := tx.Retired(ctx, "ada")
			if !gone {
				t.Error("the handle is free")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestJobs(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		// The queue goes by the real clock, which the node's runs in step with.
		db, ctx := open(t, Config{}), t.Context()
		woken := 0
		db.OnEnqueue(func() { woken++ })
		enqueue := func(key string, at time.Time) {
			t.Helper()
			if err := db.Update(ctx, func(tx *Tx) error { return tx.Enqueue(ctx, "kind", key, []byte{0, 0xff}, at) }); err != nil {
				t.Fatal(err)
			}
		}
		receive := func() (j *jobs.Job) {
			t.Helper()
			if err := db.JobsUpdate(ctx, func(tx jobs.Tx) (err error) { j, err = tx.Receive(ctx, "kind"); return err }); err != nil {
				t.Fatal(err)
			}
			return j
		}
		settle := func(f func(tx jobs.Tx) error) {
			t.Helper()
			if err := db.JobsUpdate(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		enqueue("later", time.Now().Add(time.Hour))
		enqueue("now", time.Time{})
		enqueue("now", time.Time{})
		if err := set(ctx, db, "no", "job"); err != nil || woken != 3 {
			t.Errorf("woken %d times, %v", woken, err)
		}
		j := receive()
		if j == nil || j.Key != "now" || !bytes.Equal(j.Payload, []byte{0, 0xff}) || j.Tries != 1 || j.State != jobs.Running {
			t.Fatalf("job = %+v", j)
		}
		if more := receive(); more != nil {
			t.Errorf("more = %+v", more)
		}
		settle(func(tx jobs.Tx) error { return tx.Again(ctx, *j, tx.Now()) })
		if j = receive(); j == nil || j.Tries != 2 {
			t.Fatalf("again = %+v", j)
		}
		j.Error = "broken"
		settle(func(tx jobs.Tx) error { return tx.Bury(ctx, *j) })
		settle(func(tx jobs.Tx) error {
			dead, err := tx.Dead(ctx, 10)
			if len(dead) != 1 || dead[0].Error != "broken" {
				t.Errorf("dead = %+v", dead)
			}
			return errors.Join(err, tx.Revive(ctx, j.ID))
		})
		if j = receive(); j == nil || j.Tries != 1 {
			t.Fatalf("revived = %+v", j)
		}
		settle(func(tx jobs.Tx) error { return tx.Done(ctx, *j) })
		enqueue("later", time.Time{}) // brings the one that waits forward
		if j = receive(); j == nil || j.Key != "later" {
			t.Fatalf("brought forward = %+v", j)
		}
		settle(func(tx jobs.Tx) error { return tx.Done(ctx, *j) })
		settle(func(tx jobs.Tx) error {
			due, err := tx.Due(ctx)
			counts, err2 := tx.Counts(ctx)
			if len(due) != 0 || len(counts) != 0 {
				t.Errorf("left: %v, %v", due, counts)
			}
			return errors.Join(err, err2)
		})
	})
}

// A job is given out once, however many ask.
func TestJobIsGivenOutOnce(t *testing.T) {
	both(t, func(t *testing.T, open opener) {
		db, ctx := open(t, Config{}), t.Context()
		const n = 20
		for range n {
			if err := db.Update(ctx, func(tx *Tx) error { return tx.Enqueue(ctx, "kind", "", nil, time.Time{}) }); err != nil {
				t.Fatal(err)
			}
		}
		var mu sync.Mutex
		seen := map[string]int{}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					var j *jobs.Job
					err := db.JobsUpdate(ctx, func(tx jobs.Tx) (err error) { j, err = tx.Receive(ctx, "kind"); return err })
					if fault.Is(err, fault.Unavailable) { // lost the race for too long
						continue
					}
					if err != nil {
						t.Error(err)
					}
					if j == nil {
						return
					}
					mu.Lock()
					seen[j.ID]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for k, times := range seen {
			if times != 1 {
				t.Errorf("%s was given out %d times", k, times)
			}
		}
		if len(seen) != n {
			t.Errorf("%d of %d jobs were given out", len(seen), n)
		}
	})
}
