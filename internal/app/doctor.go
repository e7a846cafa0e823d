package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/media/encode"
	"github.com/michaelperna/9ten/internal/media/sandbox"
	"github.com/michaelperna/9ten/internal/wallet"
)

// A finding is one thing that was looked at.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`           // what was found
	Remedy string `json:"remedy,omitempty"` // what to do about it
	away   bool   // what it is about cannot be reached, so nothing is known of it
}

func (c *call) findings(list []finding) error {
	ok := true
	for _, f := range list {
		ok = ok && f.OK
	}
	err := c.print(list, func(w io.Writer) {
		for _, f := range list {
			mark := "ok  "
			if !f.OK {
				mark = "BAD "
			}
			fmt.Fprintf(w, "%s %-10s %s\n", mark, f.Name, f.Detail)
			if f.Remedy != "" {
				fmt.Fprintf(w, "     %-10s %s\n", "", f.Remedy)
			}
		}
	})
	if err == nil && !ok {
		return errSilent
	}
	return err
}

// doctor looks at what a node needs and says what to do where it is missing.
func doctor(ctx context.Context, c *call) error {
	cfg, _, err := c.config()
	if err != nil {
		return err
	}
	list := cfg.surroundings(ctx)
	if err := cfg.mustExist(); err != nil {
		return c.findings(append(list, finding{Name: "data", OK: true, Detail: fault.Message(err)}))
	}
	log := newLogger(LogConfig{Level: "error", Format: "text"}, c.stderr)
	n, err := openNode(ctx, cfg, log)
	if err != nil {
		f := finding{Name: "data", Detail: fault.Message(err), Remedy: "See that the folder can be read and written by whoever runs the node, and that its files are whole."}
		if fault.Is(err, fault.Conflict) {
			f.OK, f.Remedy = true, "It is in use by a running node, so its contents were not looked at. Stop the node to have them checked."
			return c.findings(append(append(list, f), cfg.besideNetwork(ctx, log)...))
		}
		return c.findings(append(list, f))
	}
	defer n.Close()
	list = append(list, finding{Name: "data", OK: true, Detail: "The data directory " + cfg.DataDir + " opens, its schema is current."})
	list = append(list, atRest(n.check(ctx))...)
	return c.findings(append(list, networkFindings(ctx, n.fabric, true)...))
}

// atRest are findings of a node that does not run: a network's ledger cannot be
// reached then, which is as it should be.
func atRest(list []finding) []finding {
	for i, f := range list {
		if f.away {
			list[i] = finding{Name: f.Name, OK: true, Detail: "The node does not run, so what its network's ledger says was not looked at."}
		}
	}
	return list
}

// surroundings looks at what is around a node.
func (c *Config) surroundings(ctx context.Context) []finding {
	return append(decoding(ctx, c), disk(c), address(c), c.mailing(ctx), clock())
}

// decoding looks at what turns files into sound: ffmpeg and what it can make,
// and how well the helper is confined that reads strangers' files.
func decoding(ctx context.Context, cfg *Config) []finding {
	r := sandbox.Runner{}
	f := finding{Name: "ffmpeg", OK: true}
	tools, err := encode.Find(ctx, r, cfg.Media.FFmpeg)
	switch {
	case err != nil:
		f.OK, f.Detail, f.Remedy = false, fault.Message(err), "Correct media.ffmpeg: a path, auto, or off."
	case cfg.Media.FFmpeg == "off":
		f.Detail = "Switched off (media.ffmpeg). " + tools.Missing()[0].Why
	default:
		f.Detail = "Found at " + tools.FFmpeg + ": uploads get AAC and Opus besides the original."
		for _, m := range tools.Missing() {
			f.Detail = "Missing: " + m.What + ". " + m.Why
			f.Remedy = "Get it: " + m.How + ". Uploads from then on have it."
		}
	}
	s := finding{Name: "sandbox"}
	l, err := r.Level(ctx)
	if err != nil {
		s.Detail = fault.Message(err)
		return []finding{f, s}
	}
	if s.OK, s.Detail = l.Full(), "The helper that reads strangers' files is "+l.String()+"."; !s.OK {
		s.Remedy = "Run the node on Linux 5.13 or later with landlock and seccomp switched on. Until then take uploads only from people you trust: a broken decoder could reach what is open."
	}
	return []finding{f, s}
}

// lowDisk is below which free space is worth a word.
const lowDisk = 2 << 30

// diskOf returns how many bytes are free for us on the disk of a path, and how
// many it has.
func diskOf(path string) (free, size uint64, err error) {
	var s unix.Statfs_t
	err = unix.Statfs(path, &s)
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), err
}

func disk(cfg *Config) finding {
	path := cfg.DataDir
	if _, err := os.Stat(path); err != nil {
		path = "."
	}
	free, _, err := diskOf(path)
	if err != nil {
		return finding{Name: "disk", Detail: "The disk of " + path + " cannot be asked: " + err.Error()}
	}
	f := finding{Name: "disk", OK: free >= lowDisk, Detail: fmt.Sprintf("%.1f GB are free.", float64(free)/1e9)}
	if !f.OK {
		f.Remedy = "Make room: when the disk is full nothing is lost, but nothing more can be uploaded or counted."
	}
	return f
}

