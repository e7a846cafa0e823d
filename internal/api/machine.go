package api

import (
	"context"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/report"
)

// An Engine is the machine under the node, as its operator asks about it.
type Engine interface {
	Status(ctx context.Context) (Status, error)
	// Standing is where the ledger stands, and what waits for it.
	Standing(ctx context.Context) (report.Standing, error)
	// Findings are those of `9ten doctor`, while the node runs.
	Findings(ctx context.Context) ([]Finding, error)
	Dead(ctx context.Context) ([]DeadJob, error)
	RetryJob(ctx context.Context, id string) error
	DropJob(ctx context.Context, id string) error
}

// Ledger is what everybody may know of the ledger and the log.
type Ledger struct {
	Height     uint64   `json:"height" doc:"Transactions on the ledger"`
	Head       string   `json:"head" doc:"Hash of the last one, hex"`
	LogSize    uint64   `json:"log_size" doc:"Leaves of the transparency log"`
	LogOrigin  string   `json:"log_origin"`
	Checkpoint string   `json:"checkpoint_url" doc:"Signed note (C2SP tlog-checkpoint)"`
	Tiles      string   `json:"tiles_url" doc:"Where the tiles begin (C2SP tlog-tiles)"`
	Keys       []string `json:"keys" doc:"Verifier keys (C2SP signed-note)"`
}

// Status is how the node does.
type Status struct {
	Accounts  int64  `json:"accounts"`
	Tracks    int64  `json:"tracks"`
	Bytes     int64  `json:"bytes" doc:"Originals and what is derived from them"`
	Waiting   int64  `json:"jobs_waiting"`
	Dead      int64  `json:"jobs_dead" doc:"Given up; see GET /jobs"`
	Sandbox   string `json:"sandbox" doc:"How strangers' files are confined"`
	Missing   string `json:"missing,omitempty" doc:"What is missing and how to get it"`
	Ledger    Ledger `json:"ledger"`
	Version   string `json:"version"`
	StartedMS int64  `json:"started_ms" doc:"Unix milliseconds"`
}

// Finding is one thing that was looked at.
type Finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail" doc:"What was found"`
	Remedy string `json:"remedy,omitempty" doc:"What to do about it"`
}

// DeadJob is work that was given up.
type DeadJob struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind" example:"media.prepare"`
	Error string    `json:"error" doc:"Of the last try"`
	Tries int       `json:"tries"`
	Ended time.Time `json:"ended"`
}

type jobRef struct {
	Job string `path:"job" doc:"Job id"`
}

func (a *API) machine(r *router) {
	op := func(method, path, id, summary string, role account.Role) operation {
		return operation{method: method, path: path, id: id, tag: "Operator", scope: account.ScopeAdmin, role: role, summary: summary}
	}
	add(r, operation{method: http.MethodGet, path: "/ledger", id: "get-ledger", tag: "Node", summary: "How far the ledger and the log have come, and where the log is"}, a.ledger)
	add(r, op(http.MethodGet, "/status", "get-status", "How the node does", account.Moderator), a.status)
	add(r, op(http.MethodGet, "/ledger/standing", "get-ledger-standing", "Where the ledger stands, what waits for it, and who records on it", account.Admin), a.standing)
	add(r, op(http.MethodGet, "/doctor", "get-findings", "What `9ten doctor` says, while the node runs", account.Admin), a.findings)
	add(r, op(http.MethodGet, "/jobs", "list-dead-jobs", "Work that was given up, the latest first", account.Moderator), a.dead)
	add(r, op(http.MethodPost, "/jobs/{job}/retry", "retry-job", "Try it again", account.Admin), a.retryJob)
	add(r, op(http.MethodDelete, "/jobs/{job}", "drop-job", "Forget it", account.Admin), a.dropJob)
}

func (a *API) ledger(ctx context.Context, _ *struct{}) (*output[Ledger], error) {
	s, err := a.Engine.Status(ctx)
	if err != nil {
		return nil, err
	}
	return reply(s.Ledger)
}

func (a *API) status(ctx context.Context, _ *struct{}) (*output[Status], error) {
	s, err := a.Engine.Status(ctx)
	if err != nil {
		return nil, err
	}
	return reply(s)
}

func (a *API) standing(ctx context.Context, _ *struct{}) (*output[report.Standing], error) {
	s, err := a.Engine.Standing(ctx)
	if err != nil {
		return nil, err
	}
	return reply(s)
}

func (a *API) findings(ctx context.Context, _ *struct{}) (*output[[]Finding], error) {
	list, err := a.Engine.Findings(ctx)
	if err != nil {
		return nil, err
	}
	return reply(list)
}

func (a *API) dead(ctx context.Context, _ *struct{}) (*output[[]DeadJob], error) {
	list, err := a.Engine.Dead(ctx)
	if err != nil {
		return nil, err
	}
	return reply(list)
}

func (a *API) retryJob(ctx context.Context, in *jobRef) (*struct{}, error) {
	return nil, a.Engine.RetryJob(ctx, in.Job)
}

func (a *API) dropJob(ctx context.Context, in *jobRef) (*struct{}, error) {
	return nil, a.Engine.DropJob(ctx, in.Job)
}
