package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/wallet"
)

// options are what the flags of the commands set.
type options struct {
	demo, empty                  bool
	admin, password, name, owner string
	operator                     string
	open, publish                bool
	settlement                   string
	identity, force, cluster     bool
	from, block, network         string
	keys, with                   []string
	listeners                    int
	seed                         uint64
	period                       string
	act                          string
	format                       string
	note, out, first             string
	request, reason              string
	role, lang                   string
	wait, past, leaked           bool
}

// commands are all words of the command line, in the order of the help.
func commands() []command {
	return []command{
		{name: "serve", summary: "run the node", run: serve},
		{name: "setup", summary: "make the admin and name the node, without the page", run: setUp, flags: setupFlags},
		{name: "invite", args: "[ADDRESS]", summary: "invite somebody, by a letter or with a link to pass on", run: invite, flags: inviteFlags},
		{name: "import", args: "DIR", summary: "take every folder with music below DIR as a release", run: importDir, flags: importFlags},
		{name: "simulate", summary: "play a month of invented listeners into a demonstration", run: simulate, flags: simulateFlags},
		{name: "month close", args: "2026-10", summary: "settle a month as far as the calendar allows; twice does no harm", run: closeMonth},
		{name: "month list", summary: "how far each month has come", run: listMonths},
		{name: "books export", summary: "print every entry of the books", run: exportBooks, flags: booksFlags},
		{name: "federation status", summary: "how it goes with every other server", run: federationStatus},
		{name: "federation backfill", args: "SERVER", summary: "fetch again what is followed on a server, and tell it again of what was lost on the way there", run: one("server", backfillServer)},
		{name: "federation rules", summary: "what was decided about other servers", run: serverRules},
		{name: "federation block", args: "SERVER", summary: "have nothing to do with a server and all under its name, or with act@server", run: one("server", decideServer(social.Block)), flags: whyFlags},
		{name: "federation allow", args: "SERVER", summary: "have to do with a server, also where only listed ones count", run: one("server", decideServer(social.Allow)), flags: whyFlags},
		{name: "federation silence", args: "SERVER", summary: "keep a server, or act@server, from those who do not follow it", run: one("server", decideServer(social.Silence)), flags: whyFlags},
		{name: "federation quarantine", args: "SERVER", summary: "have what a server, or act@server, sends wait until a moderator lets it pass", run: one("server", decideServer(social.Quarantine)), flags: whyFlags},
		{name: "federation held", summary: "what waits of those who are in quarantine", run: listHeld},
		{name: "federation pass", args: "ID", summary: "let an activity that waits pass, or all of a server", run: one("activity or server", decideHeld(true))},
		{name: "federation drop", args: "ID", summary: "drop an activity that waits, or all of a server", run: one("activity or server", decideHeld(false))},
		{name: "federation undecide", args: "SERVER", summary: "drop what was decided about a server, or about act@server", run: one("server", undecideServer)},
		{name: "federation import", args: "FILE", summary: "block and silence the servers of a list, one a line or as Mastodon exports it", run: one("file", importServers)},
		{name: "federation lists", summary: "the lists of others that the node asks for once a day, and what waits of them", run: listBlocklists},
		{name: "federation subscribe", args: "URL", summary: "block and silence the servers of a list from now on, as it is each day", run: one("list", subscribeBlocklist)},
		{name: "federation unsubscribe", args: "URL", summary: "ask for a list no longer: what it said counts no more", run: one("list", unsubscribeBlocklist)},
		{name: "federation confirm", args: "SERVER", summary: "have what lists say of a server count, also of one that people here follow", run: one("server", decideListed(true))},
		{name: "federation leave-out", args: "SERVER", summary: "have what lists say of a server not count", run: one("server", decideListed(false))},
		{name: "keys rotate", args: "http|proof", summary: "sign requests to other servers, or prove documents, with new keys", run: one("key: http or proof", rotateKey), flags: rotateFlags},
		{name: "royalty split", summary: "divide pots as in the published vectors, standard input to standard output", run: splitPots},
		{name: "verify receipt", args: "FILE", summary: "check a listener's receipt, offline", run: verifyFile(royalty.VerifyReceipt), flags: keyFlags},
		{name: "verify act", args: "FILE", summary: "check an act's proof, offline", run: verifyFile(royalty.VerifyAct), flags: keyFlags},
		{name: "ledger init", summary: "found a network of which this node is the first member", run: initLedger, flags: initFlags},
		{name: "ledger request-join", args: "[URL]", summary: "ask a member's node to admit this one to its network", run: requestJoin, flags: askFlags},
		{name: "ledger join", summary: "say how this node's admission stands, or wait until it is in", run: join, flags: joinFlags},
		{name: "ledger forget", summary: "end the waiting for an admission", run: forget},
		{name: "ledger members", summary: "who is in the network, or in this node's cluster", run: listMembers, flags: clusterFlags},
		{name: "ledger requests", summary: "who waits to be admitted", run: listRequests},
		{name: "ledger admit", args: "[NODE]", summary: "propose to admit a node that waits, and approve it", run: admitNode, flags: admitFlags},
		{name: "ledger dismiss", args: "NODE", summary: "drop the request of a node that waits", run: dismissNode},
		{name: "ledger intents", summary: "what the members decide about", run: listIntents, flags: intentFlags},
		{name: "ledger approve", args: "ID", summary: "consent to what a member proposed", run: decide("Approved for this node.", func(m council, ctx context.Context, id, _ string) error { return m.approve(ctx, id) })},
		{name: "ledger decline", args: "ID", summary: "say that this node does not consent", run: decide("Declined for this node.", func(m council, ctx context.Context, id, why string) error { return m.decline(ctx, id, why) }), flags: reasonFlags},
		{name: "ledger withdraw", args: "ID", summary: "take back what this node proposed", run: decide("Withdrawn.", func(m council, ctx context.Context, id, _ string) error { return m.withdraw(ctx, id) })},
		{name: "ledger first-block", summary: "write the network's first block to a file for a newcomer", run: firstBlock, flags: firstFlags},
		{name: "ledger status", summary: "where the ledger stands, and what waits for it", run: ledgerStatus},
		{name: "ledger doctor", summary: "say what keeps this node's part of the network from working, and what to do", run: examineLedger},
		{name: "ledger snapshot", args: "DIR", summary: "have the peer write the ledger's state into a folder", run: takeSnapshot, flags: clusterFlags},
		{name: "ledger restore", args: "DIR", summary: "have the peer start anew from a snapshot", run: restoreSnapshot},
		{name: "ledger orderer add", summary: "propose that this node orders, too", own: ownOrderer, run: addOrderer, flags: changeFlags},
		{name: "ledger orderer remove", args: "NODE", summary: "propose that a node orders no longer", run: aboutNode("orders no longer", (*fabric.Home).RemoveOrderer), flags: changeFlags},
		{name: "ledger orderer replace", summary: "propose this node's orderer with its certificates of now", own: ownOrderer, run: replaceOrderer, flags: replaceFlags},
		{name: "ledger validator add", args: "NODE", summary: "propose that a node endorses, too", run: aboutNode("endorses, too", (*fabric.Home).AddValidator), flags: changeFlags},
		{name: "ledger validator remove", args: "NODE", summary: "propose that a node endorses no longer", run: aboutNode("endorses no longer", (*fabric.Home).RemoveValidator), flags: changeFlags},
		{name: "ledger member remove", args: "NODE", summary: "propose that a node leaves the network", run: aboutNode("leaves the network", (*fabric.Home).RemoveMember), flags: changeFlags},
		{name: "ledger cluster found", args: "NAME", summary: "found a cluster of which this node is the first member", run: foundCluster},
		{name: "ledger cluster join", args: "NAME [URL]", summary: "ask a member of a cluster to admit this node to it", run: joinCluster, flags: noteFlags},
		{name: "ledger cluster leave", summary: "leave the cluster, or end the waiting for an admission", run: leaveCluster},
		{name: "ledger cluster list", summary: "the clusters, their members and delegates, and up to which day they are on the network", run: listClusters},
		{name: "ledger cluster delegate", args: "NODE", summary: "make a member of this node's cluster a delegate, who carries its days", run: clusterDelegate(false)},
		{name: "ledger cluster resign", summary: "be a delegate no longer", run: clusterDelegate(true)},
		{name: "ledger upgrade", args: "[VERSION]", summary: "propose another version of the contract", run: upgradeContract, flags: changeFlags},
		{name: "ledger renew", summary: "renew the certificates that end within 60 days", run: renewCertificates, flags: renewFlags},
		{name: "mail test", args: "ADDRESS", summary: "send a letter, to see whether letters arrive", run: testMail},
		{name: "audit", args: "[2026-10]", summary: "check the ledger, the log, the books and a month", run: audit},
		{name: "doctor", summary: "say what is wrong with this node, and what to do", run: doctor},
		{name: "config", summary: "every setting, where it comes from and what it does", run: showConfig},
		{name: "version", summary: "the version of this binary", run: showVersion},
	}
}