func address(cfg *Config) finding {
	f := finding{Name: "address", OK: true, Detail: "Listeners reach the node at " + cfg.BaseURL + "."}
	if !cfg.secure() && cfg.NodeID() != "localhost" {
		f.Remedy = "Without https browsers keep no key, so plays are not signed. docs/operate/reverse-proxy.md shows how to get it."
	}
	return f
}

// ahead is by how much clocks may differ before it is worth a word.
const ahead = 5 * time.Minute

func clock() finding {
	now := time.Now()
	f := finding{Name: "clock", OK: now.Year() >= 2025, Detail: "It is " + now.UTC().Format(time.RFC3339) + "."}
	if !f.OK {
		f.Remedy = "Set the machine's clock (NTP): days, months and sessions go by it."
	}
	return f
}

// plain is an error for the operator: its sentence, or the chain where it has
// none.
func plain(err error) string {
	if fault.KindOf(err) == fault.Internal {
		return err.Error()
	}
	return fault.Message(err)
}

// check looks at what a node keeps: the ledger's chain, the log, the books.
func (n *node) check(ctx context.Context) []finding {
	var list []finding
	say := func(name, detail string, err error, remedy string) {
		if err != nil {
			f := finding{Name: name, Detail: plain(err), Remedy: remedy, away: fault.Is(err, fault.Unavailable)}
			if f.away {
				f.Remedy = "Nothing is lost: what is to be recorded waits for it. Look at “9ten ledger status”."
			}
			list = append(list, f)
			return
		}
		list = append(list, finding{Name: name, OK: true, Detail: detail})
	}
	st, err := n.ledger.Verify(ctx)
	say("ledger", fmt.Sprintf("%d transactions are one chain, head %s.", st.Height, st.HeadHex()), err, "Restore ledger.db from a backup: what it held was changed.")
	head, _ := n.tlog.Head()
	err = n.tlog.Verify()
	say("log", fmt.Sprintf("%d leaves give the root of the checkpoint.", head.Size), err, "Restore the folder log/ from a backup.")
	entries, err := n.wallet.Audit(ctx)
	say("books", fmt.Sprintf("%d entries are one chain, balance, and give the balances kept.", entries), err, "Restore 9ten.db from a backup: the journal was changed.")
	covers, err := n.wallet.Cover(ctx)
	detail := "Nothing was booked yet."
	for _, c := range covers {
		detail = c.String() + "."
		err = errors.Join(err, uncovered(c))
	}
	say("coverage", detail, err, "Find out where the difference went before the next payout: nobody can be paid what is not there.")
	say("months", "Pots, what waits and what acts are owed are what the ledger says.", n.report.Invariants(ctx), "Restore 9ten.db or ledger.db, whichever was changed, from a backup.")
	if err = n.feed.catchUp(ctx); err == nil {
		err = n.report.Challenged(ctx)
	}
	say("challenges", "No fault stands against a settlement.", err, "Keep a copy of the data directory and report it as SECURITY.md describes: the arithmetic came to something that others do not.")
	last, err := n.accounts.Audited(ctx, account.Operator(), "", 1)
	if err == nil && n.dir.demo == nil && len(last) > 0 && last[0].At.After(n.now().Add(ahead)) {
		err = fmt.Errorf("it is %s, and something was written at %s already", n.now().UTC().Format(time.RFC3339), last[0].At.UTC().Format(time.RFC3339))
	}
	say("order", "Nothing was written after the time it is now.", err, "Set the machine's clock (NTP): it went back, and days, months and sessions go by it.")
	list = append(list, n.exchange(ctx)...)
	dead, err := n.jobs.Dead(ctx)
	if err == nil && len(dead) > 0 {
		err = fmt.Errorf("%d jobs were given up, the last: %s: %s", len(dead), dead[0].Kind, dead[0].Error)
	}
	say(checkJobs, "None was given up.", err, "Look at the operator's page: each can be run again there.")
	return list
}

// checkJobs names the look at jobs that were given up, among which may be that
// of the night before.
const checkJobs = "jobs"

// exchange looks at whom the node has to do with.
func (n *node) exchange(ctx context.Context) []finding {
	if !n.federation.on() {
		return nil
	}
	f := finding{Name: "federation", OK: true, Detail: "Servers are met as federation.mode and the rules say."}
	switch alone, err := n.federation.policy().Alone(ctx); {
	case err != nil:
		f.OK, f.Detail = false, plain(err)
	case alone:
		f.Detail = "Only servers that are allowed count (federation.mode is listed), and none is: nothing is exchanged with anybody."
		f.Remedy = "Allow some, with “9ten federation allow SERVER” or on the page Federation, or set federation.mode to on."
	}
	return []finding{f}
}

func uncovered(c wallet.Cover) error {
	if c.Covered() {
		return nil
	}
	return fault.New(fault.Conflict, "%v: that does not cover it.", c)
}

// audit checks a node's evidence, and with a month its settlement against
// ledger, trees and books.
func audit(ctx context.Context, c *call) error {
	if len(c.args) > 1 {
		return usagef("name at most one month")
	}
	return withNode(ctx, c, func(n *node) error {
		list := n.check(ctx)
		if len(c.args) == 1 {
			p, err := calendar.ParsePeriod(c.args[0])
			if err != nil {
				return err
			}
			f := finding{Name: p.String(), OK: true}
			if f.Detail, err = n.report.Audit(ctx, p); err != nil {
				f.OK, f.Detail = false, plain(err)
			}
			list = append(list, f)
		}
		return c.findings(list)
	})
}
