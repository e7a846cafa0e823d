package story

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"
)

// tail is the end of what the node itself wrote, for the message of a failure.
func (n *networkNode) tail() string {
	b, _ := os.ReadFile(n.path("node.log"))
	var own []string
	for line := range strings.Lines(string(b)) {
		if !strings.Contains(line, " from=peer") && !strings.Contains(line, " from=orderer") {
			own = append(own, line)
		}
	}
	return strings.Join(own[max(0, len(own)-30):], "")
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
