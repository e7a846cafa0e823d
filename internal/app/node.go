package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/blob"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/listen"
	"github.com/michaelperna/9ten/internal/media/hls"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/stream"
	"github.com/michaelperna/9ten/internal/tlog"
	"github.com/michaelperna/9ten/internal/wallet"
)

// A node is everything that runs on one data directory, wired by hand.
type node struct {
	cfg        *Config
	log        *slog.Logger
	told       io.Writer // who waits for a command reads there how far it is
	dir        *dir
	now        func() time.Time
	began      time.Time // by the machine's own clock
	keys       keys
	signer     signer
	db         *store.DB
	ledger     *patient
	fabric     *fabric.Home // its network; nil where the ledger is embedded
	cluster    *household   // nil without a network
	mover      *mover       // nil where no ledger of its own is to be brought to the network
	recorder   recorder
	feed       *feed
	tlog       *tlog.Log
	accounts   *account.Service
	listen     *listen.Desk
	wallet     *wallet.Desk
	report     *report.Desk
	jobs       *jobs.Runner
	gate       *gate.Gate
	federation *federation
	mail       *courier
	notices    notices

	catalogue  *music.Catalogue
	library    *music.Library
	studio     *music.Studio
	moderation *music.Moderation

	blobs    *blob.Dir
	packager *hls.Packager
	stream   *stream.Server
	workshop *workshop
	closers  []func() error // in the order of opening
}

// openNode opens a data directory and everything in it. What was opened
// before something failed is closed again.
func openNode(ctx context.Context, cfg *Config, log *slog.Logger) (*node, error) {
	return openNodeIn(ctx, cfg, log, world{})
}

// A world is what a node finds around it; the zero value is the machine.
type world struct {
	now func() time.Time // nil: the directory's own clock
	// step, when set, is called before and after each thing that is persisted;
	// an error stands for a disk that failed there. For tests.
	step func(string) error
	// around, when set, stands between the node and its ledger. For tests.
	around func(home) home
}

// at and within name the steps of a part of the node; nil when nobody looks.
func (w world) at(part string) func() error {
	if w.step == nil {
		return nil
	}
	return func() error { return w.step(part) }
}

func (w world) within(part string) func(string) error {
	if w.step == nil {
		return nil
	}
	return func(s string) error { return w.step(part + " " + s) }
}

