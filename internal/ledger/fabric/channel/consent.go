package channel

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// Consents reports whether a signature is a member's consent to an update, as
// the orderers will ask: by an administrator whose certificate is from the
// authority that the configuration names, over these very bytes. What a member
// writes on the ledger of itself proves nothing.
func (c Config) Consents(mspID string, update []byte, s Signature, at time.Time) bool {
	g := c.config.ChannelGroup.Groups[application].Groups[groupName(mspID)]
	if g == nil {
		return false
	}
	m, err := member(g)
	if err != nil {
		return false
	}
	var h cb.SignatureHeader
	var who msp.SerializedIdentity
	if proto.Unmarshal(s.Header, &h) != nil || proto.Unmarshal(h.Creator, &who) != nil || who.Mspid != mspID {
		return false
	}
	cert, err := certificate(who.IdBytes)
	if err != nil || at.After(cert.NotAfter) || !Issued(who.IdBytes, m.CA, "admin") {
		return false
	}
	return Verifies(who.IdBytes, s.Signature, s.Header, update)
}

// Issued reports whether a certificate is of a role and from an authority, both
// PEM. When it ends does not matter: blocks are checked years later.
func Issued(cert, authority []byte, role string) bool {
	c, err := certificate(cert)
	if err != nil {
		return false
	}
	ca, err := certificate(authority)
	return err == nil && c.CheckSignatureFrom(ca) == nil && slices.Contains(c.Subject.OrganizationalUnit, role)
}

// SameKey reports whether two certificates, PEM, are for one key.
func SameKey(a, b []byte) bool {
	x, err := certificate(a)
	if err != nil {
		return false
	}
	y, err := certificate(b)
	return err == nil && bytes.Equal(x.RawSubjectPublicKeyInfo, y.RawSubjectPublicKeyInfo)
}

// Verifies checks an ECDSA signature of a certificate's key (PEM) over the
// joined parts. Fabric takes only the lower of the two values S may have, so
// that nobody can make a second signature of a first.
func Verifies(cert, sig []byte, parts ...[]byte) bool {
	c, err := certificate(cert)
	if err != nil {
		return false
	}
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return false
	}
	var rs struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(sig, &rs); err != nil || len(rest) > 0 || rs.S.Cmp(new(big.Int).Rsh(key.Params().N, 1)) > 0 {
		return false
	}
	h := sha256.New()
	for _, b := range parts {
		h.Write(b)
	}
	return ecdsa.VerifyASN1(key, h.Sum(nil), sig)
}
