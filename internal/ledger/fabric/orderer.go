package fabric

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
	"github.com/michaelperna/9ten/internal/ledger/fabric/org"
)

// Ordering is an orderer's own word on a channel, from its participation API.
// An orderer that is well may still order nothing: Relation says whether it is
// one of those who do.
type Ordering struct {
	Relation string `json:"consensusRelation"` // "consenter", "follower" ...
	Status   string `json:"status"`            // "active", "onboarding" ...
	Height   uint64 `json:"height"`
}

// participation calls the own orderer's channel participation API, which
// listens on the loopback address and asks for the organisation's certificate.
func (h *Home) participation(ctx context.Context, method, path, kind string, body io.Reader) (int, []byte, error) {
	roots, err := h.org.Pool()
	if err != nil {
		return 0, nil, err
	}
	cert, err := h.org.TLS(org.Admin)
	if err != nil {
		return 0, nil, err
	}
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}}
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

// ordering asks the own orderer about a channel, NotFound when it is not in it.
func (h *Home) ordering(ctx context.Context, name string) (o Ordering, err error) {
	code, b, err := h.participation(ctx, http.MethodGet, "/"+name, "", nil)
	switch {
	case err != nil:
		return o, err
	case code == http.StatusNotFound:
		return o, fault.New(fault.NotFound, "The node's orderer is not in the channel %s.", name)
	case code != http.StatusOK:
		return o, fault.Wrap(fmt.Errorf("%d %s", code, b), fault.Unavailable, "The node's orderer does not say how it stands.")
	}
	return o, json.Unmarshal(b, &o)
}

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
