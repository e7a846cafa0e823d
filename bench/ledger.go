package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/embedded"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/money"
)

// ledger measures networks of nodes, each with processes of its own, and the
// embedded ledger beside them.
func ledger(ctx context.Context, b *bench) error {
	ctx, stop := context.WithTimeout(ctx, 15*time.Minute)
	defer stop()
	var alone []float64
	for i := range min(3, b.rounds) {
		one, err := b.organise(ctx, 20000+6*i, "alone")
		if err != nil {
			return err
		}
		took, err := one[0].found(ctx)
		if err := errors.Join(err, one.stop()); err != nil {
			return err
		}
		alone = append(alone, took.Seconds())
	}
	b.add(result{name: "ledger: nothing to the first transaction, alone", unit: "s", runs: alone, most: 3, beside: "certificates, first block, start of 9ten, peer and orderer, contract, and the node entered on the ledger"})
	if err := b.together(ctx); err != nil {
		return err
	}
	return b.joined(ctx)
}

// four are the organisations of a network.
var four = []string{"a", "b", "c", "d"}

// together measures four organisations that found a network at once, and what it
// costs from then on.
func (b *bench) together(ctx context.Context) error {
	rounds := min(3, b.rounds)
	var first, all []float64
	for round := range rounds {
		net, err := b.organise(ctx, 20060+24*round, four...)
		if err != nil {
			return err
		}
		last := round+1 == rounds
		if last {
			if err := net[len(net)-1].playMonth(ctx); err != nil {
				return err
			}
		}
		one, every, err := net.begin(ctx)
		if err == nil {
			first, all = append(first, one.Seconds()), append(all, every.Seconds())
		}
		if err == nil && last {
			b.add(result{name: "ledger: nothing to the first transaction, four organisations", unit: "s", runs: first, most: 6, beside: "they found it together, by files: four orderers, all four endorse; until all have recorded their processes use, in ms of CPU: " + net.spent().String()})
			b.add(result{name: "ledger: until all four have recorded", unit: "s", runs: all})
			err = b.costs(ctx, net)
		}
		if err := errors.Join(err, net.stop()); err != nil {
			return err
		}
	}
	return nil
}

