package block

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"math/big"

	"encoding/asn1"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/ledger/fabric/channel"
)

// Verify checks that a block's data is whole and that a quorum of the channel's
// orderers signed it. It returns an Invalid fault that says what does not hold.
func Verify(b *cb.Block, orderers []channel.Consenter) error {
	n := b.GetHeader().GetNumber()
	if !whole(b) {
		return fault.New(fault.Invalid, "Block %d was changed: its data is not what its header says.", n)
	}
	var md cb.Metadata
	if m := b.GetMetadata().GetMetadata(); len(m) <= int(cb.BlockMetadataIndex_SIGNATURES) || proto.Unmarshal(m[cb.BlockMetadataIndex_SIGNATURES], &md) != nil {
		return fault.New(fault.Invalid, "Block %d has no signatures.", n)
	}
	signed := map[uint32]bool{}
	for _, s := range md.Signatures {
		var who cb.IdentifierHeader
		if proto.Unmarshal(s.IdentifierHeader, &who) != nil {
			continue
		}
		for _, o := range orderers {
			if o.ID == who.Identifier && verifies(o.Identity, s.Signature, md.Value, s.IdentifierHeader, headerBytes(b.Header)) {
				signed[o.ID] = true
			}
		}
	}
	if need := channel.Quorum(len(orderers)); len(orderers) == 0 || len(signed) < need {
		return fault.New(fault.Invalid, "Block %d is signed by %d of %d orderers; %d are needed.", n, len(signed), len(orderers), need)
	}
	return nil
}

// verifies checks an orderer's ECDSA signature over the joined parts. Fabric
// takes only the lower of the two values S may have, so that nobody can make a
// second signature of a first.
func verifies(cert, sig []byte, parts ...[]byte) bool {
	p, _ := pem.Decode(cert)
	if p == nil {
		return false
	}
	c, err := x509.ParseCertificate(p.Bytes)
	if err != nil {
		return false
	}
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return false
	}
	var rs struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(sig, &rs); err != nil || len(rest) > 0 {
		return false
	}
	if half := new(big.Int).Rsh(key.Params().N, 1); rs.S.Cmp(half) > 0 {
		return false
	}
	h := sha256.New()
	for _, b := range parts {
		h.Write(b)
	}
	return ecdsa.VerifyASN1(key, h.Sum(nil), sig)
}

// A Chain is what leads from a channel's first block to one that is to be
// checked: every configuration block before it, in order.
type Chain struct {
	First   *cb.Block
	Configs []*cb.Block
	Block   *cb.Block
}

// Verify checks each configuration by the orderers of the one before, and the
// block by those of the last. Who trusts the first block, whose hash it returns,
// can trust the block. It returns Invalid with what does not hold.
func (c Chain) Verify() (first [32]byte, err error) {
	cfg, err := channel.Read(c.First)
	if err != nil {
		return first, err
	}
	if c.First.GetHeader().GetNumber() != 0 || !whole(c.First) {
		return first, fault.New(fault.Invalid, "The chain does not begin with a channel's first block.")
	}
	for _, b := range c.Configs {
		orderers, err := cfg.Consenters()
		if err != nil {
			return first, err
		}
		if err := Verify(b, orderers); err != nil {
			return first, err
		}
		next, err := channel.Read(b)
		if err != nil {
			return first, err
		}
		if next.Sequence != cfg.Sequence+1 || next.Block <= cfg.Block {
			return first, fault.New(fault.Invalid, "Between configurations %d and %d of the channel something is missing.", cfg.Sequence, next.Sequence)
		}
		cfg = next
	}
	if c.Block.GetHeader().GetNumber() < cfg.Block {
		return first, fault.New(fault.Invalid, "Block %d is older than the configuration it is to be checked by.", c.Block.GetHeader().GetNumber())
	}
	orderers, err := cfg.Consenters()
	if err != nil {
		return first, err
	}
	if c.Block.GetHeader().GetNumber() == 0 {
		return Hash(c.First), nil // nobody signs the first block: it is what one trusts
	}
	return Hash(c.First), Verify(c.Block, orderers)
}
