package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/report"
)

// An organisation is a node of a network, with its own folder and ports.
type organisation struct {
	*node
	b        *bench
	id, data string
	first    int // of Fabric's ports
}

// organise makes the folder of a node that is in no network yet.
func (b *bench) organise(ctx context.Context, name string, first int) (*organisation, error) {
	o := &organisation{b: b, id: name + ".localhost", data: filepath.Join(b.dir, "ledger-"+name), first: first}
	if err := os.RemoveAll(o.data); err != nil {
		return nil, err
	}
	return o, o.command(ctx, "a long enough password\n", "setup", "--demo", "--empty", "--admin", "ada", "--name", "Bench", "--password-file", "-")
}

func (o *organisation) settings() []string {
	return []string{"base_url=http://" + o.id, "ledger.mode=fabric", fmt.Sprintf("ledger.fabric.port=%d", o.first), "media.ffmpeg=off"}
}

func (o *organisation) command(ctx context.Context, stdin string, args ...string) error {
	args = append(args, "--data-dir", o.data)
	for _, s := range o.settings() {
		args = append(args, "--set", s)
	}
	return o.b.command(ctx, stdin, args...)
}

func (o *organisation) start(ctx context.Context) (err error) {
	o.node, err = o.b.start(ctx, o.data, o.settings()...)
	return err
}

