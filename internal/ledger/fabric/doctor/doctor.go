// Package doctor finds out what keeps a node's part of a Fabric network from
// working, and says what to do about it: missing commands, ports that others
// use, a full disk, a wrong clock, certificates that end, children that crash.
// It changes nothing.
package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A Finding is one thing that was looked at.
type Finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`           // what was found
	Remedy string `json:"remedy,omitempty"` // what to do about it
}

// Patient is a node's part of the network, and what is known of it.
type Patient struct {
	child.Config
	Now          time.Time
	Member       bool           // other nodes know this one's address
	Due          []child.Role   // that it has by what it knows of its network
	Resting      bool           // the node is not meant to run, so its children are not either
	Trust        *tls.Config    // connects as the organisation's administrator
	Status       []child.Status // of the supervisor, or what it left behind
	Certificates []org.Certificate
	Newest       time.Time // when the newest block was made, zero when there is none
	Complaints   []string  // errors the node met when it last used its ledger
	Clocks       Clocks
}

// Clocks are what the orderers of other nodes say of this one's.
type Clocks struct {
	Apart []string // whose time is 15 minutes from this one's
	Agree int      // how many others' is not
}

// Examine looks at everything. It takes a few seconds at most.
func Examine(ctx context.Context, p Patient) []Finding {
	list := []Finding{p.commands(ctx), p.ports(ctx), p.disk(), p.clock()}
	list = append(list, Certificates(p.Certificates, p.Now)...)
	for _, r := range child.Roles {
		switch {
		case p.Wanted(r):
			list = append(list, p.child(ctx, r))
		case slices.Contains(p.Due, r):
			list = append(list, p.unmade(r))
		}
	}
	return list
}

const getCommands = "Build Fabric's commands with make fabric, or unpack an official Fabric " + child.Fitting + " release and set ledger.fabric.bin to its folder bin."

// commands looks whether Fabric's programs are there and of the right release.
func (p Patient) commands(ctx context.Context) Finding {
	f := Finding{Name: "commands", Remedy: getCommands}
	bin, err := child.Find(p.Bin)
	if err != nil {
		f.Detail = sentence(err)
		if fault.KindOf(err) == fault.Unavailable {
			f.Detail, _, _ = strings.Cut(f.Detail, ". ") // the remedy says the rest
			f.Detail += "."
		}
		return f
	}
	release, err := child.Release(ctx, bin)
	if err != nil {
		f.Detail = sentence(err)
		return f
	}
	f.OK, f.Detail, f.Remedy = true, fmt.Sprintf("Fabric %s is in %s.", release, bin), ""
	return f
}

// Below these many free bytes a disk is worth a word, and full: Fabric's
// servers crash when they cannot write.
const (
	lowDisk  = 2 << 30
	fullDisk = 200 << 20
)

func (p Patient) disk() Finding {
	var s unix.Statfs_t
	if err := unix.Statfs(p.Home, &s); err != nil {
		return Finding{Name: "disk", Detail: "The disk of " + p.Home + " cannot be asked: " + err.Error() + ".", Remedy: "See that this folder is there, that its disk is mounted, and that whoever runs the node may read it."}
	}
	free := s.Bavail * uint64(s.Bsize)
	f := Finding{Name: "disk", OK: free >= lowDisk, Detail: fmt.Sprintf("%.1f GB are free for the ledger.", float64(free)/1e9)}
	switch {
	case free < fullDisk:
		f.Detail = fmt.Sprintf("The disk is full: %.0f MB are free in %s.", float64(free)/1e6, p.Home)
		f.Remedy = "Make room. Peer and orderer crash when they cannot write; they come back by themselves and have lost nothing."
	case !f.OK:
		f.Remedy = "Make room soon: peer and orderer crash when they cannot write."
	case s.Ffree == 0 && s.Files > 0:
		f.OK, f.Detail, f.Remedy = false, "The disk of "+p.Home+" has no room for another file.", "Remove files that are not needed: the disk counts them."
	}
	return f
}

// ahead is by how much clocks may differ before it is worth a word. Members
// refuse a transaction whose time is 15 minutes from theirs.
const ahead = 5 * time.Minute

const setClock = "Set the machine's clock, and keep it right with NTP (timedatectl set-ntp true): other nodes refuse what is dated 15 minutes from their time."

// clock compares ours with what the network did, and listens to who complained.
func (p Patient) clock() Finding {
	f := Finding{Name: "clock", Detail: "It is " + stamp(p.Now) + ".", Remedy: setClock}
	if p.Newest.After(p.Now.Add(ahead)) {
		f.Detail = fmt.Sprintf("It is %s, and the newest block was made at %s.", stamp(p.Now), stamp(p.Newest))
		return f
	}
	if apart := len(p.Clocks.Apart); apart > 0 {
		who := strings.Join(p.Clocks.Apart, ", ")
		f.Detail = fmt.Sprintf("It is %s by this machine's clock. By those of %s it is 15 minutes more or less, or further off.", stamp(p.Now), who)
		switch {
		case p.Clocks.Agree >= apart:
			f.Detail += fmt.Sprintf(" It agrees with those of %d others.", p.Clocks.Agree)
			f.Remedy = "Ask the operator of " + who + " to set the clock there, and to keep it right with NTP."
		case apart == 1:
			f.Remedy = "One of the two is wrong: compare the time above with another source. If it is this one: " + setClock + " If not, tell the operator of " + who + "."
		default:
			f.Detail += " So many are hardly wrong."
		}
		return f
	}
	for _, c := range p.complaints() {
		if k, ok := recognise(c); ok && k.what == "clock" {
			f.Detail = fmt.Sprintf("It is %s, and %s: %s", stamp(p.Now), k.means, c)
			return f
		}
	}
	f.OK, f.Remedy = true, ""
	return f
}

// byHand reports whether a certificate is the network's business: no node renews
// it alone.
func byHand(c org.Certificate) bool {
	return c.Role == "" || c.Role == org.Orderer && c.Use == "identity"
}

// renewal is what to do where a certificate ends.
func renewal(c org.Certificate) string {
	switch {
	case !byHand(c):
		return "Run 9ten ledger renew."
	case c.Role == "":
		return "Nobody can renew an authority. Leave the network while it is good, move the folder fabric away, and ask to be admitted again."
	}
	return "Run 9ten ledger orderer replace --identity. Those who order have to approve it."
}

// Certificates says which end soon. The node renews them 60 days ahead, so one
// that has much less is not being renewed, and one that is renewed by hand is worth
// a word from then on.
func Certificates(all []org.Certificate, now time.Time) []Finding {
	var list []Finding
	for _, c := range all {
		left := c.Ends.Sub(now)
		days := int(left.Hours() / 24)
		name := fmt.Sprintf("The %s's certificate (%s)", c.Role, c.Use)
		if c.Role == "" {
			name = "The organisation's authority"
		}
		f := Finding{Name: "certificate", Remedy: renewal(c)}
		switch {
		case left <= 0:
			f.Detail = fmt.Sprintf("%s ended on %s. Nothing that needs it works.", name, c.Ends.UTC().Format(time.DateOnly))
		case days < 7:
			f.Detail = fmt.Sprintf("%s ends in %d days, on %s. After that nothing that needs it works.", name, days, c.Ends.UTC().Format(time.DateOnly))
		case days < 30 && !byHand(c):
			f.Detail = fmt.Sprintf("%s ends in %d days, on %s, and should have been renewed.", name, days, c.Ends.UTC().Format(time.DateOnly))
		case days < 60:
			f.OK, f.Detail = !byHand(c), fmt.Sprintf("%s ends in %d days, on %s.", name, days, c.Ends.UTC().Format(time.DateOnly))
		default:
			continue
		}
		list = append(list, f)
	}
	if len(list) > 0 || len(all) == 0 {
		return list
	}
	first := all[0].Ends
	for _, c := range all {
		if c.Ends.Before(first) {
			first = c.Ends
		}
	}
	return []Finding{{Name: "certificate", OK: true, Detail: fmt.Sprintf("The first of %d certificates to end has %d days left.", len(all), int(first.Sub(now).Hours()/24))}}
}

// recent is how long ago a crash may be to be worth a word; steady is how long
// a child must have lived since to be well again: one that crashes over and
// over answers for a moment each time.
const (
	recent = time.Hour
	steady = time.Minute
)

// child says how one is, and why it ended if it did.
func (p Patient) child(ctx context.Context, r child.Role) Finding {
	f := Finding{Name: string(r)}
	s := p.status(r)
	crash, err := s.Crash(), p.Alive(ctx, r)
	switch {
	case err == nil && (crash == nil || p.Now.Sub(crash.At) > recent):
		f.OK, f.Detail = true, fmt.Sprintf("The %s is well.", r)
		if s.PID != 0 && !s.Since.IsZero() {
			f.Detail = fmt.Sprintf("The %s is well and runs since %s.", r, stamp(s.Since))
		}
		return f
	case err != nil && p.settled(r):
		f.Detail = fmt.Sprintf("The %s runs (process %d), but: %s", r, s.PID, sentence(err))
		f.Remedy = fmt.Sprintf("One that answers nothing for a minute and a half the node ends and starts again. At once: kill -9 %d.", s.PID)
		return f
	case crash == nil && p.Resting:
		f.OK, f.Detail = true, fmt.Sprintf("The %s runs with the node, which does not run.", r)
		return f
	case crash == nil:
		f.Detail = fmt.Sprintf("The %s does not answer.", r)
		f.Remedy = "Start the node with 9ten serve; it starts the " + string(r) + "."
		return f
	}
	f.OK = err == nil && p.Now.Sub(crash.At) > steady
	f.Detail = fmt.Sprintf("The %s ended by itself %s, last at %s. %s", r, times(s.Crashes), stamp(crash.At), crash.Reason)
	if f.OK {
		f.Detail = fmt.Sprintf("The %s is well again. It ended by itself %s, last at %s. %s", r, times(s.Crashes), stamp(crash.At), crash.Reason)
	}
	f.Remedy = "The node's log (log.level debug has more) says what went before. If that does not help, report it with those lines."
	for i := len(crash.Said) - 1; i >= 0; i-- {
		if k, ok := recognise(crash.Said[i].Text); ok {
			f.Detail += " It says that " + k.means + "."
			f.Remedy = k.remedy
			break
		}
	}
	if n := len(crash.Said); n > 0 {
		f.Detail += " Its last words: " + crash.Said[n-1].Text
	}
	return f
}

// unmade says of one that it is not set up: a node does that when it runs.
func (p Patient) unmade(r child.Role) Finding {
	f := Finding{Name: string(r), OK: p.Resting, Detail: fmt.Sprintf("The %s is not set up yet: the node has not run since it came into its network.", r)}
	if !f.OK {
		f.Remedy = fmt.Sprintf("Start the node with 9ten serve; it sets up the %s and starts it. If it runs, its log says what is in the way.", r)
	}
	return f
}

func (p Patient) status(r child.Role) child.Status {
	for _, s := range p.Status {
		if s.Role == r {
			return s
		}
	}
	return child.Status{Role: r}
}

// complaints are the errors the node met and the last words of its children,
// the newest last.
func (p Patient) complaints() []string {
	var list []string
	for _, s := range p.Status {
		crash := s.Crash()
		if crash == nil || p.Now.Sub(crash.At) > recent {
			continue
		}
		for _, said := range crash.Said {
			list = append(list, said.Text)
		}
	}
	return append(list, p.Complaints...)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// sentence is an error for the operator.
func sentence(err error) string {
	if fault.KindOf(err) == fault.Internal {
		return err.Error()
	}
	return fault.Message(err)
}
