package story

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"
)

// Errorf, Error, Fatalf and Fatal fail the test, and keep why: the answers of other
// nodes follow it, and of a long output only the beginning and the end may be kept.
func (n *networkNode) Errorf(format string, args ...any) {
	n.Helper()
	n.T.Error(n.because(fmt.Sprintf(format, args...)))
}

func (n *networkNode) Error(why ...any) {
	n.Helper()
	n.T.Error(n.because(fmt.Sprint(why...)))
}

func (n *networkNode) Fatalf(format string, args ...any) {
	n.Helper()
	n.T.Fatal(n.because(fmt.Sprintf(format, args...)))
}

func (n *networkNode) Fatal(why ...any) {
	n.Helper()
	n.T.Fatal(n.because(fmt.Sprint(why...)))
}

func (n *networkNode) because(why string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.why = append(n.why, time.Now().UTC().Format(time.TimeOnly)+" "+why)
	return why
}

// repeats says once more why the test failed at the node, when all nodes have told
// what they wrote.
func (n *networkNode) repeats() {
	if why := n.failed(); why != "" {
		n.Logf("it failed at %s:\n%s", n.id, why)
	}
}

// failed is why the test failed at the node, "" where it did not.
func (n *networkNode) failed() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.why, "\n")
}

// tells says of a node in a failed test what it had left to do and wrote last: all
// of that if the test failed at it, and otherwise its last warnings.
func (n *networkNode) tells(waits string) {
	n.Helper()
	if n.failed() == "" {
		n.Logf("%s:\n%s", n.id, n.tail(3, func(line string) bool { return !strings.Contains(line, " level=INFO ") }))
		return
	}
	n.Logf("%s, %s:\n%s", n.id, waits, n.tail(30, whatever))
}

func whatever(string) bool { return true }

// tail is the end of what the node itself wrote, of the lines that are wanted.
func (n *networkNode) tail(lines int, wanted func(line string) bool) string {
	b, _ := os.ReadFile(n.path("node.log"))
	var own []string
	for line := range strings.Lines(string(b)) {
		if !strings.Contains(line, " from=peer") && !strings.Contains(line, " from=orderer") && wanted(line) {
			own = append(own, line)
		}
	}
	return strings.Join(own[max(0, len(own)-lines):], "")
}

// waits is what the node has left to do, until when it leaves it, and what its last
// try was told, for the message of a failure: its log says a reason once.
func (n *networkNode) waits() string {
	db, err := sql.Open("sqlite", "file:"+n.path("9ten.db")+"?mode=ro")
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	rows, err := db.QueryContext(context.WithoutCancel(n.Context()), "select kind, key, state, tries, made, due, error from job order by made")
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	out := []string{fmt.Sprintf("by %s to do", time.Now().UTC().Format(time.TimeOnly))}
	for rows.Next() {
		var kind, key, state, told string
		var tries, made, due int64
		if err := rows.Scan(&kind, &key, &state, &tries, &made, &due, &told); err != nil {
			return err.Error()
		}
		out = append(out, fmt.Sprintf("%s %q is %s, due %s, made %s, %d tries: %s", kind, key, state, time.UnixMilli(due).UTC().Format(time.TimeOnly), time.UnixMilli(made).UTC().Format(time.DateTime), tries, told))
	}
	if err := rows.Err(); err != nil {
		return err.Error()
	}
	return strings.Join(out, "\n    ")
}
