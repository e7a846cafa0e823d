package listen

import (
	"context"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/royalty"
)

// A batch is one transaction of claims: plays are read once, changed in
// memory, their listeners' days counted anew, and written once.
type batch struct {
	desk    *Desk
	tx      Tx
	plays   map[id.Bytes16]*Play
	fresh   map[id.Bytes16]bool // not stored yet
	changed []*Play             // each once, in order
	touched map[id.Bytes16]bool // the same as a set
	days    []AccountDay        // to be counted anew, each once
	listed  map[AccountDay]bool
	byDay   map[AccountDay][]*Play // changed plays by the day they begin
	devices map[accountDevice]error
	own     map[id.Account][]id.Act
	paused  map[id.Account]bool  // history
	room    map[AccountDay]int64 // plays that are still taken of a day
	keys    map[calendar.Period][]byte
	heard   map[id.Track]int64
	foreign map[string]id.Track // by their names in claims
	tracks  []id.Track          // of heard, in order
	errs    []error
}

// accountDevice names a device as one account uses it.
type accountDevice struct {
	account id.Account
	device  KeyID
}

func newBatch(d *Desk, tx Tx) *batch {
	return &batch{
		desk: d, tx: tx,
		plays: map[id.Bytes16]*Play{}, fresh: map[id.Bytes16]bool{}, touched: map[id.Bytes16]bool{},
		listed: map[AccountDay]bool{}, byDay: map[AccountDay][]*Play{},
		devices: map[accountDevice]error{}, own: map[id.Account][]id.Act{}, paused: map[id.Account]bool{}, room: map[AccountDay]int64{}, keys: map[calendar.Period][]byte{}, heard: map[id.Track]int64{},
		foreign: map[string]id.Track{},
	}
}

// run takes the claims. Faults about one claim go to errs; an error that is
// returned undoes everything.
func (b *batch) run(ctx context.Context, in []checked) error {
	b.errs = make([]error, len(in))
	for i := range in {
		p, taken, err := b.take(ctx, &in[i])
		if err != nil {
			if fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Unavailable {
				return err
			}
			b.errs[i] = err
			continue
		}
		if taken && !b.touched[p.ID] {
			b.touched[p.ID] = true
			b.changed = append(b.changed, p)
			day := AccountDay{p.Account, p.Day()}
			b.byDay[day] = append(b.byDay[day], p)
		}
	}
	for _, d := range b.days {
		if err := b.recount(ctx, d); err != nil {
			return wrap(err, "count "+d.Day.String())
		}
	}
	return b.write(ctx)
}

// write stores what changed.
func (b *batch) write(ctx context.Context) error {
	for _, p := range b.changed {
		p.AnswerDecision, p.AnswerMS = p.Decision, uint32(p.Counted)
		write := b.tx.UpdatePlay
		if b.fresh[p.ID] {
			write = b.tx.InsertPlay
		}
		if err := write(ctx, p); err != nil {
			return wrap(err, "write play")
		}
	}
	for _, t := range b.tracks {
		if n := b.heard[t]; n != 0 {
			if err := b.tx.Played(ctx, t, n); err != nil {
				return wrap(err, "track plays")
			}
		}
	}
	return nil
}

// take judges one claim and changes its play in memory.
func (b *batch) take(ctx context.Context, c *checked) (p *Play, taken bool, err error) {
	if c.err != nil {
		return nil, false, c.err
	}
	if c.Claim.Node != b.desk.node {
		return nil, false, fault.New(fault.Invalid, "The claim is for the node %q, not for this one.", c.Claim.Node)
	}
	if c.Claim.Flags&Live != 0 {
		return nil, false, fault.New(fault.Unsupported, "This node has no live streams.")
	}
	if c.Claim.Device != (KeyID{}) {
		if err := b.device(ctx, c); err != nil {
			return nil, false, err
		}
	}
	p, known, err := b.play(ctx, c)
	if err != nil {
		return nil, false, err
	}
	if err := b.key(ctx, p); err != nil {
		return nil, false, err
	}
	if taken, err = b.judge(c, p); err != nil || !taken {
		return p, false, err
	}
	if !known {
		if err := b.admit(ctx, p); err != nil {
			return nil, false, err
		}
		b.plays[p.ID], b.fresh[p.ID] = p, true
		p.Origin = origin(b.keys[p.Day().Period()], c.Origin)
	}
	b.mark(p)
	p.Device, p.Counter, p.Accepted = c.Claim.Device, c.Claim.Counter, p.Accepted+1
	p.End, p.MS, p.Seen = c.Claim.End, c.Claim.ms(), b.tx.Now().UnixMilli()
	p.Flags = c.Claim.Flags&^Offline | p.Flags&Offline
	p.Claim, p.Signature, p.Hash, p.Sealed = c.SignedClaim.Claim, c.Signature, c.hash, false
	b.mark(p)
	return p, true, nil
}

