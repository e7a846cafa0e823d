package fabric

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/doctor"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// A running node looks often for certificates that end soon, because its orderer
// takes up a new one only when that stops nobody.
const (
	looksAtCertificates = 10 * time.Minute
	// turnToRestart is how long it is one orderer's turn, after which it is the next's.
	turnToRestart = time.Hour
	// atLast is when an orderer no longer waits until all others are well: without
	// a certificate it would not order either.
	atLast = 7 * 24 * time.Hour
)

// Renew renews the certificates that end within 60 days, or all with force, with
// the same keys: nobody has to be told. The children restart with them, the
// node's own calls go on over the old connection until they are answered. It
// returns what was renewed.
func (h *Home) Renew(force bool) ([]org.Certificate, error) {
	renew := func() ([]org.Certificate, error) { return h.org.RenewDue() }
	if force {
		renew = h.org.RenewAll
	}
	return h.renew(renew)
}

func (h *Home) renew(renew func() ([]org.Certificate, error)) ([]org.Certificate, error) {
	done, err := renew()
	if err != nil {
		return done, fmt.Errorf("renewing certificates: %w", err)
	}
	for _, c := range done {
		h.cfg.Log.Info("certificate renewed", "of", string(c.Role), "use", c.Use, "ended", c.Ends)
	}
	return done, h.refresh()
}

// FirstToEnd is when the first of the node's certificates ends, and in how many
// whole days.
func (h *Home) FirstToEnd() (ends time.Time, days int, err error) {
	all, err := h.org.Certificates()
	if err != nil {
		return ends, 0, err
	}
	ends = all[0].Ends
	return ends, int(ends.Sub(h.cfg.Now()) / (24 * time.Hour)), nil
}

// Ending is what the doctor says of the node's certificates.
func (h *Home) Ending() ([]doctor.Finding, error) {
	all, err := h.org.Certificates()
	return doctor.Certificates(all, h.cfg.Now()), err
}

// refresh connects to the own peer anew when the administrator's certificates
// are others now, whoever renewed them.
func (h *Home) refresh() error {
	as, err := h.credentials()
	if err != nil {
		return err
	}
	admin, err := h.org.SignCert(org.Admin)
	if err != nil {
		return err
	}
	_, id, hash := h.peer()
	if bytes.Equal(certHash(as.Certificates[0]), hash) && bytes.Equal(id.Credentials(), admin) {
		return nil
	}
	h.wakeChildren()
	return h.connect()
}

// renewEarly renews as the running node does it by itself: its orderer's
// certificate only when the orderer may restart. Those of all nodes of a network
// that was founded in a day end in a day.
func (h *Home) renewEarly(ctx context.Context) error {
	var but []org.Role
	may, unknown := h.mayRestart(ctx)
	if !may {
		but = append(but, org.Orderer)
	}
	_, err := h.renew(func() ([]org.Certificate, error) { return h.org.RenewDue(but...) })
	return errors.Join(unknown, err)
}

// mayRestart reports whether the node's orderer may stop for a moment: it is its
// turn among those who order, and all others are well, in every channel. One that
// is not wanted, or whose certificate has ended, stops nobody.
func (h *Home) mayRestart(ctx context.Context) (bool, error) {
	all, err := h.org.Certificates()
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(all, func(c org.Certificate) bool { return c.Role == org.Orderer && c.Use == "tls" })
	left := all[i].Ends.Sub(h.cfg.Now())
	if left > org.Early || left <= 0 || !h.child.Wanted(child.Orderer) {
		return true, nil // there is nothing to restart for, or nothing to lose
	}
	h.mu.Lock()
	channels := slices.Clone(h.rec.Channels)
	h.mu.Unlock()
	for _, name := range channels {
		cfg, err := h.known(name)
		if err != nil {
			return false, err
		}
		if _, orders := cfg.Orders(h.cfg.Node); !orders {
			continue
		}
		list, err := cfg.Consenters()
		if err != nil {
			return false, err
		}
		if !turns(h.cfg.Now(), names(list), h.cfg.Node) {
			return false, nil
		}
		heard, err := h.hear(ctx, name, cfg)
		if err != nil {
			return false, err
		}
		ill := func(x hearing) bool {
			return x.who.MSP != h.cfg.Node && (x.err != nil || x.config.Sequence < cfg.Sequence)
		}
		if left > atLast && slices.ContainsFunc(heard, ill) {
			return false, nil
		}
	}
	return true, nil
}

// turns reports whether it is a node's turn: every node has one, one after the
// other, and no two at once while their clocks agree.
func turns(now time.Time, nodes []string, self string) bool {
	slices.Sort(nodes)
	n := int64(len(nodes))
	return nodes[now.Unix()/int64(turnToRestart/time.Second)%n] == self
}

// renewing renews early for as long as the node runs.
func (h *Home) renewing(ctx context.Context) error {
	for {
		if err := h.renewEarly(ctx); err != nil && ctx.Err() == nil {
			h.cfg.Log.Error("certificates could not be renewed; it is tried again", "in", looksAtCertificates, "err", err)
		}
		t := time.NewTimer(looksAtCertificates)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
	}
}
