package royalty

import (
	"cmp"
	"crypto/sha256"
	"strings"

	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/royalty/wire"
)

const (
	tagInvoice  = "9ten/invoice/v1"
	tagPayment  = "9ten/payment/v1"
	tagDeclared = "9ten/declared/v1"
)

// Invoice is what a node commits to before anybody pays: a leaf of the day's
// invoice tree. Its opening (these fields) stays with the listener.
type Invoice struct {
	Node      string
	Pseudonym Pseudonym
	Asset     string // such as eip155:1/erc20:0x8E87...
	Address   string
	BaseUnits string // decimal, no leading zero
	Expires   uint64 // Unix milliseconds
	Salt      Salt
}

// Valid refuses (Invalid) an amount that is none and a missing asset.
func (v *Invoice) Valid() error {
	return cmp.Or(validNode(v.Node), validUnits(v.BaseUnits), named(v.Asset, "asset"))
}

// Encode returns the canonical bytes.
func (v *Invoice) Encode() ([]byte, error) {
	if err := v.Valid(); err != nil {
		return nil, err
	}
	w := wire.NewWriter(tagInvoice)
	w.Str(v.Node)
	w.Raw(v.Pseudonym[:])
	w.Str(v.Asset)
	w.Str(v.Address)
	w.Str(v.BaseUnits)
	w.U64(v.Expires)
	w.Raw(v.Salt[:])
	return w.Bytes()
}

// Commitment is the SHA-256 of the bytes, by which payments name the invoice.
func (v *Invoice) Commitment() (Hash, error) {
	b, err := v.Encode()
	return sha256.Sum256(b), err
}

// ParseInvoice reads what Encode wrote and refuses everything else.
func ParseInvoice(b []byte) (Invoice, error) {
	in := wire.NewReader(tagInvoice, b)
	var v Invoice
	v.Node = in.Str()
	in.Raw(v.Pseudonym[:])
	v.Asset = in.Str()
	v.Address = in.Str()
	v.BaseUnits = in.Str()
	v.Expires = in.U64()
	in.Raw(v.Salt[:])
	if err := cmp.Or(in.Done(), v.Valid()); err != nil {
		return Invoice{}, err
	}
	return v, nil
}

// Payment is the evidence of one transfer on a chain: a leaf of the day's
// payment tree, which is sorted by (Asset, Tx, LogIndex).
type Payment struct {
	Asset     string
	Tx        Hash
	LogIndex  uint32
	Block     uint64
	BlockHash Hash
	BlockTime uint64 // Unix milliseconds
	From, To  [20]byte
	BaseUnits string // decimal, no leading zero
	Invoice   Hash   // commitment, zero when none was found
}

// Valid refuses (Invalid) an amount that is none and a missing asset.
func (v *Payment) Valid() error { return cmp.Or(validUnits(v.BaseUnits), named(v.Asset, "asset")) }

// Compare orders payments as their tree does.
func (v *Payment) Compare(o *Payment) int {
	return cmp.Or(strings.Compare(v.Asset, o.Asset), compare(v.Tx, o.Tx), cmp.Compare(v.LogIndex, o.LogIndex))
}

// Encode returns the canonical bytes.
func (v *Payment) Encode() ([]byte, error) {
	if err := v.Valid(); err != nil {
		return nil, err
	}
	w := wire.NewWriter(tagPayment)
	w.Str(v.Asset)
	w.Raw(v.Tx[:])
	w.U32(v.LogIndex)
	w.U64(v.Block)
	w.Raw(v.BlockHash[:])
	w.U64(v.BlockTime)
	w.Raw(v.From[:])
	w.Raw(v.To[:])
	w.Str(v.BaseUnits)
	w.Raw(v.Invoice[:])
	return w.Bytes()
}

// ParsePayment reads what Encode wrote and refuses everything else.
func ParsePayment(b []byte) (Payment, error) {
	in := wire.NewReader(tagPayment, b)
	var v Payment
	v.Asset = in.Str()
	in.Raw(v.Tx[:])
	v.LogIndex = in.U32()
	v.Block = in.U64()
	in.Raw(v.BlockHash[:])
	v.BlockTime = in.U64()
	in.Raw(v.From[:])
	in.Raw(v.To[:])
	v.BaseUnits = in.Str()
	in.Raw(v.Invoice[:])
	if err := cmp.Or(in.Done(), v.Valid()); err != nil {
		return Payment{}, err
	}
	return v, nil
}

// Declared is a payment that no chain shows: a gateway's event, or what an
// operator wrote down by hand. Its own daily tree is sorted by (Rail, Event).
type Declared struct {
	Rail     string // such as hand, stripe
	Event    string // unique within the rail
	Refunded bool
	Time     uint64 // Unix milliseconds
	Micro    money.Micro
	Invoice  Hash // commitment, zero when there was no invoice
}

// Valid refuses (Invalid) an event without a name.
func (v *Declared) Valid() error {
	_, err := total(v.Micro)
	return cmp.Or(named(v.Rail, "rail"), named(v.Event, "event"), err)
}

// Compare orders declared payments as their tree does.
func (v *Declared) Compare(o *Declared) int {
	return cmp.Or(strings.Compare(v.Rail, o.Rail), strings.Compare(v.Event, o.Event))
}

// Encode returns the canonical bytes.
func (v *Declared) Encode() ([]byte, error) {
	if err := v.Valid(); err != nil {
		return nil, err
	}
	w := wire.NewWriter(tagDeclared)
	w.Str(v.Rail)
	w.Str(v.Event)
	w.Bool(v.Refunded)
	w.U64(v.Time)
	w.I63(int64(v.Micro))
	w.Raw(v.Invoice[:])
	return w.Bytes()
}

// ParseDeclared reads what Encode wrote and refuses everything else.
func ParseDeclared(b []byte) (Declared, error) {
	in := wire.NewReader(tagDeclared, b)
	var v Declared
	v.Rail = in.Str()
	v.Event = in.Str()
	v.Refunded = in.Bool()
	v.Time = in.U64()
	v.Micro = money.Micro(in.I63())
	in.Raw(v.Invoice[:])
	if err := cmp.Or(in.Done(), v.Valid()); err != nil {
		return Declared{}, err
	}
	return v, nil
}

// validUnits accepts what a 256-bit amount looks like in decimal.
func validUnits(s string) error {
	ok := s != "" && len(s) <= 78 && (s == "0" || s[0] != '0')
	for _, c := range []byte(s) {
		ok = ok && c >= '0' && c <= '9'
	}
	if !ok {
		return invalid("%q is not an amount in base units.", s)
	}
	return nil
}

func named(s, what string) error {
	if s == "" {
		return invalid("A payment has no %s.", what)
	}
	return nil
}
