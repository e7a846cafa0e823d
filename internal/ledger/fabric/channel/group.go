package channel

import (
	"slices"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// admins is the policy whose holders may change what names it.
const admins = "Admins"

func newGroup(version uint64) *cb.ConfigGroup {
	return &cb.ConfigGroup{Version: version, Groups: map[string]*cb.ConfigGroup{}, Values: map[string]*cb.ConfigValue{}, Policies: map[string]*cb.ConfigPolicy{}}
}

// pack marshals a message of ours. It cannot fail: no message here has required
// fields, and every string in it is valid UTF-8 (checked on the way in).
func pack(m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic("channel: a message that cannot be marshalled: " + err.Error())
	}
	return b
}

func value(m proto.Message) *cb.ConfigValue {
	return &cb.ConfigValue{Value: pack(m), ModPolicy: admins}
}

func policy(kind cb.Policy_PolicyType, m proto.Message) *cb.ConfigPolicy {
	return &cb.ConfigPolicy{ModPolicy: admins, Policy: &cb.Policy{Type: int32(kind), Value: pack(m)}}
}

// implicit is the policy that asks the groups below for theirs.
func implicit(rule cb.ImplicitMetaPolicy_Rule, sub string) *cb.ConfigPolicy {
	return policy(cb.Policy_IMPLICIT_META, &cb.ImplicitMetaPolicy{Rule: rule, SubPolicy: sub})
}

// nOf is the signature policy "n of these principals".
func nOf(n int, ids ...*msp.MSPPrincipal) *cb.ConfigPolicy {
	rule := &cb.SignaturePolicy_NOutOf{N: int32(n)}
	for i := range ids {
		rule.Rules = append(rule.Rules, &cb.SignaturePolicy{Type: &cb.SignaturePolicy_SignedBy{SignedBy: int32(i)}})
	}
	return policy(cb.Policy_SIGNATURE, &cb.SignaturePolicyEnvelope{
		Identities: ids, Rule: &cb.SignaturePolicy{Type: &cb.SignaturePolicy_NOutOf_{NOutOf: rule}}})
}

func role(mspID string, r msp.MSPRole_MSPRoleType) *msp.MSPPrincipal {
	return &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_ROLE, Principal: pack(&msp.MSPRole{MspIdentifier: mspID, Role: r})}
}

// orgPolicies are an organisation's own: which of its roles may do what.
var orgPolicies = map[string][]msp.MSPRole_MSPRoleType{
	"Readers":     {msp.MSPRole_ADMIN, msp.MSPRole_PEER, msp.MSPRole_CLIENT, msp.MSPRole_ORDERER},
	"Writers":     {msp.MSPRole_ADMIN, msp.MSPRole_CLIENT, msp.MSPRole_ORDERER},
	admins:        {msp.MSPRole_ADMIN},
	"Endorsement": {msp.MSPRole_PEER},
}

// organisation is what every group of an organisation in one of the two halves has.
// It changes its values and policies itself. What there are of them a majority
// changes: that is the group's version, which every change of who is in that half
// names, so one organisation could void what others signed as often as it liked.
func organisation(half, mspID string, ca, tlsca []byte) *cb.ConfigGroup {
	g := newGroup(0)
	g.ModPolicy = "/Channel/" + half + "/" + admins
	for name, roles := range orgPolicies {
		var ids []*msp.MSPPrincipal
		for _, r := range roles {
			ids = append(ids, role(mspID, r))
		}
		g.Policies[name] = nOf(1, ids...)
	}
	unit := func(name string) *msp.FabricOUIdentifier {
		return &msp.FabricOUIdentifier{Certificate: ca, OrganizationalUnitIdentifier: name}
	}
	g.Values["MSP"] = value(&msp.MSPConfig{Config: pack(&msp.FabricMSPConfig{
		Name: mspID, RootCerts: [][]byte{ca}, TlsRootCerts: [][]byte{tlsca},
		CryptoConfig: &msp.FabricCryptoConfig{SignatureHashFamily: "SHA2", IdentityIdentifierHashFunction: "SHA256"},
		FabricNodeOus: &msp.FabricNodeOUs{Enable: true,
			ClientOuIdentifier: unit("client"), PeerOuIdentifier: unit("peer"), AdminOuIdentifier: unit("admin"), OrdererOuIdentifier: unit("orderer")},
	})})
	return g
}

