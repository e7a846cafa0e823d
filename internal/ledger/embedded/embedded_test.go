package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"go.uber.org/goleak"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
)

func TestMain(m *testing.M) {
	// database/sql keeps one opener per open file until it is closed.
	goleak.VerifyTestMain(m)
}

// chain is a chaincode written for these tests: a function of the stub.
type chain func(shim.ChaincodeStubInterface) ([]byte, error)

func (c chain) Init(shim.ChaincodeStubInterface) *peer.Response { return shim.Success(nil) }
func (c chain) Invoke(s shim.ChaincodeStubInterface) *peer.Response {
	b, err := c(s)
	if err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success(b)
}

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

type rig struct {
	*embedded.Client
	l    *embedded.Ledger
	file string
	now  time.Time // of the client
}

func openChain(t testing.TB, file string, rehearse bool, c chain) *rig {
	t.Helper()
	if file == "" {
		file = filepath.Join(t.TempDir(), "a ledger?#%.db")
	}
	r := &rig{file: file, now: start}
	var err error
	r.l, err = embedded.Open(context.Background(), embedded.Config{File: file, Contract: c, Rehearse: rehearse, Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.l.Close() })
	who, err := embedded.NewIdentity("a.example", embedded.RoleAdmin, start)
	if err != nil {
		t.Fatal(err)
	}
	if r.Client, err = r.l.As(who, func() time.Time { return r.now }); err != nil {
		t.Fatal(err)
	}
	return r
}

// counter adds one to a key per operation id, and forgets no id.
func counter(s shim.ChaincodeStubInterface) ([]byte, error) {
	a := s.GetStringArgs()
	if a[0] == "Get" {
		return s.GetState(a[1])
	}
	if done, err := s.GetState("op " + a[1]); err != nil || done != nil {
		return done, err
	}
	b, err := s.GetState(a[2])
	if err != nil {
		return nil, err
	}
	var n int
	fmt.Sscan(string(b), &n)
	if err := s.PutState(a[2], fmt.Append(nil, n+1)); err != nil {
		return nil, err
	}
	if err := s.SetEvent("count", fmt.Append(nil, a[2], n+1)); err != nil {
		return nil, err
	}
	return []byte(s.GetTxID()), s.PutState("op "+a[1], []byte(s.GetTxID()))
}

func (r *rig) add(op, key string) (ledger.Result, error) {
	return r.Submit(context.Background(), ledger.Call{Fn: "Add", Op: op, Args: []string{key}})
}

func (r *rig) get(t *testing.T, key string) string {
	t.Helper()
	b, err := r.Evaluate(t.Context(), "Get", key)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A retry after an error at any step counts once, whether the file has the
// transaction or not, in the same process and after a restart.
func TestCrashIsExactlyOnce(t *testing.T) {
	for _, step := range []string{"before", "after"} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/restart=%t", step, restart), func(t *testing.T) {
				r := openChain(t, "", true, counter)
				if _, err := r.add("one", "k"); err != nil {
					t.Fatal(err)
				}
				r.l.FailAt(func(at string) error {
					if at == step {
						return errors.New("input/output error")
					}
					return nil
				})
				if _, err := r.add("two", "k"); !fault.Is(err, fault.Unavailable) {
					t.Fatalf("a failing disk gives %v", err)
				}
				r.l.FailAt(nil)
				if restart {
					r.l.Close()
					r = openChain(t, r.file, true, counter)
				}
				first, err := r.add("two", "k")
				if err != nil {
					t.Fatal(err)
				}
				again, err := r.add("two", "k")
				if err != nil || again != first || first.Tx == "" {
					t.Errorf("again: %v, %v; first %v", again, err, first)
				}
				if got := r.get(t, "k"); got != "2" {
					t.Errorf("counted %s, want 2", got)
				}
				st, err := r.l.Verify(t.Context())
				if err != nil || st.Height != 2 {
					t.Errorf("verify: %+v, %v", st, err)
				}
			})
		}
	}
}

