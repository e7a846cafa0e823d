package api

import (
	"context"
	"net/http"

	"github.com/michaelperna/9ten/internal/calendar"
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
}

type sizeRef struct {
	Size uint64 `path:"size" doc:"Leaves of the log" minimum:"1" maximum:"9007199254740991"`
}

func (a *API) evidence(r *router) {
	const tag = "Evidence"
	add(r, operation{method: http.MethodGet, path: "/ledger/log/{size}", id: "get-ledger-anchor", tag: tag, summary: "The log at a size, as the ledger holds it"}, a.anchor)
	add(r, operation{method: http.MethodGet, path: "/ledger/settlements/{period}", id: "get-ledger-settlement", tag: tag, summary: "The settlement that stands for a month"}, a.settlement)
}

func (a *API) anchor(ctx context.Context, in *sizeRef) (*output[LedgerAnchor], error) {
	x, err := a.Report.OnLedger(ctx, in.Size)
	if err != nil {
		return nil, err
	}
	return reply(LedgerAnchor{x.Day.String(), x.Size, x.Root[:]})
}

func (a *API) settlement(ctx context.Context, in *periodRef) (*output[LedgerSettlement], error) {
	p, err := calendar.ParsePeriod(in.Period)
	if err != nil {
		return nil, err
	}
	b, err := a.Report.Known.Settled(ctx, p)
	if err != nil {
		return nil, err
	}
	return reply(LedgerSettlement{p.String(), b, "not independently reviewed"})
}