// admit refuses a play that this node never began when its day is full.
func (b *batch) admit(ctx context.Context, p *Play) error {
	d := AccountDay{p.Account, p.Day()}
	left, asked := b.room[d]
	if !asked {
		var err error
		if left, err = room(ctx, b.tx, d); err != nil {
			return err
		}
	}
	if left <= 0 {
		return errFull()
	}
	b.room[d] = left - 1
	return nil
}

// room is how many more plays are taken of a listener's day.
func room(ctx context.Context, tx Tx, d AccountDay) (int64, error) {
	n, err := tx.CountPlays(ctx, d.Account, d.Day.Start().UnixMilli(), d.Day.End().UnixMilli())
	return maxPlays - n, wrap(err, "plays of a day")
}

func errFull() error {
	return fault.New(fault.Conflict, "%d plays of that day are here already. More are not taken.", maxPlays)
}

// device asks once per transaction whether a device may still sign.
func (b *batch) device(ctx context.Context, c *checked) error {
	k := accountDevice{c.Account, c.Claim.Device}
	err, asked := b.devices[k]
	if !asked {
		err = device(ctx, b.tx, k.device, k.account)
		b.devices[k] = err
	}
	return err
}

// play finds the play of a claim, or makes one for an offline claim.
func (b *batch) play(ctx context.Context, c *checked) (p *Play, known bool, err error) {
	if p := b.plays[c.Claim.Play]; p != nil {
		return p, true, b.sameTrack(ctx, c, p)
	}
	stored, err := b.tx.Play(ctx, c.Claim.Play)
	switch {
	case err == nil:
		b.plays[stored.ID] = &stored
		return &stored, true, b.sameTrack(ctx, c, &stored)
	case !fault.Is(err, fault.NotFound):
		return nil, false, wrap(err, "play")
	case c.Claim.Flags&Offline == 0:
		return nil, false, errNoPlay()
	}
	p, err = b.offline(ctx, c)
	return p, false, err
}

// track is what a claim's track is called here: one of another node has an id of
// this node's besides its own.
func (b *batch) track(ctx context.Context, c *Claim) (id.Track, error) {
	t, home := c.TrackID()
	if home == b.desk.node {
		return t, nil
	}
	if t, known := b.foreign[c.Track]; known {
		return t, nil
	}
	t, err := b.tx.Foreign(ctx, c.Track)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return "", wrap(err, "track")
	}
	b.foreign[c.Track] = t
	return t, nil
}

func (b *batch) sameTrack(ctx context.Context, c *checked, p *Play) error {
	t, err := b.track(ctx, &c.Claim)
	if err != nil {
		return err
	}
	if t != p.Track {
		return fault.New(fault.Invalid, "The claim names another track than the play.")
	}
	return nil
}

// offline makes the play of a claim that this node hears of for the first time.
func (b *batch) offline(ctx context.Context, c *checked) (*Play, error) {
	claim := &c.Claim
	id, err := b.track(ctx, claim)
	if err != nil {
		return nil, err
	}
	track, err := b.tx.Track(ctx, id)
	if err != nil {
		return nil, noTrack(err)
	}
	if b.desk.trackName(track) != claim.Track || !track.Opened {
		return nil, noTrack(nil)
	}
	joined, err := b.tx.Joined(ctx, c.Account)
	if err != nil {
		return nil, wrap(err, "account")
	}
	if claim.Begin < joined {
		return nil, fault.New(fault.Invalid, "The claim says the play began before there was this account.")
	}
	p := &Play{ID: claim.Play, Account: c.Account, Track: id, Device: claim.Device, Seconds: track.Seconds, Begin: claim.Begin, End: claim.Begin, Flags: Offline, Decision: TooShort}
	if p.Sheet, err = b.tx.Sheet(ctx, id, claim.Begin); err != nil {
		return nil, noTrack(err)
	}
	own, asked := b.own[c.Account]
	if !asked {
		if own, err = b.tx.ActsOf(ctx, c.Account); err != nil {
			return nil, wrap(err, "acts")
		}
		b.own[c.Account] = own
	}
	shares, err := b.desk.sheets.shares(ctx, b.tx, id, p.Sheet)
	if err != nil {
		return nil, wrap(err, "sheet")
	}
	p.Own = onSheet(own, shares)
	return p, nil
}

