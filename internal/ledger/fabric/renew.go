package fabric

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// daily is how often a running node looks for certificates that end soon.
const daily = 24 * time.Hour

// Renew renews the certificates that end within 60 days, or all with force, with
// the same keys: nobody has to be told. The children restart with them, the
// node's own calls go on over the old connection until they are answered. It
// returns what was renewed.
func (h *Home) Renew(force bool) ([]org.Certificate, error) {
	renew := h.org.RenewDue
	if force {
		renew = h.org.RenewAll
	}
	done, err := renew()
	if err != nil {
		return done, fmt.Errorf("renewing certificates: %w", err)
	}
	for _, c := range done {
		h.cfg.Log.Info("certificate renewed", "of", string(c.Role), "use", c.Use, "ended", c.Ends)
	}
	return done, h.refresh()
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

// renewing renews early for as long as the node runs.
func (h *Home) renewing(ctx context.Context) error {
	for {
		if _, err := h.Renew(false); err != nil {
			h.cfg.Log.Error("certificates could not be renewed; it is tried again tomorrow", "err", err)
		}
		t := time.NewTimer(daily)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
	}
}