// openNodeIn opens a node in a world of the caller's.
func openNodeIn(ctx context.Context, cfg *Config, log *slog.Logger, w world) (_ *node, err error) {
	n := &node{cfg: cfg, log: log, told: io.Discard, now: w.now, began: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if n.dir, err = openDir(cfg.DataDir); err != nil {
		return nil, err
	}
	n.closers = append(n.closers, n.dir.Close)
	if n.now == nil {
		if n.now, err = n.dir.clock(cfg.Clock.Start); err != nil {
			return nil, err
		}
	}
	if n.keys, err = n.dir.openKeys(); err != nil {
		return nil, err
	}
	n.signer = signer{cfg.NodeID(), n.keys}
	if err := n.openStore(ctx, w); err != nil {
		return nil, err
	}
	if err := n.openLedger(ctx, w); err != nil {
		return nil, err
	}
	if err := n.openLog(w); err != nil {
		return nil, err
	}
	n.openDomain()
	n.openNotices()
	if n.mail, err = cfg.courier(n.name, n.now); err != nil {
		return nil, err
	}
	if err := n.openMedia(ctx); err != nil {
		return nil, err
	}
	if err := n.openFederation(); err != nil {
		return nil, err
	}
	return n, n.openGate()
}

func (n *node) openStore(ctx context.Context, w world) (err error) {
	c := store.Config{Path: n.dir.join("9ten.db"), URL: n.cfg.Database.URL, Now: n.now, BeforeCommit: w.at("store before"), AfterCommit: w.at("store after")}
	if n.db, err = store.Open(ctx, c); err != nil {
		return err
	}
	n.closers = append(n.closers, n.db.Close)
	return nil
}

// openLog opens the transparency log.
func (n *node) openLog(w world) (err error) {
	origin := royalty.LogOrigin(n.cfg.NodeID())
	n.tlog, err = tlog.Open(tlog.Config{Dir: n.dir.join("log"), Origin: origin, Signer: royalty.LogSigner(origin, n.keys.log), Public: royalty.PublicKey(origin, n.keys.log), Step: w.within("log")})
	return err
}

func (n *node) openDomain() {
	n.accounts = account.New(account.Config{Store: n.db, Now: n.now, Erase: n.erasers(), Send: enqueueLetter, Confirms: n.cfg.Mail.Server != ""})
	n.listen = listen.NewDesk(n.cfg.NodeID(), n.db, n.keys.log)
	n.wallet = &wallet.Desk{Store: n.db}
	n.report = &report.Desk{
		Node: n.cfg.NodeID(), Store: n.db, Log: days{n.tlog}, Ledger: n.recorder, Known: n.recorder.told(n.db), Keys: n.signer, Logger: n.logger("report"),
		Marks: royalty.Marks{Unreviewed: true, DemoClock: n.dir.demo != nil},
	}
	m := n.db.Music()
	n.catalogue, n.library, n.moderation = &music.Catalogue{Store: m}, &music.Library{Store: m}, &music.Moderation{Store: m}
	n.studio = &music.Studio{Store: m, FileMax: n.cfg.Media.MaxFileBytes, KeepMax: n.cfg.Media.AccountBytes, Together: together}
	n.jobs = jobs.New(jobs.Config{Store: n.db, Now: n.now, Log: n.log})
	n.calendar()
}

func (n *node) openGate() error {
	trusted, err := gate.Prefixes(n.cfg.TrustedProxies)
	n.gate = &gate.Gate{Accounts: n.accounts, Trusted: trusted, Secure: n.cfg.secure(), Shared: shared, Now: n.now, Lang: n.mail.lang}
	return err
}

// erasers remove what each part of the domain keeps of an account, in the
// transaction that deletes it.
func (n *node) erasers() []account.Eraser {
	return []account.Eraser{n.db.EraseMusic, n.db.EraseTalk, n.db.ErasePerson, n.db.EraseReceipts, n.db.EraseListening, n.db.EraseWallet}
}

// The kinds of jobs that the calendar makes.
const (
	jobDay    = "report.day"     // 00:10: the day goes into the log
	jobRenew  = "wallet.renew"   // daily: charges on the 1st, grace afterwards
	jobMonth  = "report.month"   // from the 4th: settle, then final, then the batch
	jobExpire = "account.expire" // 03:00: what has been kept long enough goes
	jobCheck  = "report.check"   // nightly: the books, the log and the ledger hold
)

// jobDescribe tells the ledger what the node is called now.
const jobDescribe = "ledger.describe"

// calendar registers what happens by itself.
func (n *node) calendar() {
	handle := func(kind string, do func(context.Context) error) {
		n.jobs.Handle(kind, jobs.Options{}, func(ctx context.Context, _ jobs.Job) error { return do(ctx) })
	}
	record := func(kind string, do func(context.Context) error) {
		handle(kind, func(ctx context.Context) error { return n.recording(ctx, do) })
	}
	n.jobs.Handle(jobContest, jobs.Options{}, func(ctx context.Context, j jobs.Job) error {
		return n.recording(ctx, func(ctx context.Context) error { return n.contest(ctx, j) })
	})
	n.jobs.Handle(jobLetter, jobs.Options{Tries: letterTries, Timeout: 5 * time.Minute, Parallel: 2}, n.deliver)
	handle(jobMove, n.move)
	record(jobRelay, n.relay)
	record(jobDescribe, func(context.Context) error { return nil })
	record(jobDay, func(ctx context.Context) error {
		closed, err := n.report.CloseDays(ctx)
		if closed > 0 {
			n.log.Info("days closed", "n", closed)
		}
		return errors.Join(err, n.hurryRelay(ctx))
	})
	handle(jobRenew, func(ctx context.Context) error {
		charged, err := n.wallet.Renew(ctx)
		if charged > 0 {
			n.log.Info("subscriptions charged", "n", charged)
		}
		return err
	})
	record(jobMonth, n.closeDueMonths)
	handle(jobExpire, func(ctx context.Context) error {
		if _, err := n.listen.DropOldClaims(ctx); err != nil {
			return err
		}
		if gone, err := n.report.Expire(ctx); err != nil {
			return err
		} else if gone > 0 {
			n.log.Info("destroyed what was kept long enough", "plays and rows", gone)
		}
		if err := n.federation.policy().Sweep(ctx); err != nil {
			return err
		}
		if lost, err := social.Expire(ctx, n.db); err != nil {
			return err
		} else if lost > 0 {
			n.log.Warn("deliveries given up after a week", "n", lost)
		}
		return errors.Join(n.federation.mend(ctx), n.accounts.Expire(ctx), n.db.ExpireAnswers(ctx), n.notices.Expire(ctx), n.expireLetters(ctx))
	})
	handle(jobCheck, n.nightly)
	n.jobs.At(jobRenew, jobs.Date{Hour: 0, Minute: 1})
	n.jobs.At(jobDay, jobs.Date{Hour: 0, Minute: 10})
	n.jobs.At(jobRelay, jobs.Date{Hour: 0, Minute: 20})
	n.jobs.At(jobMonth, jobs.Date{Hour: 0, Minute: 30})
	n.jobs.At(jobExpire, jobs.Date{Hour: 3, Minute: 0})
	n.jobs.At(jobCheck, jobs.Date{Hour: 3, Minute: 30})
}

// recording runs what writes to the ledger, and first tells it what this node
// is called now. A ledger that is away is no failure: the job does what it can
// without it and waits for it, however long that takes.
func (n *node) recording(ctx context.Context, do func(context.Context) error) error {
	known := n.settle(ctx)
	err := do(ctx)
	for range 3 { // a call that was not answered in time, by a ledger that has answered others since
		if !fault.Is(err, fault.Unavailable) || !n.ledger.Away().IsZero() {
			break
		}
		err = do(ctx)
	}
	if fault.Is(err, fault.Unavailable) || err == nil && fault.Is(known, fault.Unavailable) {
		return jobs.Later(errors.Join(err, known))
	}
	return errors.Join(err, known)
}

// closeDueMonths takes every month since the last final one as far as the
// calendar allows, and gives the commons what waited a year for acts without a
// wallet.
func (n *node) closeDueMonths(ctx context.Context) error {
	months, err := n.report.CloseDue(ctx)
	for _, m := range months {
		n.log.Info("month", "period", m.Period.String(), "state", m.State.String())
	}
	sum, lost := n.report.Forfeit(ctx)
	if sum > 0 {
		n.log.Info("what acts without a wallet were owed for a year went to the commons", "sum", sum.String())
	}
	return errors.Join(err, lost)
}

// nightly holds the node's evidence against itself, and looks at what ends. What
// does not hold makes the job fail, which the operator's page, doctor and the log
// show.
func (n *node) nightly(ctx context.Context) error {
	var away error
	var bad []string
	for _, f := range append(n.check(ctx), certificateFindings(n.fabric)...) {
		switch {
		case f.OK || f.Name == checkJobs:
		case f.away:
			away = jobs.Later(fmt.Errorf("%s: %s", f.Name, f.Detail))
		default:
			bad = append(bad, f.Name+": "+f.Detail)
		}
	}
	if len(bad) > 0 {
		return jobs.Stop(errors.New(strings.Join(bad, " ")))
	}
	return away
}

// settle brings the ledger's idea of the node up to date.
func (n *node) settle(ctx context.Context) error {
	s, err := n.accounts.Settings(ctx)
	if err != nil {
		return err
	}
	name, owner := s.Name, cmp.Or(s.OperatorName, s.Name)
	if err := n.recorder.register(ctx, n.recorder.contract, name, owner); err != nil {
		return err
	}
	near, in, err := n.recorder.near(ctx)
	if err != nil || !in {
		return err
	}
	return n.recorder.register(ctx, near, name, owner)
}

// name is what the node is called now.
func (n *node) name(ctx context.Context) string {
	s, err := n.accounts.Settings(ctx)
	if err != nil {
		n.log.Warn("settings", "err", err)
		return n.cfg.NodeID()
	}
	return s.Name
}

// welcome prints the setup link where nobody has set the node up.
func (n *node) welcome(ctx context.Context, w io.Writer) error {
	token, err := n.accounts.SetupLink(ctx)
	if err != nil || token == "" {
		return err
	}
	_, err = fmt.Fprintf(w, "\n  Set up this node, once:\n  %s/setup?token=%s\n\n", n.cfg.BaseURL, token)
	return err
}

// Close closes everything in the reverse order of opening.
func (n *node) Close() error {
	var err error
	for i := len(n.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, n.closers[i]())
	}
	n.closers = nil
	return err
}

// secure reports whether listeners reach the node over https.
func (c *Config) secure() bool { return len(c.BaseURL) > 8 && c.BaseURL[:8] == "https://" }
