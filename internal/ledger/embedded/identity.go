package embedded

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
)

// The organisational units that give an identity its role, as Fabric's NodeOUs.
const (
	RoleAdmin  = "admin"
	RoleClient = "client"
)

// An Identity is who a transaction comes from: an organisation (its MSP id is
// the node's id) and a P-256 certificate whose unit is the role.
type Identity struct {
	MSP  string
	Cert []byte // PEM
	Key  []byte // PKCS #8 PEM
}

// NewIdentity makes a self-signed identity of node that is valid for ten years
// from now.
func NewIdentity(node, role string, now time.Time) (Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Identity{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return Identity{}, err
	}
	cert := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: node, OrganizationalUnit: []string{role}},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		return Identity{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Identity{}, err
	}
	return Identity{
		MSP:  node,
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
	}, nil
}

// KeepIdentity reads the node's administrator identity from a PEM file (key,
// then certificate; mode 0600), or makes it at the first start. It returns an
// Invalid fault when the file is there but is no such identity.
func KeepIdentity(path, node string, now time.Time) (Identity, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		who, err := NewIdentity(node, RoleAdmin, now)
		if err != nil {
			return Identity{}, err
		}
		return who, file.Replace(path, append(append([]byte{}, who.Key...), who.Cert...), 0o600)
	}
	if err != nil {
		return Identity{}, fault.Wrap(err, fault.Unavailable, "The ledger's identity %s cannot be read.", filepath.Base(path))
	}
	key, rest := pem.Decode(b)
	cert, _ := pem.Decode(rest)
	who := Identity{MSP: node}
	if key != nil && cert != nil {
		who.Key, who.Cert = pem.EncodeToMemory(key), pem.EncodeToMemory(cert)
	}
	err = who.check()
	var other otherNode
	if errors.As(err, &other) {
		return Identity{}, fault.Wrap(err, fault.Invalid, "%s is %s's, and base_url makes this node %s. A node keeps its name: give base_url as it was.", filepath.Base(path), string(other), node)
	}
	if err != nil {
		return Identity{}, fault.Wrap(err, fault.Invalid, "%s does not hold this node's identity on the ledger. Restore it from a backup.", filepath.Base(path))
	}
	return who, nil
}

// otherNode says whose an identity is that is not this node's.
type otherNode string

func (n otherNode) Error() string { return "the certificate is of " + string(n) }

// check refuses an identity whose key does not belong to its certificate, or
// whose certificate names another node.
func (i Identity) check() error {
	kb, _ := pem.Decode(i.Key)
	cb, _ := pem.Decode(i.Cert)
	if kb == nil || cb == nil {
		return errors.New("no key, or no certificate")
	}
	key, err := x509.ParsePKCS8PrivateKey(kb.Bytes)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(cb.Bytes)
	if err != nil {
		return err
	}
	k, ok := key.(*ecdsa.PrivateKey)
	if !ok || !k.PublicKey.Equal(cert.PublicKey) {
		return errors.New("the key does not belong to the certificate")
	}
	if cert.Subject.CommonName != i.MSP {
		return otherNode(cert.Subject.CommonName)
	}
	return nil
}

// serialized is the identity as transactions carry it, and its SHA-256.
func (i Identity) serialized() ([]byte, [32]byte, error) {
	b, err := proto.Marshal(&msp.SerializedIdentity{Mspid: i.MSP, IdBytes: i.Cert})
	return b, sha256.Sum256(b), err
}
