package channel

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/michaelperna/9ten/internal/fault"
)

// A Change is something members may agree on. It edits a configuration, or
// refuses with a fault: Conflict when it is so already, Invalid when it makes no
// sense, or none any more.
type Change func(root *cb.ConfigGroup) error

// Admit takes an organisation in. It endorses nothing until it is made a
// validator: one that never turns up stops nobody.
func Admit(m Member) Change {
	return func(root *cb.ConfigGroup) error {
		if err := m.Check(); err != nil {
			return err
		}
		app := root.Groups[application]
		if app.Groups[groupName(m.MSP)] != nil {
			return fault.New(fault.Conflict, "%s is a member already.", m.MSP)
		}
		app.Groups[groupName(m.MSP)] = m.peers()
		return setVoices(app)
	}
}

// Remove puts an organisation out: as member, validator and orderer.
func Remove(mspID string) Change {
	return func(root *cb.ConfigGroup) error {
		app := root.Groups[application]
		if app.Groups[groupName(mspID)] == nil {
			return fault.New(fault.Conflict, "%s is no member.", mspID)
		}
		if len(app.Groups) == 1 {
			return fault.New(fault.Invalid, "The last member cannot be removed.")
		}
		validators, err := Config{config: &cb.Config{ChannelGroup: root}}.Validators()
		if err != nil {
			return err
		}
		if slices.Contains(validators, mspID) {
			if validators = slices.DeleteFunc(validators, func(v string) bool { return v == mspID }); len(validators) == 0 {
				return fault.New(fault.Invalid, "%s is the only validator; make another one first.", mspID)
			}
			setValidators(app, validators)
		}
		delete(app.Groups, groupName(mspID))
		if err := setVoices(app); err != nil {
			return err
		}
		if root.Groups[ordering].Groups[groupName(mspID)] == nil {
			return nil
		}
		return RemoveOrderer(mspID)(root)
	}
}

// Validators names the organisations whose peers endorse.
func Validators(msps []string) Change {
	msps = slices.Compact(slices.Sorted(slices.Values(msps)))
	return func(root *cb.ConfigGroup) error {
		if len(msps) == 0 || len(msps) > MaxValidators {
			return fault.New(fault.Invalid, "A network has 1 to %d validators, not %d.", MaxValidators, len(msps))
		}
		app := root.Groups[application]
		for _, m := range msps {
			if app.Groups[groupName(m)] == nil {
				return fault.New(fault.Invalid, "%s is no member, so it cannot be a validator.", m)
			}
		}
		now, err := Config{config: &cb.Config{ChannelGroup: root}}.Validators()
		if err == nil && slices.Equal(now, msps) {
			return fault.New(fault.Conflict, "The validators are these already.")
		}
		setValidators(app, msps)
		return nil
	}
}

// AddOrderer makes a member's server one of those who order: organisation,
// consenter and block policy in one change.
func AddOrderer(c Consenter) Change {
	return func(root *cb.ConfigGroup) error {
		g, err := memberOf(root, c)
		if err != nil {
			return err
		}
		list, err := consenters(root.Groups[ordering])
		if err != nil {
			return err
		}
		next := uint32(1)
		for _, x := range list {
			if x.MspId == c.MSP {
				return fault.New(fault.Conflict, "%s has an orderer already.", c.MSP)
			}
			next = max(next, x.Id+1)
		}
		root.Groups[ordering].Groups[groupName(c.MSP)] = g.orderers(c)
		setConsenters(root.Groups[ordering], append(list, c.entry(next)))
		return setVoices(root.Groups[ordering])
	}
}

// Move says where a member's peer is now. That is the member's own to say: no
// other has to sign it.
func Move(mspID, host string, port int) Change {
	return func(root *cb.ConfigGroup) error {
		g := root.Groups[application].Groups[groupName(mspID)]
		if g == nil {
			return fault.New(fault.Invalid, "%s is no member.", mspID)
		}
		m, err := member(g)
		if err != nil {
			return err
		}
		m.Host, m.Port = host, port
		if err := m.Check(); err != nil {
			return err
		}
		g.Values["AnchorPeers"].Value = m.peers().Values["AnchorPeers"].Value
		return nil
	}
}

// ReplaceOrderer gives a member's orderer other certificates. One that moves
// orders nothing meanwhile, which the others must know before, not after.
func ReplaceOrderer(c Consenter) Change {
	return func(root *cb.ConfigGroup) error {
		if _, err := memberOf(root, c); err != nil {
			return err
		}
		list, err := consenters(root.Groups[ordering])
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(x *cb.Consenter) bool { return x.MspId == c.MSP })
		if i < 0 {
			return fault.New(fault.Invalid, "%s has no orderer that could be replaced.", c.MSP)
		}
		if at := (Consenter{Host: list[i].Host, Port: int(list[i].Port)}).Address(); at != c.Address() {
			return moved(c.MSP, at, c.Address())
		}
		list[i] = c.entry(list[i].Id)
		setConsenters(root.Groups[ordering], list)
		return nil
	}
}