// peers is a member's group among the applications.
func (m Member) peers() *cb.ConfigGroup {
	g := organisation(application, m.MSP, m.CA, m.TLSCA)
	g.Values["AnchorPeers"] = value(&peer.AnchorPeers{AnchorPeers: []*peer.AnchorPeer{{Host: m.Host, Port: int32(m.Port)}}})
	return g
}

// orderers is a member's group among those who order.
func (m Member) orderers(c Consenter) *cb.ConfigGroup {
	g := organisation(ordering, m.MSP, m.CA, m.TLSCA)
	g.Values["Endpoints"] = value(&cb.OrdererAddresses{Addresses: []string{c.Address()}})
	return g
}

func consenters(orderers *cb.ConfigGroup) ([]*cb.Consenter, error) {
	var list cb.Orderers
	err := proto.Unmarshal(orderers.GetValues()["Orderers"].GetValue(), &list)
	return list.ConsenterMapping, err
}

// setConsenters writes the orderers together with the policy that goes with
// them: a block is valid when a quorum of their identities signed it.
func setConsenters(orderers *cb.ConfigGroup, list []*cb.Consenter) {
	var ids []*msp.MSPPrincipal
	for _, c := range list {
		ids = append(ids, &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_IDENTITY, Principal: pack(&msp.SerializedIdentity{Mspid: c.MspId, IdBytes: c.Identity})})
	}
	orderers.Values["Orderers"] = &cb.ConfigValue{Version: orderers.Values["Orderers"].GetVersion(), ModPolicy: admins, Value: pack(&cb.Orderers{ConsenterMapping: list})}
	setPolicy(orderers, "BlockValidation", nOf(Quorum(len(list)), ids...))
}

// Quorum is how many of n BFT orderers must sign a block: ⌈(n+f+1)/2⌉ with
// f = ⌊(n-1)/3⌋ that may lie.
func Quorum(n int) int {
	f := (n - 1) / 3
	return (n + f + 2) / 2
}

// setValidators lets a majority of these organisations' peers endorse, and
// approve another contract.
func setValidators(app *cb.ConfigGroup, msps []string) {
	var ids []*msp.MSPPrincipal
	for _, m := range msps {
		ids = append(ids, role(m, msp.MSPRole_PEER))
	}
	for _, name := range []string{"Endorsement", "LifecycleEndorsement"} {
		setPolicy(app, name, nOf(Majority(len(msps)), ids...))
	}
}

// setVoices lets whoever an organisation of a group lets read and write do so,
// in one policy that names them all. The usual one, which asks each organisation
// for its own, has a signature checked again for each that it asks before it finds
// the signer's: at every orderer and peer, for every transaction.
func setVoices(g *cb.ConfigGroup) error {
	var msps []string
	for _, o := range g.Groups {
		m, err := member(o)
		if err != nil {
			return err
		}
		msps = append(msps, m.MSP)
	}
	slices.Sort(msps)
	for _, name := range []string{"Readers", "Writers"} {
		var ids []*msp.MSPPrincipal
		for _, m := range msps {
			for _, r := range orgPolicies[name] {
				ids = append(ids, role(m, r))
			}
		}
		setPolicy(g, name, nOf(1, ids...))
	}
	return nil
}

// setPolicy replaces a policy and keeps who may change it, and its version.
func setPolicy(g *cb.ConfigGroup, name string, p *cb.ConfigPolicy) {
	if was := g.Policies[name]; was != nil {
		p.ModPolicy, p.Version = was.ModPolicy, was.Version
	}
	g.Policies[name] = p
}
