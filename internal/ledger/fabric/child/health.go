package child

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
)

// answerIn bounds how long a child may take to say how it is: it runs on this
// machine and has nothing to look up.
const answerIn = 5 * time.Second

// Alive asks a child whether it serves and whether what it depends on is
// well. An orderer that fell out of its channel says yes: see [Config.Ordering].
// Faults: Unavailable, with the reason.
func (c Config) Alive(ctx context.Context, r Role) error {
	var answer struct {
		Failed []struct{ Component, Reason string } `json:"failed_checks"`
	}
	status, err := ask(ctx, http.DefaultTransport, "http://"+c.operations(r)+"/healthz", &answer)
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Unavailable, "Fabric's %s does not answer.", r)
	case len(answer.Failed) > 0:
		return fault.New(fault.Unavailable, "Fabric's %s is not well: %s: %s.", r, answer.Failed[0].Component, short(answer.Failed[0].Reason, maxField))
	case status != http.StatusOK:
		return fault.New(fault.Unavailable, "Fabric's %s is not well and does not say why (HTTP %d).", r, status)
	}
	return nil
}

// answers reports whether a child says how it is, well or not.
func (c Config) answers(ctx context.Context, r Role) bool {
	var any json.RawMessage
	_, err := ask(ctx, http.DefaultTransport, "http://"+c.operations(r)+"/healthz", &any)
	return err == nil
}

// Running reports whether the process of a status is there and this home's child:
// it may have ended with its node, and another have its number. Only Linux tells.
func (c Config) Running(s Status) bool {
	at, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", s.PID))
	if err != nil {
		return false
	}
	home, err := filepath.EvalSymlinks(c.Home)
	return err == nil && at == home // where [child.command] starts it
}

// Ordering is an orderer's part in the channel.
type Ordering struct {
	Relation string `json:"relation"` // consenter: it orders; follower: it only copies
	Status   string `json:"status"`   // active, onboarding (still copying), inactive, failed
	Height   uint64 `json:"height"`   // blocks it has
}

// Orders reports whether the orderer takes part in ordering.
func (o Ordering) Orders() bool { return o.Relation == "consenter" && o.Status == "active" }

// Ordering asks the node's orderer for its part in the channel, as the
// organisation's administrator: trust has a certificate of the organisation
// and its authority for servers. Faults: NotFound when the
// orderer is not in the channel, Unavailable when it does not answer.
func (c Config) Ordering(ctx context.Context, trust *tls.Config) (Ordering, error) {
	t := &http.Transport{TLSClientConfig: trust.Clone(), DisableKeepAlives: true}
	t.TLSClientConfig.ServerName = c.Host // its certificate is for how others call it
	var o struct {
		Relation string `json:"consensusRelation"`
		Status   string `json:"status"`
		Height   uint64 `json:"height"`
	}
	status, err := ask(ctx, t, "https://"+loopback(c.Ports().Admin)+"/participation/v1/channels/"+url.PathEscape(c.Channel), &o)
	switch {
	case err != nil:
		return Ordering{}, fault.Wrap(err, fault.Unavailable, "Fabric's %s does not answer.", Orderer)
	case status == http.StatusNotFound:
		return Ordering{}, fault.New(fault.NotFound, "Fabric's orderer is not in the channel %s.", c.Channel)
	case status != http.StatusOK:
		return Ordering{}, fault.New(fault.Unavailable, "Fabric's orderer does not say what it does in the channel %s (HTTP %d).", c.Channel, status)
	}
	return Ordering(o), nil
}

// ask gets a JSON answer, whatever its status.
func ask(ctx context.Context, t http.RoundTripper, url string, answer any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := t.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return 0, err
	}
	if err := json.Unmarshal(body, answer); err != nil && res.StatusCode == http.StatusOK {
		return 0, fmt.Errorf("not an answer of Fabric's: %w", err)
	}
	return res.StatusCode, nil
}