// begin founds the network and tells after how long the first node, and all of
// them, were entered on the ledger.
func (all league) begin(ctx context.Context) (first, every time.Duration, err error) {
	began := time.Now()
	if err := all.foundTogether(ctx); err != nil {
		return 0, 0, err
	}
	w, err := all[0].witness(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer w.stop()
	for n := range all {
		s, ok := w.next(ctx, time.Minute)
		for ok && s.Name != "node" {
			s, ok = w.next(ctx, time.Minute)
		}
		if !ok {
			return 0, 0, errors.Join(fmt.Errorf("%d of %d nodes are on the ledger after a minute", n, len(all)), ctx.Err())
		}
		if every = s.at.Sub(began); n == 0 {
			first = every
		}
	}
	return first, every, nil
}

// joined measures organisations that join a network one after the other.
func (b *bench) joined(ctx context.Context) error {
	net, err := b.organise(ctx, 20160, four...)
	if err != nil {
		return err
	}
	began := time.Now()
	_, err = net[0].found(ctx)
	var joins []float64
	for i := 1; i < len(net) && err == nil; i++ {
		var took time.Duration
		took, err = net[i].join(ctx, net[:i])
		joins = append(joins, took.Seconds())
	}
	took := time.Since(began)
	if err := errors.Join(err, net.stop()); err != nil {
		return err
	}
	b.add(result{name: "ledger: from the last approval until the newcomer records", unit: "s", runs: joins, most: 6})
	b.add(result{name: "ledger: nothing to the fourth organisation's first transaction", unit: "s", runs: []float64{took.Seconds()}, beside: "founded by one, then three join one after the other, by the commands an operator types"})
	return nil
}

// costs looks how the last organisation's days arrive at the first one, and what
// the processors and the memory give for it: idle, one transaction after the
// other, and many at once.
func (b *bench) costs(ctx context.Context, net league) error {
	gaps, busy, err := net.days(ctx)
	if err != nil {
		return err
	}
	own, _, err := embeddedAlone(ctx, filepath.Join(b.dir, "yardstick.db"))
	if err != nil {
		return err
	}
	b.add(result{name: "ledger: AnchorDay until it is in another organisation's copy", unit: "ms", runs: gaps, most: float64((channel.BatchTimeout + 150*time.Millisecond).Milliseconds()), beside: fmt.Sprintf("the embedded ledger: %s ms", number(own))})

	idle, err := net.idle(ctx)
	if err != nil {
		return err
	}
	percent := float64(idle.sum().Microseconds()) / 1e4 / float64(len(net))
	b.add(result{name: "ledger: CPU of an idle network, each organisation", unit: "% of a core", runs: []float64{percent}, most: 3, beside: "ms a second: " + idle.over(float64(len(net))).String()})

	b.add(result{name: "ledger: CPU a transaction over four organisations, one at a time", unit: "CPU ms", runs: []float64{busy.each(idle)}, beside: fmt.Sprintf("%d in %.0f s, each alone in its block, less what the network uses when idle; %s", busy.n, busy.took.Seconds(), busy.net(idle))})

	return b.underLoad(ctx, net, idle)
}

// underLoad looks what many at once cost a network that uses so much when idle, in
// turn with a bare contract.
func (b *bench) underLoad(ctx context.Context, net league, idle bill) error {
	books, stop, err := net.openBare(ctx, b.dir)
	if err != nil {
		return err
	}
	defer stop()
	var ours, theirs, over []float64 // CPU ms a transaction, and their ratio
	var load, plain work             // of all turns
	var peers, orderers []float64    // their memory, after the first
	for turn := range turns {
		w, err := net.load(ctx, turn)
		if err != nil {
			return err
		}
		load.add(w)
		x, err := net.bareLoad(ctx, books, turn)
		if err != nil {
			return err
		}
		plain.add(x)
		ours, theirs = append(ours, w.each(idle)), append(theirs, x.each(idle))
		over = append(over, ours[turn]/theirs[turn])
		if turn == 0 {
			peers, orderers = net.memory()
		}
	}
	fullPeers, fullOrderers := net.memory()
	_, own, err := embeddedAlone(ctx, filepath.Join(b.dir, "yardstick-2.db"))
	if err != nil {
		return err
	}
	check, err := checks(aP256)
	if err != nil {
		return err
	}
	b.add(result{name: "ledger: CPU a transaction over four organisations, under load", unit: "CPU ms", runs: ours, most: 15, beside: fmt.Sprintf("less what the network uses when idle; %d clients, %s; the embedded ledger: %s", clients, load.told(idle), number(own))})
	checked := make([]float64, turns)
	for i, ms := range ours {
		checked[i] = ms * float64(time.Millisecond) / float64(check)
	}
	b.add(result{name: "ledger: the same as checked signatures", unit: "×", runs: checked, most: signatures, beside: fmt.Sprintf("an ECDSA signature (P-256) checked while every core checks some: %s ms of CPU", number(float64(check.Microseconds())/1000))})
	b.add(result{name: "ledger: the same over a bare contract", unit: "×", runs: over, most: 1.43, beside: fmt.Sprintf("a contract that puts a value under a key, on the same peers and orderers in turn, by as many clients through Fabric's gateway: %s (%s – %s) ms, %s", number(median(theirs)), number(slices.Min(theirs)), number(slices.Max(theirs)), plain.told(idle))})
	first, full := fmt.Sprintf("after %d transactions under load", 2*sent), fmt.Sprintf("the same after %d: it keeps the newest 50 MB of blocks", 2*sent*turns)
	b.add(result{name: "ledger: a peer's memory", unit: "MiB RSS", runs: peers, most: 150, beside: first})
	b.add(result{name: "ledger: a peer's memory, later", unit: "MiB RSS", runs: fullPeers, beside: full})
	b.add(result{name: "ledger: an orderer's memory", unit: "MiB RSS", runs: orderers, most: 110, beside: first})
	b.add(result{name: "ledger: an orderer's memory, later", unit: "MiB RSS", runs: fullOrderers, beside: full})
	return nil
}

// memory is that of all peers and of all orderers, in MiB.
func (all league) memory() (peers, orderers []float64) {
	for _, o := range all {
		f := o.family()
		peers, orderers = append(peers, resident(f["peer"])), append(orderers, resident(f["orderer"]))
	}
	return peers, orderers
}

// work is what n transactions took.
type work struct {
	n    int
	took time.Duration
	used bill
}

func (w *work) add(more work) {
	if w.used == nil {
		w.used = bill{}
	}
	w.n, w.took = w.n+more.n, w.took+more.took
	for k, v := range more.used {
		w.used[k] += v
	}
}

// net is what one transaction took, less what the network uses when idle.
func (w work) net(idle bill) bill { return w.used.since(bill{}, idle, w.took).over(float64(w.n)) }

// each is that in milliseconds of CPU.
func (w work) each(idle bill) float64 { return float64(w.net(idle).sum().Microseconds()) / 1000 }

func (w work) told(idle bill) string {
	return fmt.Sprintf("%s a second; %s", number(float64(w.n)/w.took.Seconds()), w.net(idle))
}

// days are the times from one day of the last organisation to its next in the
// first one's copy, and what all that was recorded meanwhile took.
func (all league) days(ctx context.Context) (gaps []float64, w work, err error) {
	at, err := all[0].witness(ctx)
	if err != nil {
		return nil, w, err
	}
	defer at.stop()
	id, last := all[len(all)-1].id, calendar.DayOf(time.Now()).Add(-1)
	var before time.Time
	var was bill
	for {
		s, ok := at.next(ctx, time.Minute)
		if !ok {
			return nil, w, errors.Join(fmt.Errorf("the days of %s do not arrive", id), ctx.Err())
		}
		var a contract.Anchor
		if s.Name != "anchor" || json.Unmarshal(s.Payload, &a) != nil || a.Node != id {
			w.n++
			continue
		}
		if before.IsZero() {
			w, was = work{}, all.spent()
		} else {
			gaps, w.n, w.took = append(gaps, float64(s.at.Sub(before).Milliseconds())), w.n+1, w.took+s.at.Sub(before)
		}
		if before = s.at; a.Day == last {
			w.used = all.spent().since(was, nil, 0)
			return gaps, w, nil
		}
	}
}

// rests is how long nothing must have been recorded for a network to be idle,
// and watched how long it is looked at then.
const (
	rests   = 10 * time.Second
	watched = 20 * time.Second
)

// idle is what the network uses in a second in which nothing happens.
func (all league) idle(ctx context.Context) (bill, error) {
	w, err := all[0].witness(ctx)
	if err != nil {
		return nil, err
	}
	for ok := true; ok; {
		_, ok = w.next(ctx, rests)
	}
	w.stop()
	began, was := time.Now(), all.spent()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(watched):
	}
	return all.spent().since(was, nil, 0).over(time.Since(began).Seconds()), nil
}

