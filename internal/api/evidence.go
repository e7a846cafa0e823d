package api

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/problem"
)

// LedgerAnchor is a state of the log as the ledger holds it.
type LedgerAnchor struct {
	Day  string `json:"day"`
	Size uint64 `json:"size" doc:"Leaves"`
	Root []byte `json:"root" doc:"SHA-256, base64"`
}

// LedgerSettlement is a month as the ledger holds it.
type LedgerSettlement struct {
	Period     string `json:"period"`
	Settlement []byte `json:"settlement" doc:"Canonical bytes, base64"`
	Review     string `json:"review" doc:"Who else has recomputed it"`
	Tx         string `json:"tx,omitempty" doc:"The transaction that recorded it, where a node was named"`
}

// AnchoredDay is a day of a node's log as the ledger holds it.
type AnchoredDay struct {
	Node string `json:"node"`
	Day  string `json:"day"`
	Size uint64 `json:"size" doc:"Leaves"`
	Root []byte `json:"root" doc:"SHA-256, base64"`
	Tx   string `json:"tx" doc:"The transaction that recorded it"`
}

// A Witness answers for every node that records on it, not only for this one.
type Witness interface {
	// Settled is a node's settlement of a period; NotFound, Unavailable.
	Settled(ctx context.Context, node string, p calendar.Period) (LedgerSettlement, error)
	// Anchored is a node's anchor of a day; NotFound, Unavailable.
	Anchored(ctx context.Context, node string, d calendar.Day) (AnchoredDay, error)
	// Blocks are what shows that a transaction is on the ledger: the channel's
	// first block, its configurations and the transaction's block, in the form of
	// docs/protocol/receipts.md, to be closed. Unsupported where the ledger has no blocks.
	Blocks(ctx context.Context, tx string) (io.ReadCloser, error)
}

type settlementRef struct {
	Period string `path:"period" doc:"2026-10"`
	Node   string `query:"node" maxLength:"253" doc:"Whose; this node's when it is missing"`
}

type anchorRef struct {
	Node string `path:"node" maxLength:"253" doc:"The node's id"`
	Day  string `path:"day" doc:"2026-10-07"`
}

type txRef struct {
	Tx string `path:"tx" pattern:"^[0-9a-f]{64}$" doc:"A transaction's id"`
}

type sizeRef struct {
	Size uint64 `path:"size" doc:"Leaves of the log" minimum:"1" maximum:"9007199254740991"`
}

func (a *API) evidence(r *router) {
	const tag = "Evidence"
	add(r, operation{method: http.MethodGet, path: "/ledger/log/{size}", id: "get-ledger-anchor", tag: tag, summary: "The log at a size, as the ledger holds it"}, a.anchor)
	add(r, operation{method: http.MethodGet, path: "/ledger/settlements/{period}", id: "get-ledger-settlement", tag: tag, summary: "The settlement that stands for a month"}, a.settlement)
	add(r, operation{method: http.MethodGet, path: "/ledger/nodes/{node}/days/{day}", id: "get-anchored-day", tag: tag, summary: "A day of any node's log, as the ledger holds it"}, a.anchoredDay)
	add(r, operation{method: http.MethodGet, path: "/ledger/blocks/{tx}", id: "get-ledger-blocks", tag: tag, files: []string{"application/octet-stream"}, summary: "What shows offline that a transaction is on the ledger"}, a.blocks)
}

func (a *API) anchoredDay(ctx context.Context, in *anchorRef) (*output[AnchoredDay], error) {
	d, err := calendar.ParseDay(in.Day)
	if err != nil {
		return nil, err
	}
	x, err := a.Witness.Anchored(ctx, in.Node, d)
	if err != nil {
		return nil, err
	}
	return reply(x)
}

func (a *API) blocks(ctx context.Context, in *txRef) (*streamed, error) {
	f, err := a.Witness.Blocks(ctx, in.Tx)
	if err != nil {
		return nil, err
	}
	return &streamed{ContentType: "application/octet-stream", Disposition: `attachment; filename="` + in.Tx + `.blocks"`, Body: func(c huma.Context) {
		_, err := io.Copy(c.BodyWriter(), f)
		if err = errors.Join(err, f.Close()); err != nil && !problem.Gone(c.Context()) {
			a.Log.ErrorContext(c.Context(), "a file was broken off", "tx", in.Tx, "err", err)
		}
	}}, nil
}

// streamed is a file that may be larger than the memory.
type streamed struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        func(huma.Context)
}

func (a *API) anchor(ctx context.Context, in *sizeRef) (*output[LedgerAnchor], error) {
	x, err := a.Report.OnLedger(ctx, in.Size)
	if err != nil {
		return nil, err
	}
	return reply(LedgerAnchor{x.Day.String(), x.Size, x.Root[:]})
}

func (a *API) settlement(ctx context.Context, in *settlementRef) (*output[LedgerSettlement], error) {
	p, err := calendar.ParsePeriod(in.Period)
	if err != nil {
		return nil, err
	}
	if in.Node != "" {
		s, err := a.Witness.Settled(ctx, in.Node, p)
		if err != nil {
			return nil, err
		}
		return reply(s)
	}
	b, err := a.Report.Known.Settled(ctx, p)
	if err != nil {
		return nil, err
	}
	return reply(LedgerSettlement{Period: p.String(), Settlement: b, Review: "not independently reviewed"})
}
