package social

import (
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A PersonalBlock is that somebody here wants to see nothing of a server, or of
// somebody there. It is theirs alone: nobody else is told, but who followed them as
// they are seen elsewhere hears that they do not any more.
type PersonalBlock struct {
	Name  string    `json:"name" doc:"Name of the server, or handle@host"`
	Actor string    `json:"actor,omitempty" doc:"Address of somebody; none: a server"`
	Since time.Time `json:"since"`
}

// PersonalTx is the part of a transaction that keeps what people here want to see
// nothing of.
type PersonalTx interface {
	PersonalBlocks(ctx context.Context, who id.Account) ([]PersonalBlock, error)
	PutPersonalBlock(ctx context.Context, who id.Account, b PersonalBlock) error
	// DropPersonalBlock faults: NotFound.
	DropPersonalBlock(ctx context.Context, who id.Account, name string) error
	// HasBlocked reports whether somebody here blocks an actor; BlockedHosts are the
	// servers that they block.
	HasBlocked(ctx context.Context, who id.Account, actor string) (bool, error)
	BlockedHosts(ctx context.Context, who id.Account) ([]string, error)
	// NoticeActors are who on other servers somebody was told of, by their addresses,
	// with their servers; UntellOf forgets what they were told of one.
	NoticeActors(ctx context.Context, who id.Account) (map[string]string, error)
	UntellOf(ctx context.Context, who id.Account, actor string) error
}

// mostBlocked is how many one person blocks.
const mostBlocked = 1_000

// shuns reports whether somebody here wants to see nothing of an actor.
func shuns(ctx context.Context, tx Tx, who id.Account, actor, host string) (bool, error) {
	if who == "" {
		return false, nil
	}
	if is, err := tx.HasBlocked(ctx, who, actor); err != nil || is {
		return is, err
	}
	hosts, err := tx.BlockedHosts(ctx, who)
	for _, name := range hosts {
		if under(host, name) {
			return true, nil
		}
	}
	return false, err
}

// under reports whether a host's name is a name, or ends in it.
func under(host, name string) bool {
	host = bare(host)
	return host == name || strings.HasSuffix(host, "."+name)
}

// Personal is what people here want to see nothing of.
type Personal struct {
	Store Store
	Host  string // of this node
	// Answer and Sent are those of [People].
	Answer func(ctx context.Context, tx Tx, f Fan, yes bool) error
	Sent   func()
}

// Blocks are somebody's, the latest first.
func (p *Personal) Blocks(ctx context.Context, who id.Account) (out []PersonalBlock, err error) {
	err = p.Store.SocialView(ctx, func(tx Tx) error {
		out, err = tx.PersonalBlocks(ctx, who)
		return err
	})
	return out, err
}

// Block has somebody see nothing more of a server and all under its name, or of
// somebody by handle@host or address: no comment, no notice but how many like something, which
// everybody sees, and nothing in a search.
// Neither follows the other any longer, and while it lasts they may not ask to, nor
// answer what is said. Faults: Invalid, NotFound, Conflict.
func (p *Personal) Block(ctx context.Context, who id.Account, name string) error {
	r := Rule{Host: name}
	if err := (&Desk{Store: p.Store, Host: p.Host}).name(ctx, &r); err != nil {
		return err
	}
	blocks := func(actor, host string) bool {
		return r.Actor != "" && actor == r.Actor || r.Actor == "" && under(host, r.Host)
	}
	err := p.Store.SocialUpdate(ctx, func(tx Tx) error {
		all, err := tx.PersonalBlocks(ctx, who)
		if err != nil {
			return err
		}
		if len(all) >= mostBlocked {
			return fault.New(fault.Conflict, "You block %d servers and people, and more are not kept.", mostBlocked)
		}
		if err := tx.PutPersonalBlock(ctx, who, PersonalBlock{Name: r.Host, Actor: r.Actor, Since: tx.Now()}); err != nil {
			return err
		}
		follows, err := tx.ListFollows(ctx, who)
		if err != nil {
			return err
		}
		for _, f := range follows {
			if !blocks(f.Actor.ID, f.Actor.Host) {
				continue
			}
			if _, err := tx.FollowElsewhere(ctx, who, f.Actor.ID, false); err != nil { // the node leaves whom nobody follows any more by itself
				return err
			}
		}
		told, err := tx.NoticeActors(ctx, who)
		for actor, host := range told {
			if err == nil && blocks(actor, host) {
				err = tx.UntellOf(ctx, who, actor)
			}
		}
		if err != nil {
			return err
		}
		return p.unfollow(ctx, tx, who, blocks)
	})
	if err == nil && p.Sent != nil {
		p.Sent()
	}
	return err
}

// unfollow ends that those whom somebody blocks follow them, or wait to, and tells them.
func (p *Personal) unfollow(ctx context.Context, tx Tx, who id.Account, blocks func(actor, host string) bool) error {
	person, err := tx.PersonOf(ctx, who)
	if fault.Is(err, fault.NotFound) {
		return nil // they are not seen elsewhere
	}
	if err != nil {
		return err
	}
	for _, state := range []FollowState{FollowsThem, FollowAsked} {
		for after, more := "", true; more; {
			fans, err := tx.Fans(ctx, person.ID, state, after, perFans)
			if err != nil {
				return err
			}
			for _, f := range fans {
				if after = f.Actor; !blocks(f.Actor, f.Host) {
					continue
				}
				if _, err := tx.DropFan(ctx, f.Person, f.Actor); err != nil {
					return err
				}
				if p.Answer == nil { // it does not federate any more
					continue
				}
				if err := p.Answer(ctx, tx, f, false); err != nil {
					return err
				}
			}
			more = len(fans) == perFans
		}
	}
	return nil
}

// Unblock ends that; who was followed is not followed again. Faults: NotFound.
func (p *Personal) Unblock(ctx context.Context, who id.Account, name string) error {
	return p.Store.SocialUpdate(ctx, func(tx Tx) error {
		return tx.DropPersonalBlock(ctx, who, strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "@")))
	})
}
