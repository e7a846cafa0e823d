package api

import (
	"cmp"
	"context"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/listen"
)

// Begun is the answer to the start of a play.
type Begun struct {
	Play       string `json:"play" doc:"Play id, 16 bytes in hex"`
	Nonce      string `json:"nonce" doc:"To be named by the first claim, hex"`
	BeginMS    int64  `json:"begin_ms" doc:"Unix milliseconds, to be repeated in every claim"`
	MarkMS     int64  `json:"mark_ms" doc:"Milliseconds to be heard until it counts; 0 never"`
	HeartbeatS int64  `json:"heartbeat_s" doc:"Seconds between claims"`
	Node       string `json:"node" doc:"The node, as a claim names it"`
	Track      string `json:"track" doc:"The track, as a claim names it"`
	Sheet      uint32 `json:"sheet" doc:"Version of the credit sheet in force"`
	Master     string `json:"master_url" doc:"HLS master playlist"`
}

// Receipt is the node's signed answer to a claim.
type Receipt struct {
	Play      string `json:"play" doc:"Play id, hex"`
	Nonce     string `json:"nonce" doc:"To be named by the next claim, hex"`
	Receipt   []byte `json:"receipt,omitempty" doc:"Canonical receipt (docs/protocol), base64"`
	Signature []byte `json:"signature,omitempty" doc:"Ed25519 by the node's log key, base64"`
	Counted   bool   `json:"counted"`
	Reason    string `json:"reason" doc:"Why it does not count, or counted"`
	CountedMS uint32 `json:"counted_ms"`
	Day       uint32 `json:"day" doc:"YYYYMMDD, UTC"`
	Error     string `json:"error,omitempty" doc:"Why the claim was not taken (batch only)"`
}

func receipt(a listen.Answer) Receipt {
	r := Receipt{Play: hex.EncodeToString(a.Play[:])}
	if a.Err != nil {
		r.Error = fault.Message(a.Err)
		return r
	}
	r.Nonce, r.Receipt, r.Signature = hex.EncodeToString(a.Nonce[:]), a.Bytes, a.Signature
	r.Counted, r.Reason = a.Receipt.Decision == listen.Counts, a.Receipt.Decision.String()
	r.CountedMS, r.Day = a.Receipt.MS, uint32(a.Receipt.Day)
	return r
}

func bytes16(s, what string) (b id.Bytes16, err error) {
	if len(s) != 2*len(b) {
		return b, fault.New(fault.Invalid, "A %s is 32 hexadecimal digits.", what)
	}
	if _, err := hex.Decode(b[:], []byte(s)); err != nil {
		return b, fault.New(fault.Invalid, "A %s is 32 hexadecimal digits.", what)
	}
	return b, nil
}

type beginInput struct {
	Body struct {
		Track  string `json:"track" doc:"Track id"`
		Device string `json:"device,omitempty" doc:"Device key id, hex; without one the play is unsigned"`
		Flags  uint16 `json:"flags,omitempty" doc:"1 offline, 2 live, 4 autoplay, 8 background, 16 muted"`
	}
}

type claimInput struct {
	Play string `path:"play" doc:"Play id, hex"`
	Body struct {
		Claim     []byte `json:"claim" maxLength:"65536" doc:"Canonical claim, base64"`
		Signature []byte `json:"signature,omitempty" doc:"By the device key, base64; none for an unsigned play"`
		CSRF      string `json:"csrf,omitempty" doc:"Token of the session, where no header can be set"`
	}
}

type claimsInput struct {
	Body struct {
		Claims []struct {
			Claim     []byte `json:"claim" doc:"Canonical claim, base64"`
			Signature []byte `json:"signature,omitempty" doc:"By the device key, base64"`
		} `json:"claims" maxItems:"200"`
	}
}

type output[T any] struct{ Body T }

func reply[T any](v T) (*output[T], error) { return &output[T]{v}, nil }

func (a *API) listening(r *router) {
	add(r, operation{method: http.MethodPost, path: "/plays", id: "begin-play", tag: "Listening", scope: account.ScopeListen, status: http.StatusCreated, summary: "Begin a play"}, a.begin)
	add(r, operation{method: http.MethodPost, path: "/plays/{play}/claim", id: "claim-play", tag: "Listening", scope: account.ScopeListen, csrfInBody: true, often: true, summary: "Claim what was heard so far"}, a.claim)
	add(r, operation{method: http.MethodPost, path: "/claims", id: "claim-plays", tag: "Listening", scope: account.ScopeListen, often: true, summary: "Claim several plays, also offline ones"}, a.claims)
	add(r, operation{method: http.MethodGet, path: "/plays", id: "list-plays", tag: "Listening", scope: account.ScopeRead, summary: "Plays with their claims and receipts, newest first"}, a.plays)
	add(r, operation{method: http.MethodGet, path: "/nine", id: "get-nine", tag: "Listening", scope: account.ScopeRead, summary: "Your nine, and what each would be paid if the month ended now"}, a.nine)
	add(r, operation{method: http.MethodPost, path: "/nine/confirm", id: "confirm-nine", tag: "Listening", scope: account.ScopeMoney, summary: "Say that your nine are right, so that a month without a signed play is paid out"}, a.confirm)
}

