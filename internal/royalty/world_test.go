package royalty

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares got with a file of testdata, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is produced (%d bytes, want %d); -update rewrites it", name, len(got), len(want))
	}
}

const node = "quayside.example"

var (
	logKey        = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	settlementKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	trusted       = Keys{PublicKey(LogOrigin(node), logKey), PublicKey(SettlementKeyName(node), settlementKey)}
)

// act makes an id that looks like those of the registry.
func act(n int) id.Act { return id.Act(fmt.Sprintf("01JB0000000000000000000%03d", n)) }

// person is a listener of the small month that tests share.
type person struct {
	Listener
	key  []byte
	salt Salt
	row  MonthRow
	enc  []byte
}

// world is a settled month of one node: five listeners, twelve acts.
type world struct {
	period     calendar.Period
	rules      Rules
	people     []*person
	trees      *Trees
	tree       *Tree
	settlement Settlement
	signed     Signed
	check      []byte // checkpoint of tree A
	dayLeaves  []Hash // the log: rows of the 7th
	dayRows    [][]byte
	daySalts   []Salt
	dayClaims  [][]Hash
	dayCheck   []byte
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{period: 202610, rules: Rules{Params: Standard, Seed: sha256.Sum256([]byte("beacon")), Merged: []Merge{{act(11), act(3)}}}}
	monthKey := bytes.Repeat([]byte{9}, 32)
	for i := range 5 {
		p := &person{key: bytes.Repeat([]byte{byte(10 + i)}, 32)}
		p.Pseudonym = PseudonymOf(monthKey, id.Account(fmt.Sprintf("account %d", i)))
		p.salt = MonthSalt(p.key, w.period)
		w.people = append(w.people, p)
	}
	slices.SortFunc(w.people, func(a, b *person) int { return comparePseudonym(a.Pseudonym, b.Pseudonym) })
	for i, p := range w.people {
		w.listen(t, p, i)
	}
	m := must[*Month](t)(NewMonth(w.period, w.rules))
	for _, p := range w.people {
		row, b, err := m.Add(&p.Listener, p.salt)
		if err != nil {
			t.Fatal(err)
		}
		p.row, p.enc = row, bytes.Clone(b)
	}
	w.trees = must[*Trees](t)(m.Close([]Adjustment{{Act: act(2), Plus: 5 * money.Cent, Minus: 2 * money.Cent}}))
	w.tree = NewTree(w.trees.Rows)
	w.settle(t)
	return w
}

// listen gives person i a few days; number 3 stays idle, number 4 plays only
// in apps without keys.
func (w *world) listen(t testing.TB, p *person, i int) {
	p.Pot = 9 * money.Dollar
	if i == 3 {
		p.CarryIn, p.Carried = 9*money.Dollar, 1
		return
	}
	for d := 5; d <= 9; d++ {
		row := DayRow{Pseudonym: p.Pseudonym, Day: w.period.Day(d), Params: 1}
		for a := range 12 {
			if (a+d+i)%3 == 0 {
				continue
			}
			c := uint64(30*(1+(a*7+d*3+i*5)%11)) * Basis
			row.Acts = append(row.Acts, ActDay{act(a), c, uint32(1 + a%3)})
			row.Total += c
		}
		if i == 4 {
			row.UnsignedMS = row.Total / 10
		}
		claims := []Hash{sha256.Sum256([]byte{byte(i), byte(d)}), sha256.Sum256([]byte{byte(i), byte(d), 1})}
		slices.SortFunc(claims, compare)
		row.Claims, row.ClaimsRoot = 2, must[Hash](t)(ClaimsRoot(claims))
		b := must[[]byte](t)(row.Encode())
		p.Days = append(p.Days, b)
		if d == 7 {
			salt := DaySalt(p.key, row.Day)
			w.dayRows, w.daySalts, w.dayClaims = append(w.dayRows, b), append(w.daySalts, salt), append(w.dayClaims, claims)
			w.dayLeaves = append(w.dayLeaves, EntryLeaf(EntryHash(salt, b)))
		}
	}
}

func (w *world) settle(t testing.TB) {
	for len(w.dayLeaves) < 16 {
		w.dayLeaves = append(w.dayLeaves, EntryLeaf(sha256.Sum256([]byte{byte(len(w.dayLeaves))})))
	}
	head := Checkpoint{LogOrigin(node), 16, Root(w.dayLeaves)}
	w.dayCheck = must[[]byte](t)(head.Sign(LogSigner(LogOrigin(node), logKey)))
	w.check = must[[]byte](t)(Checkpoint{MonthOrigin(node, w.period), w.tree.Size(), w.tree.Root()}.Sign(LogSigner(LogOrigin(node), logKey)))
	vectors := must[[]byte](t)(os.ReadFile("testdata/split_vectors.json"))
	prev := Settlement{Node: node, Period: 202609, Params: 1, Rules: "1",
		Totals: Totals{Received: 10 * money.Dollar, Operator: money.Dollar, Pots: 9 * money.Dollar, CarryOut: 9 * money.Dollar}}
	w.settlement = must[Settlement](t)(w.trees.Settle(Closing{Node: node, Log: head, Previous: &prev, Received: 50 * money.Dollar,
		Operator: 5 * money.Dollar, Rules: "1", Vectors: sha256.Sum256(vectors)}))
	b := must[[]byte](t)(w.settlement.Encode())
	w.signed = Signed{b, ed25519.Sign(settlementKey, b)}
}

func (w *world) dayReceipt(t testing.TB, i int) LogProof {
	t.Helper()
	tree := NewTree(w.dayLeaves)
	served := Served{LogOrigin(node), 16, uint64(i), sha256.Sum256(w.dayRows[i]), w.daySalts[i]}
	sb := must[[]byte](t)(served.Encode())
	d := DayReceipt{Marks{Unreviewed: true, DemoClock: true}, w.dayRows[i], w.daySalts[i], w.dayClaims[i],
		[]id.Bytes16{{1}, {2}}, Signed{sb, ed25519.Sign(logKey, sb)}}
	return LogProof{must[[]byte](t)(d.Encode()), uint64(i), must[[]Hash](t)(tree.Prove(uint64(i))), w.dayCheck}
}

func (w *world) month(t testing.TB, i int) MonthReceipt {
	t.Helper()
	p := w.people[i]
	return MonthReceipt{Marks: Marks{Unreviewed: true}, Row: p.enc, Salt: p.salt, Rules: w.rules, Carried: p.Carried,
		Days: p.Days, Shares: must[[]ShareProof](t)(w.trees.ShareProofs(&p.row, p.salt)), Settlement: w.signed}
}

func (w *world) monthProof(t testing.TB, i int, m MonthReceipt) LogProof {
	t.Helper()
	return LogProof{must[[]byte](t)(m.Encode()), uint64(i), must[[]Hash](t)(w.tree.Prove(uint64(i))), w.check}
}

func (w *world) actProof(t testing.TB, a id.Act) ActProof {
	t.Helper()
	return must[ActProof](t)(w.trees.ActProof(a, w.signed, Marks{Unreviewed: true}))
}
