package fabric

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger"
)

// maxMessage bounds an answer of a peer: a block may have 10 MiB.
const maxMessage = 100 << 20

// Dial connects to a peer or orderer. It does not wait for it: a call on a
// connection that is down fails as Unavailable, and it is tried again within
// two seconds.
func Dial(address string, as *tls.Config) (*grpc.ClientConn, error) {
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(credentials.NewTLS(as)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second}, MinConnectTimeout: 3 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
}

// certHash is what a peer compares with the certificate of a connection.
func certHash(c tls.Certificate) []byte {
	sum := sha256.Sum256(c.Certificate[0])
	return sum[:]
}

// refusal finds what the contract said in what a peer said of it.
var refusal = regexp.MustCompile(`chaincode response \d+, (.+)$`)

// mismatch is how a gateway says that an endorser came to another result.
const mismatch = "ProposalResponsePayloads do not match"

// misdated is how a peer says that it takes nothing of that time.
const misdated = "incorrect timestamp"

// unacquainted is how a gateway says that it finds nobody to ask.
var unacquainted = regexp.MustCompile(`no combination of peers can be derived|no peers available to evaluate chaincode`)

// strangers reports whether a call failed because the peer does not know enough
// of the others: for some seconds after it started, or after one joined.
func strangers(err error) bool { return unacquainted.MatchString(err.Error()) }

// A Disagreement says that peers came to different results: somebody's contract
// is not the network's. Whose, more than two sides tell: who is alone.
type Disagreement struct {
	error
	Asked string   // whose peer was asked first, where that is known
	With  []string // whose peers came to another result than that one
}

// of adds whose peer was asked first: a forger that asks is on one side, and all
// the others on the other.
func (d *Disagreement) of(org string) error {
	return &Disagreement{fault.Wrap(errors.Unwrap(d.error), fault.Unavailable, "The peers of the network came to different results, so nothing was recorded: %s on one side, %s on the other.", org, strings.Join(d.With, ", ")), org, d.With}
}

func (d *Disagreement) Unwrap() error { return d.error }

// explain turns a gateway's error into a fault: the contract's refusal in its
// own words, a disagreement of peers with the organisations that took part, and
// everything else as Unavailable. The gateway hides the reasons in the details
// of a gRPC status.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	s, ok := status.FromError(err)
	if !ok && !errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(err, fault.Unavailable, "The ledger's peer cannot be reached. What has to be recorded waits.")
	}
	texts, differ := []string{s.Message()}, []string{}
	for _, d := range s.Details() {
		if x, ok := d.(*gateway.ErrorDetail); ok {
			texts = append(texts, x.Message)
			if strings.Contains(x.Message, mismatch) {
				differ = append(differ, x.MspId)
			}
			err = &detailed{err, x.MspId + " " + x.Address + ": " + x.Message}
		}
	}
	for _, t := range texts {
		if m := refusal.FindStringSubmatch(t); m != nil {
			return ledger.Refusal(m[1])
		}
	}
	if len(differ) > 0 {
		return disagree(err, differ)
	}
	if strings.Contains(strings.Join(texts, "\n"), misdated) {
		return fault.Wrap(err, fault.Unavailable, "Peers refuse what this node sends, since its clock and theirs are more than 15 minutes apart. Set this machine's clock; `9ten ledger doctor` says more.")
	}
	if s.Code() == codes.PermissionDenied || s.Code() == codes.Unauthenticated || strings.Contains(strings.Join(texts, "\n"), "Failed evaluating policy") {
		return fault.Wrap(err, fault.Forbidden, "The ledger's peer does not accept this node's certificate.")
	}
	return fault.Wrap(err, fault.Unavailable, "The ledger cannot be reached at the moment. What has to be recorded waits.")
}

// behind finds others' peers that refused what the one that was asked first, which
// is of an organisation, endorsed: they may not have the block yet on which it
// rests, as who sends one call after another does not wait for theirs. Or they
// lie: what they say is not the ledger's word. It returns nil for anything else.
func behind(err error, org string) error {
	var by []string
	for _, d := range status.Convert(err).Details() {
		x, ok := d.(*gateway.ErrorDetail)
		if !ok || !refusal.MatchString(x.Message) {
			continue
		}
		if x.MspId == org {
			return nil
		}
		by = append(by, x.MspId)
		err = &detailed{err, x.MspId + " " + x.Address + ": " + x.Message}
	}
	if by == nil {
		return nil
	}
	return disagree(err, by)
}

func disagree(err error, with []string) *Disagreement {
	slices.Sort(with)
	with = slices.Compact(with)
	return &Disagreement{fault.Wrap(err, fault.Unavailable, "The peers of the network came to different results, so nothing was recorded. Not in agreement: %s.", strings.Join(with, ", ")), "", with}
}

// detailed adds to an error what its details say.
type detailed struct {
	error
	more string
}

func (e *detailed) Error() string { return e.error.Error() + "; " + e.more }
func (e *detailed) Unwrap() error { return e.error }

// notFound is what a peer's system contracts mean by these words.
func notFound(err error) error {
	s := err.Error()
	if strings.Contains(s, "bootstrapped from a snapshot") {
		return fault.Wrap(err, fault.NotFound, "This copy of the ledger began with a snapshot and does not have that block.")
	}
	if strings.Contains(s, "not found") || strings.Contains(s, "no such transaction") || strings.Contains(s, "Entry not found") {
		return fault.Wrap(err, fault.NotFound, "The ledger holds no such block.")
	}
	return err
}