// A refused call leaves nothing; those around it in one commit stand.
func TestConcurrent(t *testing.T) {
	r := openChain(t, "", false, func(s shim.ChaincodeStubInterface) ([]byte, error) {
		if a := s.GetStringArgs(); a[0] == "Add" && strings.HasSuffix(a[1], "7") {
			_ = s.PutState("refused", []byte("x"))
			return nil, errors.New("conflict: Not the seventh.")
		}
		return counter(s)
	})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			_, err := r.add(fmt.Sprint("op", i), "k")
			if want := i%10 == 7; want != fault.Is(err, fault.Conflict) || !want && err != nil {
				t.Errorf("op %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if got := r.get(t, "k"); got != "180" {
		t.Errorf("counted %s, want 180", got)
	}
	if got := r.get(t, "refused"); got != "" {
		t.Error("a refused call wrote")
	}
	if st, err := r.l.Verify(t.Context()); err != nil || st.Height != 180 {
		t.Errorf("verify: %+v, %v", st, err)
	}
}

func TestVerifyFindsTampering(t *testing.T) {
	for _, tt := range []struct{ what, sql string }{
		{"a value", `update state set val = 'x' where key = cast('k' as blob)`},
		{"a value added", `insert into state (key, val) values (cast('new' as blob), 'x')`},
		{"a value removed", `delete from state where key = cast('k' as blob)`},
		{"a write", `update history set val = 'x' where n = 2 and key = cast('k' as blob)`},
		{"a write removed", `delete from history where n = 2 and key = cast('k' as blob)`},
		{"a write after the end", `insert into history (key, n, val) values (cast('z' as blob), 9, 'x')`},
		{"an argument", `update tx set args = cast('x' as blob) where n = 1`},
		{"the time", `update tx set at = at + 1 where n = 3`},
		{"the event", `update tx set payload = cast('x' as blob) where n = 2`},
		{"the sender", `update creator set identity = cast('x' as blob)`},
		{"a hash", `update tx set hash = zeroblob(32) where n = 3`},
		{"a transaction removed", `delete from tx where n = 2`},
		{"the first removed", `delete from tx where n = 1`},
		{"the last removed", `delete from tx where n = 3`},
	} {
		t.Run(tt.what, func(t *testing.T) {
			r := openChain(t, "", false, counter)
			for i := range 3 {
				if _, err := r.add(fmt.Sprint(i), "k"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := r.l.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := r.l.Tamper(t.Context(), tt.sql); err != nil {
				t.Fatal(err)
			}
			if st, err := r.l.Verify(t.Context()); !fault.Is(err, fault.Invalid) {
				t.Errorf("not found: %+v, %v", st, err)
			}
		})
	}
}

func TestRehearsalFindsChance(t *testing.T) {
	n := 0
	for _, tt := range []struct {
		what string
		run  chain
	}{
		{"a value", func(s shim.ChaincodeStubInterface) ([]byte, error) {
			n++
			return nil, s.PutState("k", fmt.Append(nil, n))
		}},
		{"a key", func(s shim.ChaincodeStubInterface) ([]byte, error) {
			n++
			return nil, s.PutState(fmt.Sprint(n), []byte("v"))
		}},
		{"an event", func(s shim.ChaincodeStubInterface) ([]byte, error) {
			n++
			return nil, s.SetEvent("e", fmt.Append(nil, n))
		}},
		{"an answer", func(s shim.ChaincodeStubInterface) ([]byte, error) {
			n++
			return fmt.Append(nil, n), s.PutState("k", nil)
		}},
		{"a number of keys", func(s shim.ChaincodeStubInterface) ([]byte, error) {
			n++
			if n%2 == 0 {
				_ = s.DelState("x")
			}
			return nil, s.PutState("k", nil)
		}},
	} {
		r := openChain(t, "", true, tt.run)
		if _, err := r.add("op", "k"); err == nil || !strings.Contains(err.Error(), "not deterministic") {
			t.Errorf("%s: %v", tt.what, err)
		}
		if st, err := r.Status(t.Context()); err != nil || st.Height != 0 {
			t.Errorf("%s was recorded: %+v, %v", tt.what, st, err)
		}
	}
}

func TestTimeWindow(t *testing.T) {
	r := openChain(t, "", true, counter)
	for _, tt := range []struct {
		off time.Duration
		ok  bool
	}{{0, true}, {15 * time.Minute, true}, {-15 * time.Minute, true}, {15*time.Minute + time.Second, false}, {time.Hour, false}, {-time.Hour, false}} {
		r.now = start.Add(tt.off)
		if _, err := r.add(tt.off.String(), "k"); tt.ok && err != nil || !tt.ok && !fault.Is(err, fault.Invalid) {
			t.Errorf("%v off: %v", tt.off, err)
		}
	}
}

func TestEventsGoOnFromACheckpoint(t *testing.T) {
	r := openChain(t, "", true, counter)
	for i := range 3 {
		if _, err := r.add(fmt.Sprint(i), "k"); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var got []string
	for e, err := range r.Events(ctx, 1) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s", e.Checkpoint, e.Name, e.Payload)))
		switch len(got) {
		case 3: // it now waits for what is still to come, and has said so
			if _, err := r.add("late", "k"); err != nil {
				t.Fatal(err)
			}
		case 5:
			stop()
		}
	}
	if want := "[2 count k2 3 count k3 3 4 count k4 4]"; fmt.Sprint(got) != want {
		t.Errorf("events = %v, want %s", got, want)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range r.Events(context.Background(), 4) { //nolint:revive // waits for the end
		}
	}()
	r.l.Close()
	<-done
	if _, err := r.add("closed", "k"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a closed ledger answers %v", err)
	}
}

func TestStubIsAsFabric(t *testing.T) {
	step := 0
	r := openChain(t, "", true, func(s shim.ChaincodeStubInterface) ([]byte, error) {
		switch step {
		case 0:
			for _, k := range []string{"b", "a", "c"} {
				if err := s.PutState(k, []byte(k)); err != nil {
					return nil, err
				}
			}
			if v, _ := s.GetState("a"); v != nil {
				t.Error("an invoke reads its own writes")
			}
			for _, parts := range [][]string{{"n", "1"}, {"n", "2"}, {"m", "3"}} {
				k, err := s.CreateCompositeKey("x", parts)
				if err != nil {
					return nil, err
				}
				if kind, back, err := s.SplitCompositeKey(k); err != nil || kind != "x" || fmt.Sprint(back) != fmt.Sprint(parts) {
					t.Errorf("split %q = %s %v, %v", k, kind, back, err)
				}
				if err := s.PutState(k, []byte{}); err != nil {
					return nil, err
				}
			}
			return nil, nil
		case 1:
			if err := s.PutState("", nil); err == nil {
				t.Error("an empty key was taken")
			}
			if got := list(s.GetStateByRange("", "")); got != "a b c" {
				t.Errorf("range = %q: composite keys are no part of it, and it is sorted", got)
			}
			if got := list(s.GetStateByRange("a", "c")); got != "a b" {
				t.Errorf("the end of a range is not in it: %q", got)
			}
			if got := strings.ReplaceAll(list(s.GetStateByPartialCompositeKey("x", []string{"n"})), "\x00", "/"); got != "/x/n/1/ /x/n/2/" {
				t.Errorf("composite = %q", got)
			}
			it, meta, err := s.GetStateByRangeWithPagination("", "", 2, "")
			if got := list(it, err); got != "a b" || meta.Bookmark != "c" {
				t.Errorf("page = %q, %v", got, meta)
			}
			it, meta, err = s.GetStateByRangeWithPagination("", "", 2, meta.Bookmark)
			if got := list(it, err); got != "c" || meta.Bookmark != "" {
				t.Errorf("last page = %q, %v", got, meta)
			}
			if err := s.DelState("b"); err != nil {
				return nil, err
			}
			return nil, s.PutState("a", []byte("later"))
		default:
			var got []string
			it, err := s.GetHistoryForKey("a")
			if err != nil {
				return nil, err
			}
			for it.HasNext() {
				m, err := it.Next()
				if err != nil {
					return nil, err
				}
				got = append(got, string(m.Value))
			}
			if fmt.Sprint(got) != "[later a]" {
				t.Errorf("history = %v", got)
			}
			it, err = s.GetHistoryForKey("b")
			if m, e := it.Next(); err != nil || e != nil || !m.IsDelete {
				t.Errorf("deletion = %v, %v, %v", m, err, e)
			}
			if v, err := s.GetState("b"); v != nil || err != nil {
				t.Errorf("a deleted key has %q, %v", v, err)
			}
			tr, err := s.GetTransient()
			return tr["secret"], err
		}
	})
	for ; step < 3; step++ {
		res, err := r.Submit(t.Context(), ledger.Call{Fn: "F", Op: fmt.Sprint(step), Transient: map[string][]byte{"secret": []byte("hush")}})
		if err != nil || step == 2 && res.Tx != "hush" {
			t.Errorf("step %d: %v, %v", step, res, err)
		}
	}
	if _, err := r.l.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(r.file + "-wal")
	if err != nil || strings.Contains(string(b), "hush") {
		t.Errorf("transient data reached the disk (%v)", err)
	}
}

func list(it shim.StateQueryIteratorInterface, err error) string {
	if err != nil {
		return err.Error()
	}
	var out []string
	for it.HasNext() {
		kv, err := it.Next()
		if err != nil {
			return err.Error()
		}
		out = append(out, kv.Key)
	}
	return strings.Join(out, " ")
}

func TestPanicIsARefusal(t *testing.T) {
	r := openChain(t, "", false, func(s shim.ChaincodeStubInterface) ([]byte, error) { panic("oh") })
	if _, err := r.add("op", "k"); !fault.Is(err, fault.Internal) || fault.Message(err) == err.Error() {
		t.Errorf("got %v", err)
	}
}

func TestIdentityIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "identity.pem")
	a, err := embedded.KeepIdentity(file, "a.example", start)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	b, err := embedded.KeepIdentity(file, "a.example", start.AddDate(1, 0, 0))
	if err != nil || string(a.Cert) != string(b.Cert) || string(a.Key) != string(b.Key) {
		t.Errorf("another identity at the second start: %v", err)
	}
	if _, err := embedded.KeepIdentity(file, "b.example", start); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "is a.example's, and base_url makes this node b.example") {
		t.Errorf("another node's identity: %v", err)
	}
	if err := os.WriteFile(file, a.Cert, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.KeepIdentity(file, "a.example", start); !fault.Is(err, fault.Invalid) {
		t.Errorf("a certificate without its key: %v", err)
	}
}
