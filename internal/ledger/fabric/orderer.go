package fabric

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/child"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// credentials are how the node's administrator talks to its own servers.
func (h *Home) credentials() (*tls.Config, error) {
	roots, err := h.org.Pool()
	if err != nil {
		return nil, err
	}
	cert, err := h.org.TLS(org.Admin)
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, err
}

// credentialsFor are those with which the node connects to a server of another
// organisation: it is known by that organisation's TLS authority alone, so no
// other member can answer in its place.
func (h *Home) credentialsFor(authority []byte) (*tls.Config, error) {
	c, err := h.credentials()
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	c.RootCAs.AppendCertsFromPEM(authority)
	return c, nil
}

// participation calls the own orderer's channel participation API, which
// listens on the loopback address and asks for the organisation's certificate.
func (h *Home) participation(ctx context.Context, method, path, kind string, body io.Reader) (int, []byte, error) {
	c, err := h.credentials()
	if err != nil {
		return 0, nil, err
	}
	t := &http.Transport{TLSClientConfig: c}
	defer t.CloseIdleConnections()
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	url := fmt.Sprintf("https://127.0.0.1:%d/participation/v1/channels%s", h.child.Ports().Admin, path)
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0, nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := (&http.Client{Transport: t}).Do(r)
	if err != nil {
		return 0, nil, fault.Wrap(err, fault.Unavailable, "The node's orderer does not answer yet.")
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	return answer.StatusCode, b, err
}

// Ordering asks the own orderer about a channel, NotFound when it is not in it.
// An orderer that is well may still order nothing: the answer says so.
func (h *Home) Ordering(ctx context.Context, name string) (child.Ordering, error) {
	t, err := h.credentials()
	if err != nil {
		return child.Ordering{}, err
	}
	c := h.child
	c.Channel = name
	return c.Ordering(ctx, t)
}

// orders reports whether the node has an orderer in the channel, by the newest
// configuration it knows.
func (h *Home) orders(name string, v *view) (bool, error) {
	_, cfg, err := h.latest(name, v)
	if err != nil {
		return false, err
	}
	_, yes := cfg.Orders(h.cfg.Node)
	return yes, nil
}

// latest is the newest configuration the node has seen, now or before.
func (h *Home) latest(name string, v *view) (*cb.Block, channel.Config, error) {
	if v.block != nil {
		return v.block, v.config, nil
	}
	b, err := h.newest(name)
	if err != nil {
		return nil, channel.Config{}, err
	}
	cfg, err := channel.Read(b)
	return b, cfg, err
}

// stepOrderer has the node's orderer take its place in the channel, in a new one
// once the others are there. What needs no orderer does not wait for them: the peer
// has the channel's first block, and by that the node knows who its members are.
func (h *Home) stepOrderer(ctx context.Context, name string, v *view) (bool, error) {
	v.waits = nil
	b, cfg, err := h.latest(name, v)
	if err != nil {
		return false, err
	}
	if _, orders := cfg.Orders(h.cfg.Node); !orders {
		return false, nil
	}
	if _, err := h.Ordering(ctx, name); !fault.Is(err, fault.NotFound) {
		return false, err
	}
	if b.GetHeader().GetNumber() == 0 {
		if v.waits = h.awaitOrderers(ctx, name, v, cfg); v.waits != nil {
			return false, nil
		}
	}
	h.seat.Lock()
	defer h.seat.Unlock()
	if !h.in(name) { // it has just left
		return false, nil
	}
	return true, h.joinOrderer(ctx, b)
}

// stepWait tells that the own orderer waits with its place in a channel whose ledger
// works without it.
func (h *Home) stepWait(_ context.Context, _ string, v *view) (bool, error) { return false, v.waits }

// joinOrderer has the own orderer join a channel by its first block, or by its
// newest configuration: then it fetches what came before from the others.
func (h *Home) joinOrderer(ctx context.Context, b *cb.Block) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("config-block", "config.block")
	if err != nil {
		return err
	}
	if _, err := part.Write(channel.EncodeBlock(b)); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	code, answer, err := h.participation(ctx, http.MethodPost, "", form.FormDataContentType(), &body)
	if err == nil && code != http.StatusCreated {
		err = fault.Wrap(fmt.Errorf("%d %s", code, answer), fault.Unavailable, "The node's orderer could not join the channel.")
	}
	return err
}

// leaveOrderer takes the own orderer out of a channel and deletes what it kept
// of it; the peer keeps everything.
func (h *Home) leaveOrderer(ctx context.Context, name string) error {
	code, answer, err := h.participation(ctx, http.MethodDelete, "/"+name, "", nil)
	if err == nil && code != http.StatusNoContent && code != http.StatusNotFound {
		err = fault.Wrap(fmt.Errorf("%d %s", code, answer), fault.Unavailable, "The node's orderer could not leave the channel.")
	}
	return err
}
