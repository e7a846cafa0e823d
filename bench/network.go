package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/calendar"
)

// An organisation is a node of a network, with its own folder and ports.
type organisation struct {
	*node
	b        *bench
	id, data string
	first    int // of Fabric's ports
}

// A league is several of them: a network, or one to be.
type league []*organisation

// organise makes the folders of nodes that are in no network yet.
func (b *bench) organise(ctx context.Context, first int, names ...string) (league, error) {
	for _, child := range []string{"peer", "orderer"} { // a node without them waits for them
		if _, err := os.Stat(filepath.Join(filepath.Dir(b.binary), "fabric", child)); err != nil {
			return nil, fmt.Errorf("make fabric first: the %s is looked for beside the binary: %w", child, err)
		}
	}
	var all league
	for i, name := range names {
		o := &organisation{b: b, id: name + ".localhost", data: filepath.Join(b.dir, "ledger-"+name), first: first + 6*i}
		if err := os.RemoveAll(o.data); err != nil {
			return nil, err
		}
		if err := o.command(ctx, "a long enough password\n", "setup", "--demo", "--empty", "--admin", "ada", "--name", "Bench", "--password-file", "-"); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// stop ends all of them.
func (all league) stop() (err error) {
	for _, o := range all {
		if o.node != nil {
			err = errors.Join(err, o.node.stop())
		}
		o.node = nil
	}
	return err
}

// each does something with all of them at once.
func (all league) each(do func(*organisation) error) error {
	var g errgroup.Group
	for _, o := range all {
		g.Go(func() error { return do(o) })
	}
	return g.Wait()
}

func (o *organisation) settings() []string {
	return []string{"base_url=http://" + o.id, "ledger.mode=fabric", fmt.Sprintf("ledger.fabric.port=%d", o.first), "media.ffmpeg=off"}
}

// line is a command line on the node's folder.
func (o *organisation) line(args ...string) []string {
	args = append(args, "--data-dir", o.data)
	for _, s := range o.settings() {
		args = append(args, "--set", s)
	}
	return args
}

func (o *organisation) command(ctx context.Context, stdin string, args ...string) error {
	return o.b.command(ctx, stdin, o.line(args...)...)
}

func (o *organisation) start(ctx context.Context) (err error) {
	o.node, err = o.b.start(ctx, o.data, o.settings()...)
	return err
}

// found makes a network of one, by the commands an operator types, and tells how
// long it took until its node was entered on the ledger.
func (o *organisation) found(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if err := o.command(ctx, "", "ledger", "init"); err != nil {
		return 0, err
	}
	if err := o.start(ctx); err != nil {
		return 0, err
	}
	w, err := o.witness(ctx)
	if err != nil {
		return 0, err
	}
	defer w.stop()
	at, err := w.registered(ctx, o.id)
	return at.Sub(began), err
}

// foundTogether makes a network of all of them at once, by files.
func (all league) foundTogether(ctx context.Context) error {
	file := func(o *organisation) string { return filepath.Join(o.b.dir, o.id+".json") }
	a, others, block := all[0], all[1:], filepath.Join(all[0].b.dir, "first.block")
	if err := others.each(func(o *organisation) error { return o.command(ctx, "", "ledger", "request-join", "--out", file(o)) }); err != nil {
		return err
	}
	args := []string{"ledger", "init"}
	for _, o := range others {
		args = append(args, "--with", file(o))
	}
	if err := a.command(ctx, "", args...); err != nil {
		return err
	}
	if err := a.command(ctx, "", "ledger", "first-block", "--out", block); err != nil {
		return err
	}
	return all.each(func(o *organisation) error {
		if o != a {
			if err := o.command(ctx, "", "ledger", "join", "--first", block); err != nil {
				return err
			}
		}
		return o.start(ctx)
	})
}

// join takes the node into a network and tells what followed the last approval.
func (o *organisation) join(ctx context.Context, members league) (time.Duration, error) {
	if err := o.start(ctx); err != nil {
		return 0, err
	}
	if err := o.command(ctx, "", "ledger", "request-join", members[0].url); err != nil {
		return 0, err
	}
	if err := members[0].retried(ctx, "ledger", "admit", o.id); err != nil {
		return 0, err
	}
	for _, m := range members[1 : len(members)/2+1] {
		id, err := m.intent(ctx, o.id)
		if err != nil {
			return 0, err
		}
		if err := m.command(ctx, "", "ledger", "approve", id); err != nil {
			return 0, err
		}
	}
	approved := time.Now()
	w, err := members[0].witness(ctx)
	if err != nil {
		return 0, err
	}
	defer w.stop()
	at, err := w.registered(ctx, o.id)
	return at.Sub(approved), err
}

// retried runs a command again while a ledger that changes refuses it.
func (o *organisation) retried(ctx context.Context, args ...string) error {
	for {
		err := o.command(ctx, "", args...)
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// intent waits for the admission of a node that the members decide about.
func (o *organisation) intent(ctx context.Context, of string) (string, error) {
	for ctx.Err() == nil {
		out, err := exec.CommandContext(ctx, o.b.binary, o.line("ledger", "intents", "--json")...).Output()
		var list []struct{ ID, Kind, Subject string }
		if err == nil && json.Unmarshal(out, &list) == nil {
			for _, i := range list {
				if i.Kind == "admit-member" && i.Subject == of {
					return i.ID, nil
				}
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", ctx.Err()
}

// playMonth gives the node a month to record.
func (o *organisation) playMonth(ctx context.Context) error {
	dir := filepath.Join(o.b.dir, "music", "Bench")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(o.b.repo, ".cache/music/sonic-pi-samples/usr/share/sonic-pi/samples/loop_safari.flac"))
	if err != nil {
		return fmt.Errorf("make deps fetches the recordings: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "safari.flac"), b, 0o600); err != nil {
		return err
	}
	p := calendar.PeriodOf(time.Now()).Add(-1)
	return errors.Join(o.command(ctx, "", "import", filepath.Dir(dir), "--owner", "ada", "--act", "Bench", "--publish"),
		o.command(ctx, "", "simulate", "--listeners", "20", "--period", p.String()))
}

// family is the node's process and its children by the name of their command.
func (o *organisation) family() map[string]int {
	out := map[string]int{"9ten": o.cmd.Process.Pid}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", o.cmd.Process.Pid))
	for _, t := range tasks {
		b, _ := os.ReadFile(t)
		for f := range strings.FieldsSeq(string(b)) {
			var pid int
			comm, err := os.ReadFile("/proc/" + f + "/comm")
			if _, bad := fmt.Sscan(f, &pid); bad == nil && err == nil {
				out[strings.TrimSpace(string(comm))] = pid
			}
		}
	}
	return out
}

// A bill is processor time by the name of a command.
type bill map[string]time.Duration

// spent is what all processes of a network have used so far.
func (all league) spent() bill {
	sum := bill{}
	for _, o := range all {
		for name, pid := range o.family() {
			n := node{cmd: &exec.Cmd{Process: &os.Process{Pid: pid}}}
			sum[name] += n.cpu()
		}
	}
	return sum
}

func (b bill) sum() (all time.Duration) {
	for _, d := range b {
		all += d
	}
	return all
}

// since is what was used after another bill, less what is used anyway, of what
// the network uses when idle in the time that went by.
func (b bill) since(was, idle bill, took time.Duration) bill {
	out := bill{}
	for name, d := range b {
		out[name] = d - was[name] - time.Duration(float64(idle[name])*took.Seconds())
	}
	return out
}

// over divides it among n.
func (b bill) over(n float64) bill {
	out := bill{}
	for name, d := range b {
		out[name] = time.Duration(float64(d) / n)
	}
	return out
}

// String lists it in milliseconds.
func (b bill) String() string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(b)) {
		list = append(list, fmt.Sprintf("%s %s", name, number(float64(b[name].Microseconds())/1000)))
	}
	return strings.Join(list, ", ")
}

func resident(pid int) (mib float64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		var kb float64
		if k, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kb); k == 1 {
			return kb / 1024
		}
	}
	return mib
}
