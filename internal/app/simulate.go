package app

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/synth"
)

func simulateFlags(f *flag.FlagSet, c *call) {
	f.IntVar(&c.opt.listeners, "listeners", 200, "how many people listen")
	f.Uint64Var(&c.opt.seed, "seed", 1, "the same seed makes the same month")
	f.StringVar(&c.opt.period, "period", "", "the `month`, such as 2026-10; it has to be over")
}

// A simulation plays a month into a demonstration, day by day, on a clock of
// its own: people pay, listen and sign as real ones do, through the same desk,
// and each night the day is sealed, logged and anchored.
type simulation struct {
	node   *node
	period calendar.Period
	clock  atomic.Int64 // Unix milliseconds
	tracks []store.Playable
	people []simulated
}

// A simulated listener has a device of its own.
type simulated struct {
	account id.Account
	key     ed25519.PrivateKey
	spki    []byte
	device  listen.KeyID
}

func simulate(ctx context.Context, c *call) error {
	period, err := calendar.ParsePeriod(c.opt.period)
	if err != nil {
		return usagef("--period: %s", fault.Message(err))
	}
	if c.opt.listeners < 1 || c.opt.listeners > 100_000 {
		return usagef("--listeners is 1 to 100000")
	}
	cfg, _, err := c.config()
	if err != nil {
		return err
	}
	if err := cfg.mustExist(); err != nil {
		return err
	}
	s := &simulation{period: period}
	s.clock.Store(period.Start().UnixMilli()) // whoever plays is there from the first second
	began := time.Now()
	log := newLogger(LogConfig{Level: "warn", Format: "text"}, c.stderr)
	s.node, err = openNodeIn(ctx, cfg, log, world{now: func() time.Time { return time.UnixMilli(s.clock.Load()) }})
	if err != nil {
		return err
	}
	defer s.node.Close()
	plays, err := s.run(ctx, c.opt.listeners, c.opt.seed)
	if err != nil {
		return err
	}
	out := struct {
		Period    string  `json:"period"`
		Listeners int     `json:"listeners"`
		Plays     int     `json:"plays"`
		Seconds   float64 `json:"seconds"`
	}{period.String(), c.opt.listeners, plays, time.Since(began).Seconds()}
	return c.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "%d listeners played %d times in %s; it took %.1f s. Now: 9ten month close %s\n", out.Listeners, out.Plays, out.Period, out.Seconds, out.Period)
	})
}

func (s *simulation) run(ctx context.Context, listeners int, seed uint64) (plays int, err error) {
	if err := s.node.dir.requireDemo("simulate"); err != nil {
		return 0, err
	}
	if s.period.End().After(time.Now()) {
		return 0, fault.New(fault.Conflict, "%v is not over yet.", s.period)
	}
	if s.tracks, err = s.node.db.Playable(ctx); err != nil {
		return 0, err
	}
	if len(s.tracks) == 0 {
		return 0, fault.New(fault.Conflict, "There is no music to listen to. Load the demo catalogue or import some first.")
	}
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	if err := s.populate(ctx, listeners, seed); err != nil {
		return 0, err
	}
	if err := s.pay(ctx, seed); err != nil {
		return 0, err
	}
	if plays, err = s.listen(ctx, seed); err != nil {
		return plays, err
	}
	return plays, s.due(ctx)
}

// begin enters the node on the ledger. That of a network is away while the node
// does not run: what is to be recorded waits for it, as on a node that runs.
func (s *simulation) begin(ctx context.Context) error {
	err := s.node.settle(ctx)
	if fault.Is(err, fault.Unavailable) {
		return nil
	}
	return err
}

// due has the next start of the node do what the calendar would have done since.
func (s *simulation) due(ctx context.Context) error {
	return s.node.db.Update(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.Enqueue(ctx, jobDay, "simulated", nil, time.Time{}), tx.Enqueue(ctx, jobMonth, "simulated", nil, time.Time{}))
	})
}