// standing is what the node says of its ledger.
func (o *organisation) standing() (s report.Standing, err error) {
	res, err := http.Get(o.url + "/ledgerz")
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

// recorder waits until the node's copy of the ledger says something of a node.
func (o *organisation) recorder(ctx context.Context, id string, holds func(report.Recorder) bool) (report.Recorder, error) {
	for tick := time.NewTicker(25 * time.Millisecond); ; {
		s, err := o.standing()
		if err == nil {
			for _, r := range s.Nodes {
				if r.Node == id && holds(r) {
					tick.Stop()
					return r, nil
				}
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return report.Recorder{}, errors.Join(ctx.Err(), err)
		}
	}
}

func isThere(report.Recorder) bool { return true }

// found makes a network of one and waits for its first transaction.
func (o *organisation) found(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if err := o.command(ctx, "", "ledger", "init"); err != nil {
		return 0, err
	}
	if err := o.start(ctx); err != nil {
		return 0, err
	}
	_, err := o.recorder(ctx, o.id, isThere)
	return time.Since(began), err
}

// join takes the node into a network and tells what followed the last approval.
func (o *organisation) join(ctx context.Context, members []*organisation) (time.Duration, error) {
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
		id, err := m.intent(ctx)
		if err != nil {
			return 0, err
		}
		if err := m.command(ctx, "", "ledger", "approve", id); err != nil {
			return 0, err
		}
	}
	approved := time.Now()
	_, err := o.recorder(ctx, o.id, isThere)
	return time.Since(approved), err
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

// intent waits for the admission that the members decide about.
func (o *organisation) intent(ctx context.Context) (string, error) {
	args := []string{"ledger", "intents", "--json", "--data-dir", o.data}
	for _, s := range o.settings() {
		args = append(args, "--set", s)
	}
	for ctx.Err() == nil {
		out, err := exec.CommandContext(ctx, o.b.binary, args...).Output()
		var list []struct{ ID, Kind string }
		if err == nil && json.Unmarshal(out, &list) == nil {
			for _, i := range list {
				if i.Kind == "admit-member" {
					return i.ID, nil
				}
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", ctx.Err()
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

// spent is the processor time of all processes of a network.
func spent(all []*organisation) (sum time.Duration) {
	for _, o := range all {
		for _, pid := range o.family() {
			n := node{cmd: &exec.Cmd{Process: &os.Process{Pid: pid}}}
			sum += n.cpu()
		}
	}
	return sum
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

// ledger measures a network of four organisations, each a node with processes
// of its own, and the embedded ledger beside it.
func ledger(ctx context.Context, b *bench) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Minute)
	defer stop()
	var all []*organisation
	defer func() {
		for _, o := range all {
			if o.node != nil {
				_ = o.stop() // what was measured was measured
			}
		}
	}()
	var alone []float64
	for i := range min(3, b.rounds) {
		o, err := b.organise(ctx, "alone", 20000+6*i)
		if err != nil {
			return err
		}
		took, err := o.found(ctx)
		if o.node != nil {
			err = errors.Join(err, o.stop())
		}
		if err != nil {
			return err
		}
		alone = append(alone, took.Seconds())
	}
	b.add(result{name: "ledger: nothing to the first transaction, alone", unit: "s", runs: alone, most: 3, beside: "certificates, first block, start of 9ten, peer and orderer, contract, and the node entered on the ledger"})

	for i, name := range []string{"a", "b", "c", "d"} {
		o, err := b.organise(ctx, name, 20060+6*i)
		if err != nil {
			return err
		}
		all = append(all, o)
	}
	if err := all[3].playMonth(ctx); err != nil {
		return err
	}
	began := time.Now()
	if _, err := all[0].found(ctx); err != nil {
		return err
	}
	var joins []float64
	for i := 1; i < len(all); i++ {
		took, err := all[i].join(ctx, all[:i])
		if err != nil {
			return fmt.Errorf("%s joins: %w", all[i].id, err)
		}
		joins = append(joins, took.Seconds())
	}
	b.add(result{name: "ledger: nothing to the fourth organisation's first transaction", unit: "s", runs: []float64{time.Since(began).Seconds()}, most: 6, beside: "founded, then three join one after the other, by the commands an operator types"})
	b.add(result{name: "ledger: from the last approval until the newcomer records", unit: "s", runs: joins, most: 6})
	return b.anchors(ctx, all)
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

// anchors looks how the last organisation's days arrive at the first one.
func (b *bench) anchors(ctx context.Context, all []*organisation) error {
	at, id, last := all[0], all[len(all)-1].id, calendar.DayOf(time.Now()).Add(-1).String()
	r, err := at.recorder(ctx, id, func(r report.Recorder) bool { return r.DayText != "" })
	if err != nil {
		return err
	}
	began, cpu, days := time.Now(), spent(all), 0
	var gaps []float64
	for moment := began; r.DayText != last; moment = time.Now() {
		was := r.DayText
		if r, err = at.recorder(ctx, id, func(r report.Recorder) bool { return r.DayText != was }); err != nil {
			return err
		}
		gaps, days = append(gaps, float64(time.Since(moment).Milliseconds())), days+1
	}
	each := float64((spent(all) - cpu).Microseconds()) / 1000 / float64(max(days, 1))
	own, ownCPU, err := embeddedAlone(ctx, filepath.Join(b.dir, "yardstick.db"))
	if err != nil {
		return err
	}
	beside := fmt.Sprintf("the embedded ledger: %s ms and %s ms of CPU a transaction", number(own), number(ownCPU))
	b.add(result{name: "ledger: AnchorDay until it is in another organisation's copy", unit: "ms", runs: gaps, most: float64((channel.BatchTimeout + 150*time.Millisecond).Milliseconds()), beside: beside})
	b.add(result{name: "ledger: CPU of all processes of four organisations, a transaction", unit: "CPU ms", runs: []float64{each}, most: 15, beside: fmt.Sprintf("%d days one after the other, in %.0f s: what the network does when idle is in it", days, time.Since(began).Seconds())})
	var peers, orderers []float64
	for _, o := range all {
		f := o.family()
		peers = append(peers, resident(f["peer"]))
		if pid, ok := f["orderer"]; ok {
			orderers = append(orderers, resident(pid))
		}
	}
	b.add(result{name: "ledger: a peer's memory", unit: "MiB RSS", runs: peers, most: 150})
	b.add(result{name: "ledger: an orderer's memory", unit: "MiB RSS", runs: orderers, most: 110})
	return nil
}

// embeddedAlone records on an embedded ledger, a transaction after the other.
func embeddedAlone(ctx context.Context, file string) (ms, cpu float64, err error) {
	cc, err := contract.New()
	if err != nil {
		return 0, 0, err
	}
	l, err := embedded.Open(ctx, embedded.Config{File: file, Contract: cc, Now: time.Now})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	who, err := embedded.KeepIdentity(file+".pem", "bench.example", time.Now())
	if err != nil {
		return 0, 0, err
	}
	c, err := l.As(who, time.Now)
	if err != nil {
		return 0, 0, err
	}
	in, client := contract.Registration{Node: "bench.example", Name: "Bench", Owner: "ada", LogKey: &contract.Digest{1}, SettlementKey: &contract.Digest{2}}, contract.Client{Ledger: c}
	if _, err := client.RegisterNode(ctx, "register", in); err != nil {
		return 0, 0, err
	}
	const n = 200
	in.LogKey, in.SettlementKey = nil, nil
	self := node{cmd: &exec.Cmd{Process: &os.Process{Pid: syscall.Getpid()}}}
	began, before := time.Now(), self.cpu()
	for i := range n {
		in.Name = fmt.Sprintf("Bench %d", i)
		if _, err := client.UpdateNode(ctx, fmt.Sprintf("rename-%d", i), in); err != nil {
			return 0, 0, err
		}
	}
	return float64(time.Since(began).Microseconds()) / 1000 / n, float64((self.cpu() - before).Microseconds()) / 1000 / n, nil
}
