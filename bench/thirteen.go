package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// thirteen measures the largest network that keeps to one channel: four found it
// together and order, nine join one after the other, and all of them endorse.
func thirteen(ctx context.Context, b *bench) (err error) {
	ctx, stop := context.WithTimeout(ctx, 15*time.Minute)
	defer stop()
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"}
	net, err := b.organise(ctx, 20300, names...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.stop()) }()
	founders := net[:len(four)]
	if _, _, err := founders.begin(ctx); err != nil {
		return err
	}
	var joins []float64
	for i := len(founders); i < len(net); i++ {
		took, err := net[i].join(ctx, net[:i])
		if err != nil {
			return fmt.Errorf("%s joins: %w", net[i].id, err)
		}
		joins = append(joins, took.Seconds())
	}
	b.add(result{name: "13 organisations: from the last approval until the newcomer records", unit: "s", runs: joins, beside: "four found the network together and order, nine join one after the other"})
	idle, err := net.idle(ctx) // by then all have asked to endorse
	if err != nil {
		return err
	}
	n, err := net[0].endorsing(ctx)
	if err != nil {
		return err
	}
	if n != len(net) {
		return fmt.Errorf("%d of %d endorse", n, len(net))
	}
	percent := float64(idle.sum().Microseconds()) / 1e4 / float64(len(net))
	b.add(result{name: "13 organisations: CPU of an idle network, each", unit: "% of a core", runs: []float64{percent}, beside: "ms a second: " + idle.over(float64(len(net))).String()})
	w, err := net.load(ctx, 0)
	if err != nil {
		return err
	}
	peers, _ := net.memory()
	_, orderers := founders.memory()
	b.add(result{name: "13 organisations: CPU a transaction over all, under load", unit: "CPU ms", runs: []float64{w.each(idle)}, beside: fmt.Sprintf("less what the network uses when idle; %d endorse each; %d clients, %s", len(net)/2+1, clients, w.told(idle))})
	after := fmt.Sprintf("after %d transactions under load", sent)
	b.add(result{name: "13 organisations: a peer's memory", unit: "MiB RSS", runs: peers, beside: after})
	b.add(result{name: "13 organisations: an orderer's memory", unit: "MiB RSS", runs: orderers, beside: after})
	return nil
}

// endorsing is how many members endorse, as the node says.
func (o *organisation) endorsing(ctx context.Context) (n int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url+"/ledgerz", nil) // what `9ten ledger status` shows
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s does not say where it stands: %s", o.id, res.Status)
	}
	var s struct {
		Membership struct{ Members []struct{ Endorses bool } }
	}
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		return 0, err
	}
	for _, m := range s.Membership.Members {
		if m.Endorses {
			n++
		}
	}
	return n, nil
}
