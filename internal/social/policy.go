package social

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Verdict is what this node decided about a server, or about somebody there.
type Verdict string

// The verdicts.
const (
	Allow Verdict = "allow" // have to do with it, also where only listed servers count
	Block Verdict = "block" // nothing is taken from it, sent there or asked there
	// Silence: who follows hears it, and nobody else: it is in no search, no
	// conversation and no notice.
	Silence Verdict = "silence"
	// Quarantine: what it sends waits until a moderator lets it pass.
	Quarantine Verdict = "quarantine"
)

// A Rule is a verdict about a server and about all servers whose names end in
// its name, or about one actor.
type Rule struct {
	Host    string    `json:"host" doc:"Name of the server, without a port; of an actor handle@host"`
	Actor   string    `json:"actor,omitempty" doc:"Address of the actor; none: a server"`
	Verdict Verdict   `json:"verdict" enum:"allow,silence,quarantine,block"`
	Reason  string    `json:"reason,omitempty" maxLength:"500" doc:"For whoever runs this node"`
	Since   time.Time `json:"since" readOnly:"true"`
}

// Bounds of what is listed.
const (
	maxReason = 500     // bytes of a reason
	maxRules  = 50_000  // rules of a list that is read
	MaxList   = 1 << 20 // bytes of it
)

// RuleTx is the part of a transaction that keeps rules.
type RuleTx interface {
	// Rule returns the rule of just this name. Faults: NotFound.
	Rule(ctx context.Context, host string) (Rule, error)
	// Verdicts are what rules and lists say of just these names, [NamesAtOnce] at most.
	Verdicts(ctx context.Context, names []string) ([]Word, error)
	// ActorRule returns the rule of an actor, by their address. Faults: NotFound.
	ActorRule(ctx context.Context, actor string) (Rule, error)
	PutRule(ctx context.Context, r Rule) error
	DropRule(ctx context.Context, host string) error
	Rules(ctx context.Context, after string, n int) ([]Rule, error)
	// DropHost drops deliveries to a server and what was lost there, what it told of plays and of who pays there, what was reported
	// from there and is open, and the node's knowledge of what it is, and returns some
	// of the actors there who are to be forgotten.
	DropHost(ctx context.Context, host string, n int) (actors []string, err error)
}

// NamesAtOnce is how many names are asked about together: hardly a host has more
// parts.
const NamesAtOnce = 4

// A Word is a verdict about a server, of this node or of a list of others.
type Word struct {
	Host    string
	Verdict Verdict
	Own     bool
}

// A HostPolicy says which servers this node has to do with.
type HostPolicy struct {
	Store  Store
	Listed bool // only with those that a rule allows
}

// Allow returns a Forbidden fault for a server this node has nothing to do with.
func (p *HostPolicy) Allow(ctx context.Context, host string) error {
	return p.Store.SocialView(ctx, func(tx Tx) error { return p.AllowIn(ctx, tx, host) })
}

// AllowIn is [HostPolicy.Allow] within a transaction.
func (p *HostPolicy) AllowIn(ctx context.Context, tx Tx, host string) error {
	name := bare(host)
	if strings.ContainsFunc(name, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return refusal(name) // rules are in ASCII: written otherwise, a name would pass by its own
	}
	verdict, lists, err := verdicts(ctx, tx, name)
	if !p.Listed { // others' lists allow nobody
		verdict = cmp.Or(verdict, lists)
	}
	if err == nil && (verdict == Block || verdict == "" && p.Listed) {
		err = refusal(name)
	}
	return err
}

// onHost is what this node decided about a host, or else what lists of others say, "" nothing.
func onHost(ctx context.Context, tx Tx, name string) (Verdict, error) {
	own, lists, err := verdicts(ctx, tx, name)
	return cmp.Or(own, lists), err
}

// verdicts are what was said of a host or of a name that it ends in: by this node
// of the longest such name, and by lists of others the strictest; "" nothing.
func verdicts(ctx context.Context, tx Tx, name string) (own, lists Verdict, err error) {
	longest := 0
	for some := range slices.Chunk(ends(name), NamesAtOnce) {
		said, err := tx.Verdicts(ctx, some)
		if err != nil {
			return "", "", err
		}
		for _, s := range said {
			switch {
			case s.Own && len(s.Host) > longest:
				own, longest = s.Verdict, len(s.Host)
			case !s.Own && lists != Block:
				lists = s.Verdict
			}
		}
	}
	return own, lists, nil
}

// ends are a host's name and all names that it ends in, the longest first.
func ends(name string) (out []string) {
	for at := name; at != ""; _, at, _ = strings.Cut(at, ".") {
		out = append(out, at)
	}
	return out
}

// AllowActor returns a Forbidden fault for somebody this node has nothing to do
// with, by their address and their server.
func (p *HostPolicy) AllowActor(ctx context.Context, actor, host string) error {
	return p.Store.SocialView(ctx, func(tx Tx) error { return p.AllowActorIn(ctx, tx, actor, host) })
}