// one has a command take one argument, which is called so.
func one(what string, run func(context.Context, *call) error) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		if len(c.args) != 1 {
			return usagef("name one %s", what)
		}
		return run(ctx, c)
	}
}

// withNode opens the data directory of a call for a command.
func withNode(ctx context.Context, c *call, do func(*node) error) error {
	cfg, _, err := c.config()
	if err != nil {
		return err
	}
	if err := cfg.mustExist(); err != nil {
		return err
	}
	cfg.Log.Level = "warn"
	n, err := openNode(ctx, cfg, newLogger(cfg.Log, c.stderr))
	if err != nil {
		return err
	}
	n.told = c.stderr
	return errors.Join(do(n), n.Close())
}

func setupFlags(f *flag.FlagSet, c *call) {
	f.BoolVar(&c.opt.demo, "demo", false, "make a directory for showing around: simulate and clock.start work there and nowhere else")
	f.BoolVar(&c.opt.empty, "empty", false, "leave the demo catalogue out of a demonstration")
	f.StringVar(&c.opt.admin, "admin", "", "the admin's user `name`")
	f.StringVar(&c.opt.password, "password-file", "", "read the admin's password from a `file`, - for standard input")
	f.StringVar(&c.opt.name, "name", "A 9ten node", "the node's `name`")
	f.StringVar(&c.opt.operator, "operator", "", "who answers for the node")
	f.BoolVar(&c.opt.open, "open", false, "anybody may make an account")
}

