package fabric

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/michaelperna/9ten/internal/contract"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/network"
)

// Seen is a channel's configuration and what its members have not concluded, as
// the running node last saw it: it asks nobody, so it is there while the ledger
// is away. It is false before the node saw the channel.
func (h *Home) Seen(name string) (channel.Config, []contract.Intent, bool) {
	v, ok := h.seen(name)
	return v.config, v.intents, ok
}

// Known is the newest configuration of a channel that the node has seen, at this
// start or before. It asks nobody either.
func (h *Home) Known(name string) (channel.Config, error) { return h.known(name) }

// Version is the version of the contract that a channel runs, as the running node
// last saw it, "" before that; and the newer one that this binary would move to, if
// it has one. Of what is newer than a version it does not know it knows nothing.
func (h *Home) Version(name string) (runs, newer string) {
	v, _ := h.seen(name)
	runs = v.contract.GetVersion()
	last := len(h.cfg.Contracts) - 1
	if i := h.knowing(runs); i >= 0 && i < last {
		newer = h.cfg.Contracts[last].Version
	}
	return runs, newer
}

// knowing is where a version is among those of this binary, the oldest first; -1
// where it is not.
func (h *Home) knowing(version string) int {
	return slices.IndexFunc(h.cfg.Contracts, func(c Contract) bool { return c.Version == version })
}

// Majorities are those that an intent of a kind takes, and how many of who
// approved count towards each.
func Majorities(i contract.Intent, cfg channel.Config, who []string) ([]network.Quorum, error) {
	var out []network.Quorum
	count := func(of string, all []string) {
		have := 0
		for _, x := range all {
			if slices.Contains(who, x) {
				have++
			}
		}
		out = append(out, network.Quorum{Of: of, Have: have, Need: channel.Majority(len(all))})
	}
	k, update := kinds[i.Kind]
	if !update {
		validators, err := cfg.Validators()
		if err != nil {
			return nil, err
		}
		count(network.Validators, validators)
		return out, nil
	}
	if k.members(cfg, i.Subject) {
		members, err := cfg.Members()
		if err != nil {
			return nil, err
		}
		count(network.Members, names(members))
	}
	if k.orderers(cfg, i.Subject) {
		orderers, err := cfg.Consenters()
		if err != nil {
			return nil, err
		}
		count(network.Orderers, names(orderers))
	}
	return out, nil
}

func names[T interface{ Name() string }](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = x.Name()
	}
	return out
}

// met reports whether there is a majority of everybody it takes.
func met(q []network.Quorum) bool {
	return !slices.ContainsFunc(q, func(x network.Quorum) bool { return !x.Met() })
}

// Servers are the children the node wants to run and how each is, in whatever
// process the node runs. Each has a second to say so.
func (h *Home) Servers(ctx context.Context) ([]network.Server, error) {
	ctx, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	list, err := h.child.Recall()
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(s child.Status) bool { return !h.child.Wanted(s.Role) })
	out := make([]network.Server, len(list))
	var all sync.WaitGroup
	for i, s := range list {
		all.Go(func() {
			out[i] = network.Server{Role: string(s.Role), Since: s.Since, Crashes: s.Crashes}
			switch err := h.child.Alive(ctx, s.Role); {
			case err == nil:
				out[i].Well = true
			case s.PID == 0 && s.Crash() != nil:
				out[i].Trouble = s.Crash().Reason
			default:
				out[i].Trouble = fault.Message(err)
			}
		})
	}
	all.Wait()
	return out, nil
}