// AllowActorIn is [HostPolicy.AllowActor] within a transaction.
func (p *HostPolicy) AllowActorIn(ctx context.Context, tx Tx, actor, host string) error {
	if err := p.AllowIn(ctx, tx, host); err != nil {
		return err
	}
	return Welcome(ctx, tx, actor)
}

// Welcome returns a Forbidden fault for an actor who is blocked, whatever was
// decided about their server.
func Welcome(ctx context.Context, tx Tx, actor string) error {
	r, err := tx.ActorRule(ctx, actor)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil && r.Verdict == Block {
		err = fault.New(fault.Forbidden, "This node has nothing to do with %s.", actor)
	}
	return err
}

// Judged is what was decided about an actor, or else about their server.
func Judged(ctx context.Context, tx Tx, actor, host string) (Verdict, error) {
	return judged(ctx, tx, actor, host, map[string]Verdict{})
}

// judged keeps in hosts what was decided about servers.
func judged(ctx context.Context, tx Tx, actor, host string, hosts map[string]Verdict) (Verdict, error) {
	r, err := tx.ActorRule(ctx, actor)
	if !fault.Is(err, fault.NotFound) {
		return r.Verdict, err
	}
	verdict, asked := hosts[host]
	if !asked {
		if verdict, err = onHost(ctx, tx, bare(host)); err != nil {
			return "", err
		}
		hosts[host] = verdict
	}
	return verdict, nil
}

// Hears reports whether somebody here hears of an actor elsewhere by themselves: of
// one who is silenced only who follows them, of one whom they block they do not.
// Nobody is "".
func Hears(ctx context.Context, tx Tx, who id.Account, actor, host string) (bool, error) {
	verdict, err := Judged(ctx, tx, actor, host)
	if err != nil {
		return false, err
	}
	return hears(ctx, tx, who, actor, host, verdict)
}

func hears(ctx context.Context, tx Tx, who id.Account, actor, host string, verdict Verdict) (bool, error) {
	if shuns, err := shuns(ctx, tx, who, actor, host); err != nil || shuns {
		return false, err
	}
	if verdict != Silence {
		return true, nil
	}
	if who == "" {
		return false, nil
	}
	return tx.FollowsElsewhere(ctx, who, actor)
}

// tell tells people of what somebody did. Of a silenced actor only who is answered
// and follows them hears.
func tell(ctx context.Context, tx Tx, n notice.Cause) error {
	if n.Actor != "" {
		if hears, err := Hears(ctx, tx, n.Account, n.Actor, HostOf(n.Actor)); err != nil || !hears {
			return err
		}
	}
	return tx.Tell(ctx, n)
}

// Heard are those of comments that somebody hears. Each author is judged once, and
// each server.
func Heard(ctx context.Context, tx Tx, who id.Account, list []Comment) (out []Comment, err error) {
	hosts, known := map[string]Verdict{}, map[string]bool{"": true} // who writes here is heard
	for _, c := range list {
		a := c.Author
		ok, asked := known[a.Actor]
		if !asked {
			verdict, err := judged(ctx, tx, a.Actor, a.Host, hosts)
			if err != nil {
				return nil, err
			}
			if ok, err = hears(ctx, tx, who, a.Actor, a.Host, verdict); err != nil {
				return nil, err
			}
			known[a.Actor] = ok
		}
		if ok {
			out = append(out, c)
		}
	}
	return out, nil
}

