package contract

import (
	"cmp"
	"slices"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/royalty"
)

// Beacon is the random value that the nodes made together for a day. Each
// commits to a number when it anchors the day and reveals it with its next
// anchor. The value is fixed when anybody anchors the second day after; whoever
// has not revealed by then takes no part. Nobody can commit to a day for which a
// number was revealed, so the last to commit cannot choose. A node may still
// withhold its number.
//
// All nodes anchor a day in the same minutes, so an anchor reads nothing that
// others write with theirs of the same day, but for the first: it fixes the day
// two before, and those that are under way with it are made again once. To fix a
// day as soon as all had revealed, each would have to read what all others reveal.
type Beacon struct {
	Day     calendar.Day `json:"day"`
	Value   Digest       `json:"value"`
	Reveals uint32       `json:"reveals"`
}

// beaconHead is the end of the chain of beacons. It is written when a day is
// fixed, so at most once a day by whoever comes first.
type beaconHead struct {
	Next  calendar.Day `json:"next"` // first day that is not fixed
	Value Digest       `json:"value"`
}

// maxFixed bounds how many days one anchor fixes: more than a year of silence.
const maxFixed = 400

// beacon takes an anchor's commit and reveal and fixes the days that are ripe.
func (c *call) beacon(in *DayAnchor, next *logHead) error {
	head := beaconHead{Next: in.Day} // the first anchor of the network begins the chain
	found, err := c.get(&head, "beaconhead")
	if err != nil {
		return err
	}
	if in.Commit.zero() {
		return fault.New(fault.Invalid, "An anchor commits to the node's part of the day's beacon.")
	}
	own, err := c.reveal(in, next, head)
	if err != nil {
		return err
	}
	if err := c.commit(in, next, head); err != nil {
		return err
	}
	moved := !found
	for range maxFixed {
		b, ripe, err := c.ripe(in, head, own)
		if err != nil {
			return err
		}
		if !ripe {
			break
		}
		if err := c.put(b, "beacon", dayKey(b.Day)); err != nil {
			return err
		}
		head, moved = beaconHead{b.Day.Add(1), b.Value}, true
	}
	if !moved {
		return nil
	}
	return c.put(head, "beaconhead")
}

// reveal checks the number against the commit it opens, and returns the day it
// counts for: 0 when there is none or the day is fixed without it.
func (c *call) reveal(in *DayAnchor, next *logHead, head beaconHead) (calendar.Day, error) {
	if in.Reveal.zero() {
		return 0, nil
	}
	day := next.Open
	if day == 0 {
		return 0, nil // its commit came too late to be taken here
	}
	var committed Digest
	if err := c.must(&committed, "The commit of "+day.String()+" is gone.", "commit", dayKey(day), in.Node); err != nil {
		return 0, err
	}
	h, err := royalty.BeaconCommit(in.Node, day, royalty.Hash(in.Reveal))
	if err != nil {
		return 0, err
	}
	if Digest(h) != committed {
		return 0, fault.New(fault.Invalid, "The number revealed for %s is not the one %s committed to.", day, in.Node)
	}
	next.Open = 0
	if day < head.Next {
		return 0, nil
	}
	return day, c.put(in.Reveal, "reveal", dayKey(day), in.Node)
}

// ownOpen is the end of the chain of beacons of a ledger that a node kept for
// itself: the number that is still to be revealed.
type ownOpen struct {
	Day    calendar.Day `json:"day"`
	Commit Digest       `json:"commit"`
	Value  Digest       `json:"value"` // of the day before
}

// revealOwn ends that chain with the node's first anchor here. It breaks ties in
// the node's own month only: the network's beacon has no part of it.
func (c *call) revealOwn(in *DayAnchor, next *logHead) error {
	var o ownOpen
	if found, err := c.get(&o, "ownopen", in.Node); err != nil || !found {
		return err
	}
	var reveals []royalty.Reveal
	if !in.Reveal.zero() {
		h, err := royalty.BeaconCommit(in.Node, o.Day, royalty.Hash(in.Reveal))
		if err != nil {
			return err
		}
		if Digest(h) != o.Commit {
			return fault.New(fault.Invalid, "The number revealed for %s is not the one %s committed to.", o.Day, in.Node)
		}
		reveals = []royalty.Reveal{{Node: in.Node, R: royalty.Hash(in.Reveal)}}
	}
	v, err := royalty.Beacon(royalty.Hash(o.Value), reveals)
	if err != nil {
		return err
	}
	if err := c.put(Beacon{o.Day, Digest(v), uint32(len(reveals))}, "ownbeacon", in.Node, dayKey(o.Day)); err != nil {
		return err
	}
	in.Reveal, next.Open = Digest{}, 0
	return c.del("ownopen", in.Node)
}

// commit takes the commit unless it comes too late: then the node takes no part.
func (c *call) commit(in *DayAnchor, next *logHead, head beaconHead) error {
	if in.Day < head.Next {
		return nil
	}
	if revealed, err := c.any("reveal", dayKey(in.Day)); err != nil || revealed {
		return err
	}
	next.Open = in.Day
	return c.put(in.Commit, "commit", dayKey(in.Day), in.Node)
}

// ripe computes the beacon of the first open day if this anchor fixes it.
// What this transaction writes is not in the state unless it reads its own writes
// (see [overlay]), so it is passed along: own is the day this anchor reveals for.
func (c *call) ripe(in *DayAnchor, head beaconHead, own calendar.Day) (b Beacon, ripe bool, err error) {
	d := head.Next
	if d.Add(2) > in.Day {
		return b, false, nil
	}
	reveals, err := c.reveals(d)
	if err != nil {
		return b, false, err
	}
	if own == d && !slices.ContainsFunc(reveals, func(r royalty.Reveal) bool { return r.Node == in.Node }) {
		reveals = append(reveals, royalty.Reveal{Node: in.Node, R: royalty.Hash(in.Reveal)})
		slices.SortFunc(reveals, func(a, b royalty.Reveal) int { return cmp.Compare(a.Node, b.Node) })
	}
	v, err := royalty.Beacon(royalty.Hash(head.Value), reveals)
	return Beacon{d, Digest(v), uint32(len(reveals))}, true, err
}

// reveals lists what was revealed for a day, by node.
func (c *call) reveals(d calendar.Day) (out []royalty.Reveal, err error) {
	err = each(c, "reveal", []string{dayKey(d)}, func(rest []string, r Digest) error {
		out = append(out, royalty.Reveal{Node: rest[0], R: royalty.Hash(r)})
		return nil
	})
	return out, err
}

// GetBeacon returns the [Beacon] of a day, written 2026-11-01. It is NotFound
// until it is fixed.
func (*Contract) GetBeacon(ctx Ctx, day string) (string, error) {
	return query(ctx, func(c *call) (b Beacon, err error) {
		d, err := calendar.ParseDay(day)
		if err != nil {
			return b, err
		}
		return b, c.must(&b, "The beacon of "+d.String()+" is not fixed yet.", "beacon", dayKey(d))
	})
}