func setUp(ctx context.Context, c *call) error {
	if c.opt.admin == "" || c.opt.password == "" {
		return usagef("--admin and --password-file are needed")
	}
	password, err := c.readPassword()
	if err != nil {
		return err
	}
	cfg, _, err := c.config()
	if err != nil {
		return err
	}
	if c.opt.demo {
		if err := makeDemo(cfg.DataDir); err != nil {
			return err
		}
	}
	if err := cfg.make(); err != nil {
		return err
	}
	return withNode(ctx, c, func(n *node) error {
		a, err := n.accounts.SetupHere(ctx, account.Setup{
			SignUp:   account.SignUp{Handle: c.opt.admin, Password: password},
			Settings: account.Settings{Name: c.opt.name, OperatorName: c.opt.operator, OpenSignUp: c.opt.open, OpenStudio: true},
		})
		if err != nil {
			return err
		}
		if c.opt.demo && !c.opt.empty {
			if err := n.loadDemo(ctx, account.Principal{Account: a.ID, Role: account.Admin}); err != nil {
				return err
			}
			if err := n.work(ctx, jobDemo); err != nil {
				return err
			}
		}
		if !c.opt.demo { // a demonstration's ledger begins with what is played into it
			// A network's ledger is told once the node runs.
			if err := n.settle(ctx); err != nil && !fault.Is(err, fault.Unavailable) {
				return err
			}
		}
		out := struct {
			Admin string `json:"admin"`
			Demo  bool   `json:"demo"`
			Dir   string `json:"data_dir"`
		}{a.Handle, n.dir.demo != nil, cfg.DataDir}
		return c.print(out, func(w io.Writer) {
			fmt.Fprintf(w, "%s is set up in %s, with @%s as its admin.\n", c.opt.name, cfg.DataDir, a.Handle)
		})
	})
}

