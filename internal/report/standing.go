package report

import (
	"time"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/network"
)

// A Standing is where the ledger stands, as the operator of a node sees it.
type Standing struct {
	Mode   string    `json:"mode" enum:"embedded,fabric" doc:"embedded: this node's own; fabric: the network's"`
	Height uint64    `json:"height" doc:"Transactions, or blocks of a network"`
	Head   string    `json:"head" doc:"Hash of the last one, hex"`
	Last   time.Time `json:"last,omitzero" doc:"When the last one is dated"`
	Away   time.Time `json:"away,omitzero" doc:"Since when it has not answered; missing while it does. Then the rest is what it last said"`
	// Moving says that the node's own ledger is being brought to the network, or
	// why it cannot be.
	Moving string    `json:"moving,omitempty" doc:"The node's own ledger is being brought to the network, or cannot be: nothing else is recorded before"`
	Own    time.Time `json:"own_until,omitzero" doc:"What this node recorded until then was on its operator's own ledger, and was brought from there"`
	Read   uint64    `json:"read" doc:"Checkpoint up to which its events are read"`
	// Membership is how the node stands in a network, nil of an embedded ledger.
	Membership *network.Membership `json:"membership,omitempty" doc:"How the node stands in its network"`
	// Waiting is what is to be recorded and is not yet, the oldest first.
	Waiting []Unrecorded `json:"waiting" doc:"What is to be recorded and is not yet, the oldest first"`
	Nodes   []Recorder   `json:"nodes" doc:"Who records on it, by id"`
}

// Unrecorded is what waits for the ledger.
type Unrecorded struct {
	What  string    `json:"what" enum:"days,name,month,objection,past" doc:"Days of the log, how the node is called, a month to be settled, an objection to one, what was recorded on the own ledger before"`
	N     int64     `json:"n"`
	Since time.Time `json:"since" doc:"When the first of it was ready"`
	Said  string    `json:"said,omitempty" doc:"What the ledger said the last time"`
}

// A Recorder is a node that records on the ledger, and how far it has come.
type Recorder struct {
	Node    string          `json:"node"`
	Name    string          `json:"name"`
	Self    bool            `json:"self" doc:"It is this one"`
	Day     calendar.Day    `json:"-"` // last one anchored, 0 for none
	Leaves  uint64          `json:"leaves" doc:"Of its log as last anchored"`
	Period  calendar.Period `json:"-"` // last one settled, 0 for none
	State   string          `json:"state,omitempty" enum:"published,faulted,final" doc:"Of its last settlement"`
	Own     time.Time       `json:"own_until,omitzero" doc:"What it recorded until then was on its operator's own ledger alone"`
	Faults  int             `json:"faults" doc:"Proved against it"`
	DayText string          `json:"day,omitempty" doc:"Last day it anchored" example:"2026-11-24"`
	Month   string          `json:"period,omitempty" doc:"Last month it settled" example:"2026-10"`
}