// clients is how many send at once, sent how much they send together in a turn, and
// turns how often they do, with the bare contract in between.
const (
	clients = 128
	sent    = 1500
	turns   = 3
)

// load has many clients record days' payments at all organisations but the last,
// whose past is settled; its peer and orderer work like the others'. What the
// clients use is part of the bill: in earnest the nodes do it.
func (all league) load(ctx context.Context, turn int) (w work, err error) {
	books := make([]contract.Client, len(all))
	for i, o := range all {
		c, conn, err := o.client()
		if err != nil {
			return w, err
		}
		defer conn.Close()
		books[i] = contract.Client{Ledger: c}
	}
	self := node{cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
	bill := func() bill {
		b := all.spent()
		b["clients"] = self.cpu()
		return b
	}
	early := calendar.DayOf(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Add(turn * sent) // long before what the nodes record themselves
	began, was := time.Now(), bill()
	var next atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	for range clients {
		g.Go(func() error {
			for {
				n := next.Add(1)
				if n > sent {
					return nil
				}
				i := int(n) % (len(all) - 1)
				in := contract.DayPayments{Node: all[i].id, Day: early.Add(int(n)), Declared: contract.Digest{1}, DeclaredCount: 1, Received: money.Micro(n)}
				for again := true; again; {
					_, err := books[i].RecordPayments(gctx, fmt.Sprintf("bench-%d-%d", turn, n), in)
					if again = fault.Is(err, fault.Unavailable) && gctx.Err() == nil; err != nil && !again { // as the job queue does
						return fmt.Errorf("payments %d of %s: %w", n, all[i].id, err)
					}
				}
			}
		})
	}
	err = g.Wait()
	return work{sent, time.Since(began), bill().since(was, nil, 0)}, err
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