// key makes sure that the node's key of the play's month is at hand.
func (b *batch) key(ctx context.Context, p *Play) (err error) {
	period := p.Day().Period()
	if b.keys[period] == nil {
		b.keys[period], err = b.tx.NodeKey(ctx, period)
	}
	return wrap(err, "node key")
}

// mark notes which days a play has a say in: its own and, when it goes on
// past midnight, the next.
func (b *batch) mark(p *Play) {
	day := p.Day()
	b.list(AccountDay{p.Account, day})
	if p.End > day.End().UnixMilli() {
		b.list(AccountDay{p.Account, day.Add(1)})
	}
}

func (b *batch) list(d AccountDay) {
	if !b.listed[d] {
		b.listed[d] = true
		b.days = append(b.days, d)
	}
}

// recount counts one listener's day anew: the stored plays, and over them the
// changed ones as they are in memory.
func (b *batch) recount(ctx context.Context, d AccountDay) error {
	before := AccountDay{d.Account, d.Day.Add(-1)}
	stored, err := b.tx.PlaysBetween(ctx, d.Account, before.Day.Start().UnixMilli(), d.Day.End().UnixMilli())
	if err != nil {
		return err
	}
	plays := make(map[id.Bytes16]*Play, len(stored)+len(b.byDay[d]))
	for i := range stored {
		plays[stored[i].ID] = &stored[i]
	}
	for _, day := range []AccountDay{before, d} {
		for _, p := range b.byDay[day] {
			plays[p.ID] = p
		}
	}
	return b.settle(ctx, d, plays)
}

// settle writes what CountDay says of a day.
func (b *batch) settle(ctx context.Context, d AccountDay, plays map[id.Bytes16]*Play) error {
	counted, tally, err := count(ctx, b.tx, &b.desk.sheets, d.Day, plays)
	if err != nil {
		return err
	}
	for _, c := range counted {
		p := plays[c.Play]
		if p.Decision == c.Decision && p.Counted == c.MS {
			continue
		}
		if err := b.move(ctx, p, c); err != nil {
			return err
		}
		p.Decision, p.Counted = c.Decision, c.MS
		if !b.touched[p.ID] { // a neighbour: its receipt stays what it was
			if err := b.tx.Recount(ctx, p.ID, c.Decision, c.MS); err != nil {
				return err
			}
		}
	}
	return b.totals(ctx, d, tally.Acts())
}

// move follows the public number of plays of a track and the listener's history.
func (b *batch) move(ctx context.Context, p *Play, c Counted) error {
	was, is := p.Decision == Counts, c.Decision == Counts
	if was == is {
		return nil
	}
	if _, ok := b.heard[p.Track]; !ok {
		b.tracks = append(b.tracks, p.Track)
	}
	if !is {
		b.heard[p.Track]--
		return nil
	}
	b.heard[p.Track]++
	paused, asked := b.paused[p.Account]
	if !asked {
		var err error
		if paused, err = b.tx.HistoryPaused(ctx, p.Account); err != nil {
			return err
		}
		b.paused[p.Account] = paused
	}
	if paused {
		return nil
	}
	return b.tx.Remember(ctx, p.Account, p.Track, p.Begin)
}

// totals makes the stored day and the running month agree with acts.
func (b *batch) totals(ctx context.Context, d AccountDay, acts []royalty.ActDay) error {
	before, err := b.tx.DayActs(ctx, d.Account, d.Day)
	if err != nil {
		return err
	}
	for len(before) > 0 || len(acts) > 0 {
		var was, is royalty.ActDay
		if len(acts) == 0 || len(before) > 0 && before[0].Act <= acts[0].Act {
			was, before = before[0], before[1:]
		}
		if len(acts) > 0 && (was.Act == "" || acts[0].Act == was.Act) {
			is, acts = acts[0], acts[1:]
		}
		if was == is {
			continue
		}
		delta := Delta{Act: max(was.Act, is.Act), Credit: int64(is.Credit) - int64(was.Credit), Plays: int64(is.Plays) - int64(was.Plays)}
		if was.Act == "" {
			delta.Days = 1
		} else if is.Act == "" {
			delta.Days = -1
		}
		is.Act = delta.Act
		if err := b.tx.SetDayAct(ctx, d.Account, d.Day, is); err != nil {
			return err
		}
		if err := b.tx.AddMonthAct(ctx, d.Account, d.Day.Period(), delta); err != nil {
			return err
		}
	}
	return nil
}