// moved is the refusal of an orderer that is somewhere else than the network
// knows: nobody hears it there, and the network cannot be told in its absence.
func moved(mspID, known, now string) error {
	return fault.New(fault.Invalid, "The network knows the orderer of %s at %s, not at %s, and an orderer cannot move while it orders. Set its host and port back, run `9ten ledger orderer remove %s`, and once the members have approved that: move it, and run `9ten ledger orderer add` on it. For a cluster's orderers add --cluster to both.", mspID, known, now, mspID)
}

// RemoveOrderer takes a member's orderer out of the ordering.
func RemoveOrderer(mspID string) Change {
	return func(root *cb.ConfigGroup) error {
		g := root.Groups[ordering]
		list, err := consenters(g)
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(slices.Clone(list), func(x *cb.Consenter) bool { return x.MspId == mspID })
		switch {
		case len(left) == len(list):
			return fault.New(fault.Conflict, "%s has no orderer.", mspID)
		case len(left) == 0:
			return fault.New(fault.Invalid, "The last orderer cannot be removed; add another one first.")
		}
		delete(g.Groups, groupName(mspID))
		setConsenters(g, left)
		return setVoices(g)
	}
}

func memberOf(root *cb.ConfigGroup, c Consenter) (Member, error) {
	g := root.Groups[application].Groups[groupName(c.MSP)]
	if g == nil {
		return Member{}, fault.New(fault.Invalid, "%s is no member, so it cannot order.", c.MSP)
	}
	m, err := member(g)
	if err != nil {
		return Member{}, err
	}
	return m, c.check(m)
}

// Fingerprint is a short name of the member's authorities: what people compare
// before they admit it.
func (m Member) Fingerprint() string {
	h := sha256.New()
	h.Write(m.CA)
	h.Write(m.TLSCA)
	x := hex.EncodeToString(h.Sum(nil)[:10])
	return x[:5] + "-" + x[5:10] + "-" + x[10:15] + "-" + x[15:]
}

// Equal reports whether two descriptions are the same in all.
func (m Member) Equal(o Member) bool {
	return m.MSP == o.MSP && m.Host == o.Host && m.Port == o.Port && bytes.Equal(m.CA, o.CA) && bytes.Equal(m.TLSCA, o.TLSCA)
}

func (c Consenter) entry(id uint32) *cb.Consenter {
	return &cb.Consenter{Id: id, Host: c.Host, Port: uint32(c.Port), MspId: c.MSP, Identity: c.Identity, ClientTlsCert: c.TLS, ServerTlsCert: c.TLS}
}

// Check refuses (Invalid) what the orderers would refuse later, or take and choke
// on.
func (m Member) Check() error {
	switch {
	case !name(m.MSP):
		return fault.New(fault.Invalid, "%q is no name for a member of the network.", m.MSP)
	case !hostname(m.Host) || m.Port < 1 || m.Port > 65535:
		return fault.New(fault.Invalid, "%s gives no address of its peer.", m.MSP)
	}
	for _, b := range [][]byte{m.CA, m.TLSCA} {
		c, err := certificate(b)
		if err != nil || !c.IsCA || len(c.SubjectKeyId) == 0 {
			return fault.New(fault.Invalid, "%s gives no certificate of an authority.", m.MSP)
		}
	}
	return short(m.MSP, m.CA, m.TLSCA)
}

func (c Consenter) check(m Member) error {
	if !hostname(c.Host) || c.Port < 1 || c.Port > 65535 {
		return fault.New(fault.Invalid, "%s gives no address of its orderer.", c.MSP)
	}
	for _, x := range []struct{ cert, ca []byte }{{c.Identity, m.CA}, {c.TLS, m.TLSCA}} {
		leaf, err := certificate(x.cert)
		if err != nil {
			return fault.New(fault.Invalid, "%s gives no certificate of its orderer.", c.MSP)
		}
		ca, err := certificate(x.ca)
		if err != nil || leaf.CheckSignatureFrom(ca) != nil {
			return fault.New(fault.Invalid, "The certificates of the orderer of %s are not from its own authorities.", c.MSP)
		}
	}
	return short(c.MSP, c.Identity, c.TLS, m.CA, m.TLSCA)
}

// hostname reports whether text can be a host's name or address.
func hostname(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for _, b := range []byte(s) {
		if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (b < '0' || b > '9') && b != '.' && b != '-' && b != '_' && b != ':' {
			return false
		}
	}
	return true
}

// name reports whether a node's id can be a member's: its group's key allows
// letters, digits, dots and dashes.
func name(s string) bool {
	if s == "" || len(s) > 249 || s == "." || s == ".." {
		return false
	}
	for _, b := range []byte(groupName(s)) {
		if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (b < '0' || b > '9') && b != '.' && b != '-' {
			return false
		}
	}
	return true
}

func certificate(b []byte) (*x509.Certificate, error) {
	p, rest := pem.Decode(b)
	if p == nil || p.Type != "CERTIFICATE" || len(rest) > 0 {
		return nil, fault.New(fault.Invalid, "That is no certificate.")
	}
	return x509.ParseCertificate(p.Bytes)
}
