package app

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/problem"
)

// metrics are what /metrics shows, on a registry of their own.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func (n *node) newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "nineten_http_request_seconds", Help: "Time to answer a request, by kind of path and status.",
		Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
	}, []string{"kind", "status"})}
	jobs := prometheus.NewDesc("nineten_jobs", "Jobs by kind and state.", []string{"kind", "state"}, nil)
	height := prometheus.NewDesc("nineten_ledger_height", "Transactions on the ledger.", nil, nil)
	leaves := prometheus.NewDesc("nineten_log_leaves", "Leaves of the transparency log.", nil, nil)
	days := prometheus.NewDesc("nineten_ledger_certificate_days", "Days until the first of the node's certificates in its network ends.", nil, nil)
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gather{[]*prometheus.Desc{jobs, height, leaves, days}, func(out chan<- prometheus.Metric) {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			counts, err := n.jobs.Counts(ctx)
			if err != nil {
				n.log.Warn("metrics", "err", err)
			}
			for _, c := range counts {
				out <- prometheus.MustNewConstMetric(jobs, prometheus.GaugeValue, float64(c.N), c.Kind, c.State)
			}
			if st, err := (told{n.db}).Status(ctx); err == nil {
				out <- prometheus.MustNewConstMetric(height, prometheus.CounterValue, float64(st.Height))
			}
			head, _ := n.tlog.Head()
			out <- prometheus.MustNewConstMetric(leaves, prometheus.CounterValue, float64(head.Size))
			if n.fabric == nil {
				return
			}
			_, left, err := n.fabric.FirstToEnd()
			if err != nil {
				n.log.Warn("metrics", "err", err)
				return
			}
			out <- prometheus.MustNewConstMetric(days, prometheus.GaugeValue, float64(left))
		}})
	return m
}

// gather is a collector that asks when it is scraped.
type gather struct {
	descs   []*prometheus.Desc
	collect func(chan<- prometheus.Metric)
}

func (g gather) Describe(out chan<- *prometheus.Desc) {
	for _, d := range g.descs {
		out <- d
	}
}
func (g gather) Collect(out chan<- prometheus.Metric) { g.collect(out) }

// handler puts all transports behind one address.
func (n *node) handler() (http.Handler, error) {
	m := n.newMetrics()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := n.db.Ping(r.Context()); err != nil {
			problem.Write(w, err)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	mux.Handle("GET "+standingPath, n.private(http.HandlerFunc(n.serveStanding)))
	mux.Handle("GET /metrics", n.private(promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})))
	if err := n.transports(mux); err != nil {
		return nil, err
	}
	return n.recovered(m.observe(n.gate.Wrap(mux))), nil
}

// private answers the machine itself and trusted proxies' networks only. What
// a proxy passes on that nobody said to trust comes from anywhere.
func (n *node) private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addr := gate.Client(r.Context()).Addr
		forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Real-Ip") != ""
		ok := addr.IsLoopback() && !forwarded
		for _, p := range n.gate.Trusted {
			ok = ok || p.Contains(addr)
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A recorder of statuses lets the kernel still send files by itself: what the
// ResponseWriter can do more is reached through Unwrap.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	if code == problem.ClientGone {
		s.code = code // said after a header that may have left: for the record alone
		return
	}
	if s.code == 0 && code >= http.StatusOK {
		s.code = code
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// observe times requests by the first part of their path. Sound is left out:
// it is sent by the kernel, and wrapping it would cost more than it tells.
func (m *metrics) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind := kindOf(r.URL.Path)
		if kind == "media" {
			next.ServeHTTP(w, r)
			return
		}
		began := time.Now()
		s := &status{ResponseWriter: w}
		next.ServeHTTP(s, r)
		switch {
		case problem.Gone(r.Context()) && (s.code == 0 || s.code >= http.StatusInternalServerError):
			s.code = problem.ClientGone
		case s.code == 0:
			s.code = http.StatusOK
		}
		m.requests.WithLabelValues(kind, strconv.Itoa(s.code)).Observe(time.Since(began).Seconds())
	})
}

// shared reports what caches between the node and its people may keep for all
// of them.
func shared(path string) bool {
	switch kindOf(path) {
	case "media", "assets", "log":
		return true
	}
	return path == manifestPath
}

// kindOf sorts paths into few kinds, so that strangers cannot make new ones.
func kindOf(path string) string {
	for _, k := range []struct{ prefix, kind string }{{"/media/", "media"}, {"/covers/", "media"}, {"/assets/", "assets"}, {"/api/", "api"}, {"/log/", "log"}} {
		if len(path) >= len(k.prefix) && path[:len(k.prefix)] == k.prefix {
			return k.kind
		}
	}
	return "page"
}

// recovered turns a panic into a 500 and a line in the log: one broken page
// does not take the node down.
func (n *node) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			n.log.Error("panic", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			http.Error(w, "Something went wrong on this node. The log has the details.", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// runJobs works until ctx ends, and first catches up with the calendar.
func (n *node) runJobs(ctx context.Context) error {
	if err := n.toMove(ctx); err != nil {
		return err
	}
	if set, err := n.accounts.IsSetUp(ctx); err == nil && set {
		n.named()
	}
	return n.jobs.Run(ctx)
}

func (n *node) logger(name string) *slog.Logger { return n.log.With("part", name) }