// readPassword reads the first line of the file or of standard input.
func (c *call) readPassword() (string, error) {
	in := c.stdin
	if c.opt.password != "-" {
		f, err := os.Open(c.opt.password)
		if err != nil {
			return "", fault.Wrap(err, fault.Invalid, "The password file %s cannot be read.", c.opt.password)
		}
		defer f.Close()
		in = f
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fault.Wrap(err, fault.Invalid, "The password file %s cannot be read.", c.opt.password)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func makeDemo(path string) error {
	d, err := openDir(path)
	if err != nil {
		return err
	}
	return errors.Join(d.markDemo(d.wall()), d.Close())
}

func (c *call) onePeriod() (calendar.Period, error) {
	if len(c.args) != 1 {
		return 0, usagef("name one month, such as 2026-10")
	}
	return calendar.ParsePeriod(c.args[0])
}

// monthLine is a month as commands print it.
type monthLine struct {
	Period   string `json:"period"`
	State    string `json:"state"`
	Payers   uint32 `json:"payers"`
	Acts     uint32 `json:"acts"`
	Pots     string `json:"pots"`
	ToActs   string `json:"to_acts"`
	Carried  string `json:"carried"`
	Operator string `json:"operator"`
	Hash     string `json:"settlement"`
}

func lineOf(s report.Settled) monthLine {
	t := s.Settlement
	return monthLine{t.Period.String(), s.Period.State.String(), t.Payers, t.Lines, t.Pots.String(), t.SumB.String(), t.CarryOut.String(), t.Operator.String(), s.Hash}
}

func (l monthLine) write(w io.Writer) {
	fmt.Fprintf(w, "%s  %-9s  %d listeners paid %s: %s to %d acts, %s carried on, %s for the node\n", l.Period, l.State, l.Payers, l.Pots, l.ToActs, l.Acts, l.Carried, l.Operator)
}

func closeMonth(ctx context.Context, c *call) error {
	p, err := c.onePeriod()
	if err != nil {
		return err
	}
	return withNode(ctx, c, func(n *node) error {
		if err := n.settle(ctx); err != nil {
			return err
		}
		if _, err := n.report.CloseMonth(ctx, p); err != nil {
			return err
		}
		all, err := n.report.Settled(ctx)
		if err != nil {
			return err
		}
		for _, s := range all {
			if s.Period.Period == p {
				l := lineOf(s)
				return c.print(l, l.write)
			}
		}
		return fault.New(fault.NotFound, "%v is not settled.", p)
	})
}

func listMonths(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error {
		all, err := n.report.Settled(ctx)
		if err != nil {
			return err
		}
		lines := make([]monthLine, len(all))
		for i, s := range all {
			lines[i] = lineOf(s)
		}
		return c.print(lines, func(w io.Writer) {
			for _, l := range lines {
				l.write(w)
			}
		})
	})
}

func booksFlags(f *flag.FlagSet, c *call) {
	f.StringVar(&c.opt.format, "format", string(wallet.CSV), "csv, or hledger for its journal `format`")
}

// exportBooks streams, so that the books may be long.
func exportBooks(ctx context.Context, c *call) error {
	return withNode(ctx, c, func(n *node) error { return n.wallet.Export(ctx, wallet.Format(c.opt.format), c.stdout) })
}

func splitPots(_ context.Context, c *call) error { return royalty.SplitJSON(c.stdin, c.stdout) }

func keyFlags(f *flag.FlagSet, c *call) {
	f.StringVar(&c.opt.settlement, "settlement", "", "hold it against the settlement that stands: the `file` of /api/v1/ledger/settlements/MONTH")
	f.StringVar(&c.opt.from, "from", "", "hold it against what the ledger says at any node of the network: its `address`")
	f.StringVar(&c.opt.block, "block", "", "hold it against a block of the network's ledger, offline: the `file` of /api/v1/ledger/blocks/TX")
	f.StringVar(&c.opt.network, "network", "", "with --block: the `hash` of the network's first block or of a later configuration, as its nodes show them")
	f.Func("key", "a verifier `key` to trust (name+id+base64), or a file with one a line; may be repeated", func(v string) error {
		c.opt.keys = append(c.opt.keys, v)
		return nil
	})
}

// verifyFile checks one file with what verify knows of it. It works offline:
// the keys are those given, and those of the node in the data directory where
// there is one.
func verifyFile(verify func([]byte, royalty.Keys) royalty.Report) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		if len(c.args) != 1 {
			return usagef("name one file")
		}
		file, err := readEvidence(c.args[0])
		if err != nil {
			return err
		}
		trusted, err := c.trusted()
		if err != nil {
			return err
		}
		r := verify(file, trusted)
		if err := c.against(ctx, &r); err != nil {
			return err
		}
		if r.NeedsKey != "" {
			return usagef("%s Give it with --key; the node shows it on its page “Ledger and log”.", r.Verdict)
		}
		if err := c.print(r, func(w io.Writer) { fmt.Fprintln(w, r.Verdict) }); err != nil {
			return err
		}
		if !r.OK {
			return errSilent
		}
		return nil
	}
}