func (a *API) begin(ctx context.Context, in *beginInput) (*output[Begun], error) {
	r := account.From(ctx)
	track, err := id.Parse[id.Track](in.Body.Track)
	if err != nil {
		return nil, err
	}
	s := listen.Start{Account: r.Account, Track: track, Flags: listen.Flags(in.Body.Flags), Origin: gate.Origin(gate.Client(ctx))}
	if in.Body.Device != "" {
		if s.Device, err = bytes16(in.Body.Device, "device key id"); err != nil {
			return nil, err
		}
	}
	b, err := a.Listen.Begin(ctx, s)
	if err != nil {
		return nil, err
	}
	return reply(Begun{
		Play: hex.EncodeToString(b.Play[:]), Nonce: hex.EncodeToString(b.Nonce[:]), BeginMS: b.Begin, MarkMS: b.Mark,
		HeartbeatS: int64(b.Heartbeat / time.Second), Node: a.Node, Track: b.Track, Sheet: b.Sheet, Master: "/media/" + string(track) + "/master.m3u8",
	})
}

func (a *API) claim(ctx context.Context, in *claimInput) (*output[Receipt], error) {
	r := account.From(ctx)
	if err := r.CheckCSRF(cmp.Or(csrf(ctx), in.Body.CSRF)); err != nil {
		return nil, err
	}
	play, err := bytes16(in.Play, "play id")
	if err != nil {
		return nil, err
	}
	said, err := listen.ParseClaim(in.Body.Claim)
	if err != nil {
		return nil, err
	}
	if said.Play != play {
		return nil, fault.New(fault.Invalid, "The claim is of another play than the address names.")
	}
	if err := a.claimPace.Allow(string(r.Account), a.Now()); err != nil {
		return nil, err
	}
	ans, err := a.Listen.Claim(ctx, listen.SignedClaim{Account: r.Account, Claim: in.Body.Claim, Signature: in.Body.Signature, Origin: gate.Origin(gate.Client(ctx))})
	if err != nil {
		return nil, err
	}
	return reply(receipt(ans))
}

func (a *API) claims(ctx context.Context, in *claimsInput) (*output[[]Receipt], error) {
	r := account.From(ctx)
	if err := a.claimPace.AllowN(string(r.Account), a.Now(), len(in.Body.Claims)); err != nil {
		return nil, err
	}
	list := make([]listen.SignedClaim, len(in.Body.Claims))
	for i, c := range in.Body.Claims {
		list[i] = listen.SignedClaim{Account: r.Account, Claim: c.Claim, Signature: c.Signature, Origin: gate.Origin(gate.Client(ctx))}
	}
	answers, err := a.Listen.Claims(ctx, list)
	if err != nil {
		return nil, err
	}
	out := make([]Receipt, len(answers))
	for i, ans := range answers {
		out[i] = receipt(ans)
	}
	return reply(out)
}

// Place is one act of the nine.
type Place struct {
	Rank    int    `json:"rank"`
	Act     id.Act `json:"act"`
	Name    string `json:"name"`
	Seconds uint64 `json:"seconds" doc:"Heard seconds at full share"`
	Plays   uint64 `json:"plays"`
	Micro   int64  `json:"micro" doc:"Millionths of a dollar it would be paid"`
}

// Nine is the month as it stands.
type Nine struct {
	Period string  `json:"period"`
	Pot    int64   `json:"pot_micro"`
	Nine   []Place `json:"nine"`
	Next   []Place `json:"next"`
	Behind uint64  `json:"behind_seconds" doc:"What the tenth needs to overtake the ninth"`
	Heard  int64   `json:"heard_seconds"`
}

func (a *API) nine(ctx context.Context, _ *struct{}) (*output[Nine], error) {
	n, names, err := a.Month(ctx, account.From(ctx).Account)
	if err != nil {
		return nil, err
	}
	places := func(list []listen.Place) []Place {
		out := make([]Place, 0, len(list))
		for _, p := range list {
			out = append(out, Place{p.Rank, p.Act, names[p.Act], p.Seconds(), p.Plays, int64(p.Micro)})
		}
		return out
	}
	return reply(Nine{n.Period.String(), int64(n.Pot), places(n.Places), places(n.Next), n.Behind, n.Totals.Seconds})
}

func (a *API) confirm(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.Report.Confirm(ctx, account.From(ctx).Account)
}

// KeptPlay is a play with its evidence.
type KeptPlay struct {
	Track          string `json:"track"`
	BeginMS        int64  `json:"begin_ms"`
	Claim          []byte `json:"claim,omitempty" doc:"Until it is destroyed, 90 days after the month closed"`
	ClaimSignature []byte `json:"claim_signature,omitempty"`
	Receipt
}

func (a *API) plays(ctx context.Context, in *PageInput) (*output[Page[KeptPlay]], error) {
	before, after := a.Now().Add(time.Hour), id.Bytes16{}
	if in.After != "" {
		at, play, found := strings.Cut(in.After, "-")
		ms, err := strconv.ParseInt(at, 10, 64)
		if err == nil && found {
			after, err = bytes16(play, "play id")
		}
		if err != nil || !found {
			return nil, errCursor()
		}
		before = time.UnixMilli(ms)
	}
	list, err := a.Listen.Receipts(ctx, account.From(ctx).Account, before, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return reply(clipped(list, in.Limit, func(k *listen.Kept) string {
		return strconv.FormatInt(k.Play.Begin, 10) + "-" + hex.EncodeToString(k.Answer.Play[:])
	}, func(k *listen.Kept) KeptPlay {
		return KeptPlay{Track: string(k.Play.Track), BeginMS: k.Play.Begin, Claim: k.Play.Claim, ClaimSignature: k.Play.Signature, Receipt: receipt(k.Answer)}
	}))
}
