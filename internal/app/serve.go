package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/michaelperna/9ten/internal/fault"
)

// hurry is how long a request may take to arrive, unless it brings a file of
// somebody who may send one: so nobody keeps connections busy for the price of
// a byte now and then.
const hurry = 30 * time.Second

// drain is how long requests under way may take once the node is told to stop.
const drain = 10 * time.Second

func newLogger(c LogConfig, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // one of four, checked on reading
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// serve runs the node until ctx ends. Shutdown goes from the outside in:
// first no new requests, then the jobs, then the database.
func serve(ctx context.Context, c *call) error {
	cfg, _, err := c.config()
	if err != nil {
		return err
	}
	log := newLogger(cfg.Log, c.stderr)
	began := time.Now()
	ln, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "%s cannot be listened on: %v. Is another node running? Choose another with --listen.", cfg.Listen, errors.Unwrap(err))
	}
	n, err := openSoon(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	defer func() {
		if err := n.Close(); err != nil {
			log.Error("closing", "err", err)
		}
	}()
	handler, err := n.handler()
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: hurry, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	if err := n.welcome(ctx, c.stdout); err != nil {
		return errors.Join(err, ln.Close())
	}
	log.Info("ready", "listen", ln.Addr().String(), "base_url", cfg.BaseURL, "node", cfg.NodeID(), "took", time.Since(began).Round(time.Millisecond), "version", Version())

	g, gctx := errgroup.WithContext(ctx)
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx)) // ends after the last request
	defer stopWork()
	g.Go(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving: %w", err)
		}
		return nil
	})
	record, stopRecord := context.WithCancel(context.WithoutCancel(ctx)) // ends after the last job
	defer stopRecord()
	g.Go(func() error {
		defer stopRecord()
		return n.runJobs(work)
	})
	if n.fabric != nil {
		g.Go(func() error { n.runNetwork(record); return nil })
		g.Go(func() error { return n.tendCluster(work) })
	}
	g.Go(func() error { return n.feed.follow(work) })
	g.Go(func() error { return n.federation.run(work) })
	g.Go(func() error {
		if n.fabric == nil || sleep(gctx, ledgerFirst) {
			n.openWorkshop(gctx)
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		defer stopWork()
		log.Info("stopping")
		stop, cancel := context.WithTimeout(context.Background(), drain)
		defer cancel()
		if err := srv.Shutdown(stop); err != nil {
			log.Warn("requests were cut off", "err", err)
			return srv.Close()
		}
		return nil
	})
	err = g.Wait()
	log.Info("stopped")
	return err
}

// brief is how long a command may have the data directory before it counts as
// another node that runs there.
const brief = 15 * time.Second

// openSoon opens the node, and waits for a command that has its directory: one
// that only looks, such as `9ten ledger status`, keeps no node from starting.
func openSoon(ctx context.Context, cfg *Config, log *slog.Logger) (*node, error) {
	until := time.Now().Add(brief)
	for said := false; ; said = true {
		n, err := openNode(ctx, cfg, log)
		if !errors.Is(err, errTaken) || time.Now().After(until) {
			return n, err
		}
		if !said {
			log.Info("another 9ten has the data directory; waiting for it", "at_most", brief)
		}
		if !sleep(ctx, 50*time.Millisecond) {
			return nil, err
		}
	}
}

// ledgerFirst is how long a network's node has the machine to itself for its
// ledger when it starts, which takes a few seconds. An upload that comes meanwhile
// opens the workshop all the same.
const ledgerFirst = 10 * time.Second

// openWorkshop makes ready what prepares files, so that the first upload need
// not wait for it, and says how strangers' files are read.
func (n *node) openWorkshop(ctx context.Context) {
	level, lacks, err := n.workshop.equipment(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		n.log.Warn("uploads cannot be prepared yet; it is tried again with the first", "err", err)
	default:
		n.log.Info("uploads can be prepared", "sandbox", level.String(), "missing", len(lacks))
	}
}