// readEvidence reads a file of a stranger: no more than the largest there can
// be, and one byte that tells that it is larger.
func readEvidence(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usagef("%s cannot be read: %v", name, errors.Unwrap(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, royalty.MaxFile+1))
	if err != nil {
		return nil, usagef("%s cannot be read: %v", name, errors.Unwrap(err))
	}
	return text, nil
}

// settlementIn reads the settlement in a file as the API and the page Months
// give it.
func settlementIn(name string) ([]byte, error) {
	text, err := readEvidence(name)
	if err != nil {
		return nil, err
	}
	var f struct {
		Settlement []byte `json:"settlement"`
	}
	if err := json.Unmarshal(text, &f); err != nil || len(f.Settlement) == 0 {
		return nil, usagef("%s holds no settlement.", name)
	}
	return f.Settlement, nil
}

// trusted gathers the keys given on the command line and the data
// directory's own.
func (c *call) trusted() (royalty.Keys, error) {
	var out royalty.Keys
	for _, k := range c.opt.keys {
		text := k
		if b, err := os.ReadFile(k); err == nil {
			text = string(b)
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			key, err := royalty.ParseKey(line)
			if err != nil {
				return nil, err
			}
			out = append(out, key)
		}
	}
	cfg, _, err := c.config()
	if err != nil {
		return nil, err
	}
	own, err := publicKeys(cfg)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	return append(out, own...), err
}

// publicKeys reads the keys of the node in the data directory, without
// opening it: a running node does not mind.
func publicKeys(cfg *Config) (royalty.Keys, error) {
	d := &dir{path: cfg.DataDir}
	if _, err := os.Stat(d.join("keys", "log.pem")); err != nil {
		return nil, err
	}
	k, err := d.openKeys()
	if err != nil {
		return nil, err
	}
	return signer{cfg.NodeID(), k}.trusted(), nil
}
