package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty"
)

// run calls the binary's entry as a shell would.
func run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(t.Context(), append([]string{"9ten"}, args...), strings.NewReader(stdin), &out, &errs, noenv)
	return code, out.String(), errs.String()
}

func must(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	code, out, errs := run(t, stdin, args...)
	if code != exitOK {
		t.Fatalf("9ten %s exits %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// catalogue puts music into a node that is not running: acts with two tracks
// each, without sound.
func catalogue(t *testing.T, driver, source string, acts int) {
	t.Helper()
	actsFrom(t, driver, source, 0, acts)
}

// actsFrom adds those of the catalogue from a number on.
func actsFrom(t *testing.T, driver, source string, from, to int) {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	for i := from; i < to; i++ {
		act := string(actID(i))
		exec("insert into act (id, handle, name, created, changed) values ($1, $2, $3, 0, 0)", act, fmt.Sprintf("act%d", i), fmt.Sprintf("Act %d", i))
		exec("insert into release (id, act, title, artist, kind, licence, state, published, created, changed) values ($1, $2, 'R', 'A', 'album', 'CC0', 'published', 1, 0, 0)", "R"+act, act)
		for n := range 2 {
			track := string(track(i, n))
			exec("insert into track (id, release, act, title, artist, disc, number, state, filename, original, sheet, created, changed) values ($1, $2, $3, 'T', '', 1, 1, 'ready', 'f', 'o', 1, 0, 0)", track, "R"+act, act)
			exec("insert into asset (track, original, sha256, bytes, rate, samples) values ($1, 'o', 's', 1, 44100, $2)", track, int64(25+100*n+i)*44100)
			exec("insert into sheet (track, version, state, created, since) values ($1, 1, 'in_force', 0, 1)", track)
			exec("insert into sheet_share (track, version, act, bps, confirmed) values ($1, 1, $2, 10000, 1)", track, act)
		}
	}
}

// simulatedPeople is how many pay and listen in a simulated month.
const simulatedPeople = 100

// A simulated month is settled, every receipt of it verifies, every dollar is
// accounted for, and what is tampered with is found out.
func TestSimulatedMonth(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	must(t, "a long enough password\n", "setup", "--demo", "--empty", "--data-dir", dir, "--admin", "ada", "--password-file", "-", "--name", "Quayside")
	catalogue(t, "sqlite", filepath.Join(dir, "9ten.db"), 14)
	t.Log(must(t, "", "simulate", "--data-dir", dir, "--listeners", fmt.Sprint(simulatedPeople), "--seed", "7", "--period", "2026-10"))
	first := must(t, "", "month", "close", "2026-10", "--data-dir", dir, "--json")
	if again := must(t, "", "month", "close", "2026-10", "--data-dir", dir, "--json"); again != first {
		t.Errorf("closing twice changes something:\n%s%s", first, again)
	}
	t.Log(first)
	must(t, "", "audit", "2026-10", "--data-dir", dir)

	cfg, _, err := LoadConfig("", map[string]string{"data_dir": dir, "log.level": "error"}, noenv)
	if err != nil {
		t.Fatal(err)
	}
	n, err := openNode(t.Context(), cfg, newLogger(cfg.Log, os.Stderr))
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	checkMonth(t, n, 202610)
	checkBackup(t, n, "2026-10")
	checkInterface(t, n)
	checkTampering(t, n, 202610)
	checkDeletion(t, n, 202610)
}

func people(t *testing.T, n *node) (out []id.Account) {
	t.Helper()
	list, err := n.wallet.List(t.Context(), "", 5000)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		out = append(out, s.Account)
	}
	return out
}

// checkMonth verifies every receipt and act's proof, and adds the money up.
func checkMonth(t *testing.T, n *node, p calendar.Period) {
	t.Helper()
	ctx := t.Context()
	paid := map[id.Act]money.Micro{}
	var pots, carried money.Micro
	for _, who := range people(t, n) {
		m, err := n.report.MonthOf(ctx, who, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range m.Row.Shares {
			paid[s.Act] += s.Micro
		}
		pots, carried = pots+m.Row.Pot, carried+m.Row.CarryOut
		file, err := n.report.MonthReceipt(ctx, who, p)
		if err != nil {
			t.Fatal(err)
		}
		if r := royalty.VerifyReceipt(file, n.signer.trusted()); !r.OK {
			t.Fatalf("receipt of %s: %s", who, r.Verdict)
		}
		if holds, err := n.report.Contest(ctx, file); err != nil || !holds {
			t.Fatalf("the ledger computes the month of %s again: %t, %v", who, holds, err)
		}
		days, err := n.report.Days(ctx, who, p)
		if err != nil {
			t.Fatal(err)
		}
		if len(days) == 0 {
			continue
		}
		if file, err = n.report.DayReceipt(ctx, who, days[0]); err != nil {
			t.Fatal(err)
		}
		if r := royalty.VerifyReceipt(file, n.signer.trusted()); !r.OK {
			t.Fatalf("day receipt of %s: %s", who, r.Verdict)
		}
	}
	if pots != simulatedPeople*9*money.Dollar || carried == 0 || carried == pots {
		t.Errorf("pots %v, carried %v", pots, carried)
	}
	checkActs(t, n, p, paid)
	for book, want := range map[string]money.Micro{"liabilities:pot:" + p.String(): 0, "liabilities:carry:": -carried, "liabilities:act:": -(pots - carried), "income:operator": -simulatedPeople * money.Dollar} {
		var got money.Micro
		list, err := n.wallet.Balances(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range list {
			if strings.HasPrefix(string(b.Book), book) {
				got += b.Micro
			}
		}
		if got != want {
			t.Errorf("%s stands at %v, want %v", book, got, want)
		}
	}
}

func checkActs(t *testing.T, n *node, p calendar.Period, paid map[id.Act]money.Micro) {
	t.Helper()
	if len(paid) == 0 {
		t.Fatal("nobody was paid")
	}
	for act, want := range paid {
		e, err := n.report.Earnings(t.Context(), act)
		if err != nil || len(e) != 1 || e[0].Line.Sum() != want {
			t.Errorf("%s earned %v, want %v: %v", act, e, want, err)
		}
		file, err := n.report.ActProof(t.Context(), act, p)
		if err != nil {
			t.Fatal(err)
		}
		if r := royalty.VerifyAct(file, n.signer.trusted()); !r.OK {
			t.Errorf("proof of %s: %s", act, r.Verdict)
		}
	}
}

// checkTampering changes what is kept and asks for the audit.
func checkTampering(t *testing.T, n *node, p calendar.Period) {
	t.Helper()
	db, err := sql.Open("sqlite", n.dir.join("9ten.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range []struct{ what, harm, mend string }{
		{"a share is worth more", "update month_share set micro = micro + 1 where position = 0", "update month_share set micro = micro - 1 where position = 0"},
		{"a line is worth more", "update month_line set micro = micro + 1", "update month_line set micro = micro - 1"},
		{"a row has another carry", "update month_row set salt = zeroblob(16) where position = 3", ""},
	} {
		var salt []byte
		if err := db.QueryRow("select salt from month_row where position = 3").Scan(&salt); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(c.harm); err != nil {
			t.Fatal(err)
		}
		n.report.Forget()
		if said, err := n.report.Audit(context.Background(), p); err == nil {
			t.Errorf("%s, and the audit says %q", c.what, said)
		}
		mend := func() (sql.Result, error) { return db.Exec("update month_row set salt = $1 where position = 3", salt) }
		if c.mend != "" {
			mend = func() (sql.Result, error) { return db.Exec(c.mend) }
		}
		if _, err := mend(); err != nil {
			t.Fatal(err)
		}
	}
	n.report.Forget()
	if _, err := n.report.Audit(context.Background(), p); err != nil {
		t.Errorf("mended, and still: %v", err)
	}
}

// checkDeletion deletes an account and holds everybody else's receipts against
// the same roots.
func checkDeletion(t *testing.T, n *node, p calendar.Period) {
	t.Helper()
	ctx := t.Context()
	all := people(t, n)
	gone := all[3]
	before, err := json.Marshal(mustSettled(t, n))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.accounts.Remove(ctx, account.Operator(), gone); err != nil {
		t.Fatal(err)
	}
	if _, err := n.report.MonthReceipt(ctx, gone, p); err == nil {
		t.Error("the receipt of a deleted account can still be had")
	}
	n.report.Forget()
	after, err := json.Marshal(mustSettled(t, n))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the settlement changed: %v", err)
	}
	if _, err := n.report.Audit(ctx, p); err != nil {
		t.Errorf("roots do not hold any more: %v", err)
	}
	for _, who := range all {
		if who == gone || who == "" {
			continue
		}
		file, err := n.report.MonthReceipt(ctx, who, p)
		if err != nil {
			t.Fatal(err)
		}
		if r := royalty.VerifyReceipt(file, n.signer.trusted()); !r.OK {
			t.Fatalf("after the deletion: %s", r.Verdict)
		}
	}
}

func mustSettled(t *testing.T, n *node) any {
	t.Helper()
	s, err := n.report.Settled(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A real node cannot be played with.
func TestSimulateIsForDemonstrations(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "real")
	must(t, "a long enough password\n", "setup", "--data-dir", dir, "--admin", "ada", "--password-file", "-")
	code, _, errs := run(t, "", "simulate", "--data-dir", dir, "--listeners", "1", "--period", "2026-10")
	if code != exitFailed || !strings.Contains(errs, "setup --demo") {
		t.Errorf("exit %d: %s", code, errs)
	}
	code, _, errs = run(t, "", "month", "list", "--data-dir", dir, "--set", "clock.start=2026-10-01T00:00:00Z")
	if code != exitFailed || !strings.Contains(errs, "clock.start") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