// populate makes the listeners and their devices.
func (s *simulation) populate(ctx context.Context, n int, seed uint64) error {
	const chunk = 500
	for at := 0; at < n; at += chunk {
		var puppets []account.Puppet
		for i := at; i < min(at+chunk, n); i++ {
			p, err := newSimulated(seed, i)
			if err != nil {
				return err
			}
			s.people = append(s.people, p)
			puppets = append(puppets, account.Puppet{Handle: fmt.Sprintf("sim%d_%s_%d", seed, s.period.Start().Format("200601"), i), Name: fmt.Sprintf("Listener %d", i+1), SPKI: p.spki})
		}
		ids, err := s.node.accounts.Populate(ctx, puppets)
		if err != nil {
			return err
		}
		for i, a := range ids {
			s.people[at+i].account = a
		}
	}
	return nil
}

// newSimulated derives a listener's device key from the seed.
func newSimulated(seed uint64, i int) (p simulated, err error) {
	b := binary.BigEndian.AppendUint64([]byte("9ten/simulated/v1\x00"), seed)
	h := sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(i)))
	p.key = ed25519.NewKeyFromSeed(h[:])
	if p.spki, err = x509.MarshalPKIXPublicKey(p.key.Public()); err != nil {
		return p, err
	}
	sum := sha256.Sum256(p.spki)
	copy(p.device[:], sum[:])
	return p, nil
}

// pay declares each listener's payment: most on the 1st, some later.
func (s *simulation) pay(ctx context.Context, seed uint64) error {
	for i, p := range s.people {
		ref := fmt.Sprintf("simulated %d/%d", seed, i)
		if _, err := s.node.wallet.Declare(ctx, "", p.account, money.Price, "bank", ref); err != nil {
			return err
		}
	}
	return nil
}

// listen plays the month day by day.
func (s *simulation) listen(ctx context.Context, seed uint64) (plays int, err error) {
	month := synth.Month{Period: s.period, Seed: seed, Listeners: len(s.people)}
	acts := map[id.Act]int{}
	for _, t := range s.tracks {
		if _, ok := acts[t.Act]; !ok {
			acts[t.Act] = len(acts)
		}
		month.Tracks = append(month.Tracks, synth.Track{Act: acts[t.Act], Length: time.Duration(t.Seconds) * time.Second})
	}
	days := make([][]synth.Play, s.period.Days()+1)
	for p := range month.Plays {
		day := int(p.Start.Add(p.Heard).Sub(s.period.Start()) / (24 * time.Hour)) // heard of when it ends
		days[day] = append(days[day], p)
		plays++
	}
	for i, list := range days {
		slices.SortStableFunc(list, func(a, b synth.Play) int { return a.Listener - b.Listener })
		s.clock.Store(s.period.Start().AddDate(0, 0, i+1).Add(time.Minute).UnixMilli())
		if err := s.claim(ctx, list); err != nil {
			return plays, err
		}
		s.clock.Store(s.period.Start().AddDate(0, 0, i+1).Add(15 * time.Minute).UnixMilli())
		if i < s.period.Days() {
			if _, err := s.node.report.CloseDays(ctx); err != nil && !fault.Is(err, fault.Unavailable) {
				return plays, err
			}
		}
	}
	return plays, nil
}

// claim signs plays and hands them to the desk.
func (s *simulation) claim(ctx context.Context, plays []synth.Play) error {
	const chunk = 1000
	for list := range slices.Chunk(plays, chunk) {
		claims := make([]listen.SignedClaim, len(list))
		for i, p := range list {
			var err error
			if claims[i], err = s.sign(p); err != nil {
				return err
			}
		}
		answers, err := s.node.listen.Claims(ctx, claims)
		if err != nil {
			return err
		}
		for _, a := range answers {
			if a.Err != nil {
				return a.Err
			}
		}
	}
	return nil
}

func (s *simulation) sign(p synth.Play) (listen.SignedClaim, error) {
	who, t := s.people[p.Listener], s.tracks[p.Track]
	c := listen.Claim{
		Node: s.node.cfg.NodeID(), Play: id.Random16(), Device: who.device, Counter: 1, Track: string(t.Track) + "@" + s.node.cfg.NodeID(), Sheet: t.Sheet,
		Begin: p.Start.UnixMilli(), End: p.Start.Add(p.Heard).UnixMilli(), Heard: []listen.Interval{{Length: uint32(p.Heard.Milliseconds())}}, Flags: listen.Offline,
	}
	if p.Autoplay {
		c.Flags |= listen.Autoplay
	}
	b, err := c.Encode()
	return listen.SignedClaim{Account: who.account, Claim: b, Signature: ed25519.Sign(who.key, b)}, err
}
