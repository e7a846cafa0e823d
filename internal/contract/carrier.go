package contract

import (
	"strconv"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// carrier says how values of one kind come from a node's own ledger.
type carrier struct {
	rank  int // kinds are brought in this order
	parts int // of the key
	// take refuses a value that is not the node's or not what its key says.
	take func(m *moved, parts []string, value []byte) error
	// value is what is written here, marked as brought at a time and in a
	// transaction; nil for what only proves the rest.
	value func(value []byte, at uint64, tx string) (any, error)
}

// brings makes a carrier of values of type T.
func brings[T any](rank, parts int, take func(m *moved, parts []string, v *T) error, mark func(v *T, at uint64, tx string)) carrier {
	return carrier{rank, parts, func(m *moved, parts []string, value []byte) error {
		var v T
		if err := decode(string(value), &v); err != nil {
			return err
		}
		return take(m, parts, &v)
	}, func(value []byte, at uint64, tx string) (any, error) {
		var v T
		if err := decode(string(value), &v); err != nil {
			return nil, err
		}
		if mark != nil {
			mark(&v, at, tx)
		}
		return v, nil
	}}
}

// proves makes a carrier of what is not written.
func proves[T any](rank, parts int, take func(m *moved, parts []string, v *T) error) carrier {
	k := brings(rank, parts, take, nil)
	k.value = nil
	return k
}

// carriers is the table of what belongs to a node. What is missing in it belongs
// to all: the chain of beacons and what was revealed for it, intents.
var carriers = map[string]carrier{
	"node": proves(1, 1, func(m *moved, k []string, v *Node) error {
		m.entry = *v
		return refused(fits(mine(m, k) && v.ID == m.node && v.Adopted == 0), v.described(), m.when(v.Since))
	}),
	"act": brings(2, 1, func(m *moved, k []string, v *Act) error {
		m.acts[v.ID] = *v
		a, err := id.Parse[id.Act](k[0])
		return refused(err, fits(a == v.ID && string(a) == k[0] && v.Home == m.node && v.MinPayout >= 0), m.when(max(v.Since, v.Changed)))
	}, nil),
	"ownmerge": brings(3, 2, func(m *moved, k []string, v *merge) error {
		m.merges = append(m.merges, alias{id.Act(k[1]), *v})
		return fits(mine(m, k))
	}, nil),
	"anchor": brings(4, 2, func(m *moved, k []string, v *Anchor) error {
		m.anchors = append(m.anchors, *v)
		return refused(fits(mine(m, k) && v.Node == m.node && k[1] == dayKey(v.Day) && v.Day.Valid() && v.Adopted == 0 && v.Open == 0),
			m.when(max(v.At, millis(v.Day.End()))))
	}, func(v *Anchor, at uint64, tx string) { v.Adopted, v.Tx = at, tx }),
	"log": brings(5, 1, func(m *moved, k []string, v *logHead) error {
		m.head = *v
		return fits(mine(m, k))
	}, nil),
	"ownbeacon": brings(6, 2, func(m *moved, k []string, v *Beacon) error {
		m.beacons[v.Day] = v.Value
		return refused(fits(mine(m, k) && k[1] == dayKey(v.Day) && v.Day.Valid() && !v.Value.zero()), m.when(millis(v.Day.End())))
	}, nil),
	"ownopen": brings(7, 1, func(m *moved, k []string, v *ownOpen) error {
		m.open = v
		return fits(mine(m, k) && v.Day.Valid() && !v.Commit.zero())
	}, nil),
	"payments": brings(8, 3, func(m *moved, k []string, v *Payments) error {
		ok := mine(m, k) && v.Node == m.node && v.Day.Valid() && k[1] == periodKey(v.Day.Period()) && k[2] == dayKey(v.Day) && v.Adopted == 0
		all := m.paid[v.Day.Period()]
		var err1, err2 error
		all.received, err1 = sum(all.received, v.Received)
		all.refunded, err2 = sum(all.refunded, v.Refunded)
		m.paid[v.Day.Period()] = all
		return refused(fits(ok), err1, err2, m.when(max(v.At, millis(v.Day.End()))))
	}, func(v *Payments, at uint64, _ string) { v.Adopted = at }),
	"operator": brings(9, 2, func(m *moved, k []string, v *OperatorPay) error {
		m.operators[v.Period] = *v
		return refused(fits(mine(m, k) && v.Node == m.node && month(k, v.Period)), m.when(millis(v.Period.Start())))
	}, nil),
	"settlement": brings(10, 2, func(m *moved, k []string, v *Settled) error {
		m.settlements = append(m.settlements, *v)
		return refused(fits(mine(m, k) && v.Node == m.node && month(k, v.Period) && v.Adopted == 0), m.when(max(v.At, v.FinalAt)))
	}, func(v *Settled, at uint64, tx string) {
		v.Adopted, v.Tx, v.Attested, v.Review = at, tx, []string{}, NotReviewed
	}),
	"settled": brings(11, 1, func(m *moved, k []string, v *settledHead) error {
		m.last = *v
		return fits(mine(m, k))
	}, nil),
	"replaced": brings(12, 3, func(m *moved, k []string, v *bool) error {
		var d Digest
		return refused(d.UnmarshalText([]byte(k[2])), fits(mine(m, k) && *v && isPeriod(k[1])))
	}, nil),
	"correction": brings(13, 3, func(m *moved, k []string, v *Correction) error {
		p, ok := period(k[1])
		all := m.ordered[p]
		var err1, err2 error
		all.Plus, err1 = sum(all.Plus, v.Plus)
		all.Minus, err2 = sum(all.Minus, v.Minus)
		m.ordered[p] = all
		return refused(fits(mine(m, k) && ok), err1, err2)
	}, nil),
	"batch": brings(14, 2, func(m *moved, k []string, v *Batch) error {
		m.batches = append(m.batches, *v)
		return refused(fits(mine(m, k) && v.Node == m.node && month(k, v.Period) && v.Adopted == 0), m.when(v.At))
	}, func(v *Batch, at uint64, _ string) { v.Adopted = at }),
	"batchwork": brings(15, 2, func(m *moved, k []string, v *batchWork) error {
		p, ok := period(k[1])
		m.works[p] = *v
		return fits(mine(m, k) && ok)
	}, nil),
	"lines": proves(16, 3, func(m *moved, k []string, v *[][]byte) error {
		p, ok := period(k[1])
		m.lines[p] = append(m.lines[p], *v...)
		return fits(mine(m, k) && ok)
	}),
	"payees": brings(17, 3, func(m *moved, k []string, v *[]Payee) error {
		p, ok := period(k[1])
		m.payees[p] = append(m.payees[p], *v...)
		return fits(mine(m, k) && ok)
	}, nil),
	"forfeit": brings(18, 3, func(m *moved, k []string, v *Forfeit) error {
		m.forfeits = append(m.forfeits, *v)
		return refused(fits(mine(m, k) && v.Node == m.node && k[1] == string(v.Act) && k[2] == periodKey(v.Period) && v.Adopted == 0), m.when(v.At))
	}, func(v *Forfeit, at uint64, _ string) { v.Adopted = at }),
	"balance": brings(19, 2, func(m *moved, k []string, v *Balance) error {
		m.balances = append(m.balances, *v)
		return fits(mine(m, k) && k[1] == string(v.Act))
	}, nil),
	"fault": brings(20, 4, func(m *moved, k []string, v *Fault) error {
		return refused(fits(mine(m, k) && v.Node == m.node && month(k, v.Period) && k[2] == v.Kind && k[3] == v.Where && v.Adopted == 0), m.when(v.At))
	}, func(v *Fault, at uint64, _ string) { v.Adopted = at }),
	"op": brings(21, 3, func(m *moved, k []string, v *operation) error {
		return fits(mine(m, k) && printable(k[1], 200) && printable(k[2], 200))
	}, nil),
}

// refused returns the first refusal.
func refused(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// mine reports whether a key that begins with a node begins with this one.
func mine(m *moved, parts []string) bool { return parts[0] == m.node }

func period(part string) (calendar.Period, bool) {
	n, err := number(part)
	p := calendar.Period(n)
	return p, err == nil && p.Valid() && periodKey(p) == part
}

func isPeriod(part string) bool { _, ok := period(part); return ok }

func month(parts []string, p calendar.Period) bool { return p.Valid() && parts[1] == periodKey(p) }

// number reads a number that is part of a key or an argument.
func number(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, fault.New(fault.Invalid, "%q is no number.", s)
	}
	return uint32(n), nil
}