// HostOf is the server of an actor's address, "" of none: in small letters, with its
// port where it has one.
func HostOf(iri string) string {
	u, err := url.Parse(iri)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

func refusal(host string) error {
	return fault.New(fault.Forbidden, "This node has nothing to do with the server %s.", host)
}

// bare is a host's name without a port, as rules write it.
func bare(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// Rules is a page of rules in order of the names.
type Rules struct {
	Rows []Rule `json:"rows"`
	Next string `json:"next,omitempty" doc:"Cursor of the page after"`
}

// Rules lists what was decided about servers after a name.
func (d *Desk) Rules(ctx context.Context, after string) (out Rules, err error) {
	err = d.Store.SocialView(ctx, func(tx Tx) error {
		out.Rows, err = tx.Rules(ctx, after, perPage+1)
		return err
	})
	if len(out.Rows) > perPage {
		out.Rows = out.Rows[:perPage]
		out.Next = out.Rows[perPage-1].Host
	}
	return out, err
}

// Decide makes rules, and ends what the node has to do with servers that are
// refused now: who follows from there is forgotten and nothing more is sent.
// Faults: Invalid.
func (d *Desk) Decide(ctx context.Context, rules ...Rule) error { return d.decide(ctx, "", rules) }

func (d *Desk) decide(ctx context.Context, by string, rules []Rule) error {
	for i := range rules {
		r := &rules[i]
		if err := d.name(ctx, r); err != nil {
			return err
		}
		switch r.Verdict {
		case Allow, Block, Silence, Quarantine:
		default:
			return fault.On("verdict", fault.Invalid, "A server is to be allowed, silenced, put in quarantine or blocked.")
		}
		if len(r.Reason) > maxReason {
			return fault.On("reason", fault.Invalid, "A reason has at most %d bytes.", maxReason)
		}
	}
	err := d.Store.SocialUpdate(ctx, func(tx Tx) error {
		for _, r := range rules {
			r.Since = tx.Now()
			if err := tx.PutRule(ctx, r); err != nil {
				return err
			}
			if by != "" {
				if err := tx.Audit(ctx, by, "server."+string(r.Verdict), r.Host, r.Reason); err != nil {
					return err
				}
			}
			if r.Actor == "" || r.Verdict != Block {
				continue
			}
			if err := Forget(ctx, tx, r.Actor); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.Policy.Sweep(ctx)
}

// name finds out what a rule is about: a server, or somebody by their handle or
// address. Whom nobody here knows cannot be meant. Faults: Invalid, NotFound.
func (d *Desk) name(ctx context.Context, r *Rule) (err error) {
	said := strings.TrimPrefix(strings.TrimSpace(r.Host), "@")
	handle, host, ok := strings.Cut(said, "@")
	if !ok && !strings.HasPrefix(said, "https://") {
		if r.Host, err = ruleName(said); err == nil && r.Host == bare(d.Host) {
			err = fault.On("host", fault.Invalid, "%s is this node itself.", r.Host)
		}
		return err
	}
	return d.Store.SocialView(ctx, func(tx Tx) error {
		var a Actor
		if ok {
			a, err = tx.ActorByHandle(ctx, strings.ToLower(host), handle)
		} else {
			a, err = tx.Actor(ctx, said)
		}
		if fault.Is(err, fault.NotFound) {
			known, err := tx.ActorRule(ctx, said) // who is blocked is forgotten, and may be decided about again
			if err == nil {
				r.Host, r.Actor = known.Host, known.Actor
				return nil
			}
			if !fault.Is(err, fault.NotFound) {
				return err
			}
			if u, err := url.Parse(said); !ok && err == nil && (u.Path == "" || u.Path == "/") { // a server's, as one copies it
				r.Host, err = ruleName(said)
				return err
			}
			return fault.On("host", fault.NotFound, "Nobody here knows %s yet. Look for them in the search.", said)
		}
		r.Host, r.Actor = strings.ToLower(a.Handle)+"@"+a.Host, a.ID
		return err
	})
}

// ruleName is a name as rules are kept by it.
func ruleName(s string) (string, error) {
	s = strings.TrimSpace(s)
	s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "*.")
	s, _, _ = strings.Cut(s, "/")
	name, err := idna.Lookup.ToASCII(bare(s))
	if err != nil || name == "" || strings.HasPrefix(name, ".") || strings.Contains(name, "..") || len(name) > 253 {
		return "", fault.On("host", fault.Invalid, "%q is no server's name.", s)
	}
	return name, nil
}

// atOnce bounds a transaction that forgets people.
const atOnce = 200

// Alone reports whether only listed servers count and none is listed.
func (p *HostPolicy) Alone(ctx context.Context) (bool, error) {
	if !p.Listed {
		return false, nil
	}
	for after := ""; ; {
		var rules []Rule
		err := p.Store.SocialView(ctx, func(tx Tx) (err error) {
			rules, err = tx.Rules(ctx, after, perPage)
			return err
		})
		if err != nil || len(rules) == 0 {
			return err == nil, err
		}
		for _, r := range rules {
			if after = r.Host; r.Verdict == Allow && r.Actor == "" { // a person is no server
				return false, nil
			}
		}
	}
}

// Sweep ends what the node still has to do with servers that are refused. It may
// be broken off anywhere: what is left is found the next time. While only listed
// servers count and none is listed it ends only what is blocked: whoever starts
// with an empty list has not written it yet, and followers do not come back.
func (p *HostPolicy) Sweep(ctx context.Context) error {
	alone, err := p.Alone(ctx)
	if err != nil {
		return err
	}
	if alone {
		p = &HostPolicy{Store: p.Store}
	}
	for after, more := "", true; more; {
		var peers []Peer
		err := p.Store.SocialView(ctx, func(tx Tx) (err error) {
			peers, err = tx.Peers(ctx, after, perPage)
			return err
		})
		if err != nil {
			return err
		}
		for _, peer := range peers {
			after = peer.Host
			err := p.Allow(ctx, peer.Host)
			if fault.Is(err, fault.Forbidden) {
				err = p.end(ctx, peer.Host)
			}
			if err != nil {
				return err
			}
		}
		more = len(peers) == perPage
	}
	return nil
}

// end forgets everybody of a server and drops what is to go there.
func (p *HostPolicy) end(ctx context.Context, host string) error {
	for more := true; more; {
		err := p.Store.SocialUpdate(ctx, func(tx Tx) error {
			actors, err := tx.DropHost(ctx, host, atOnce)
			if err != nil {
				return err
			}
			for _, a := range actors {
				if err := Forget(ctx, tx, a); err != nil {
					return err
				}
			}
			more = len(actors) == atOnce
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
