// Package credit is the document with which a node says who is paid for a
// release, by how much of each track, and where: the credit sheets in force,
// proved by the release's act, and of every act they name its wallets, proved by
// that act. Who has it can pay without asking anybody else.
package credit

import (
	"crypto/ed25519"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/federation/sig"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/music"
)

// The types of the document and of what is in it.
const (
	typeCredits = "nineten:Credits"
	typePayout  = "nineten:Payout"
)

// Bounds of what is read.
const (
	most     = 200 // sheets, and acts that they name
	maxName  = 300 // bytes
	maxShare = music.Whole
)

// A Document says who is paid for a release. Releases, tracks and acts are
// addresses of their documents.
type Document struct {
	ID      string
	Release string
	Act     string // of the release, whose proof it has
	Sheets  []Sheet
	Payouts []Payout
}

// A Sheet is a track's credit sheet in force.
type Sheet struct {
	Track   string    `json:"nineten:track"`
	Version uint32    `json:"nineten:version"`
	Since   time.Time `json:"nineten:since"`
	Shares  []Share   `json:"nineten:shares"`
}

// A Share is an act's part of every credited second.
type Share struct {
	Act    string `json:"nineten:act"`
	Points uint16 `json:"nineten:points"` // basis points
}

// A Payout is where an act is paid; without wallets it is owed what it earns.
type Payout struct {
	Act     string
	Name    string
	Wallets []Wallet
}

// A Wallet is a part of an act's money.
type Wallet struct {
	Address string `json:"nineten:address"`
	Points  uint16 `json:"nineten:points"`
}

// written is the document, and read one.
type written struct {
	Context      json.RawMessage   `json:"@context,omitempty"`
	ID           string            `json:"id"`
	Type         string            `json:"type"`
	AttributedTo string            `json:"attributedTo"`
	Release      string            `json:"nineten:release"`
	Sheets       []Sheet           `json:"nineten:sheets"`
	Payouts      []json.RawMessage `json:"nineten:payouts"`
}

type payout struct {
	ID           string   `json:"id"`
	Type         string   `json:"type"`
	AttributedTo string   `json:"attributedTo"`
	Name         string   `json:"name"`
	Wallets      []Wallet `json:"nineten:wallets"`
}

// A Signer gives the key of an act with its address.
type Signer func(act string) (method string, key ed25519.PrivateKey)

// Encode writes the document with the proofs of its acts.
func (d *Document) Encode(by Signer, now time.Time) ([]byte, error) {
	w := written{Context: vocab.Context(), ID: d.ID, Type: typeCredits, AttributedTo: d.Act, Release: d.Release, Sheets: d.Sheets, Payouts: []json.RawMessage{}}
	for _, p := range d.Payouts {
		b, err := prove(payout{p.Act + "/payout", typePayout, p.Act, p.Name, append([]Wallet{}, p.Wallets...)}, p.Act, by, now)
		if err != nil {
			return nil, err
		}
		w.Payouts = append(w.Payouts, b)
	}
	return prove(w, d.Act, by, now)
}

func prove(v any, act string, by Signer, now time.Time) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	method, key := by(act)
	return sig.Prove(b, method, key, now)
}

// A Proved part of a document waits for whoever reads it to find the key.
type Proved struct {
	Act    string
	Sealed *sig.Sealed
}

// Read reads a document and what each of its proofs is of; none is checked yet.
// Faults: Invalid for what contradicts itself, NotFound and Unsupported for what
// has no proof.
func Read(body []byte) (d Document, proofs []Proved, err error) {
	var w written
	if err := json.Unmarshal(body, &w); err != nil || w.Type != typeCredits {
		return d, nil, fault.New(fault.Invalid, "The credits cannot be read.")
	}
	sealed, err := sig.Open(body)
	if err != nil {
		return d, nil, err
	}
	d = Document{ID: w.ID, Release: w.Release, Act: w.AttributedTo, Sheets: w.Sheets}
	proofs = []Proved{{d.Act, sealed}}
	if len(w.Sheets) > most || len(w.Payouts) > most {
		return d, nil, fault.New(fault.TooLarge, "The credits have more than %d sheets or acts.", most)
	}
	for _, raw := range w.Payouts {
		p, sealed, err := readPayout(raw)
		if err != nil {
			return d, nil, err
		}
		d.Payouts = append(d.Payouts, p)
		proofs = append(proofs, Proved{p.Act, sealed})
	}
	for i := range d.Sheets {
		if err := d.check(&d.Sheets[i]); err != nil {
			return d, nil, err
		}
	}
	return d, proofs, nil
}

func readPayout(raw []byte) (p Payout, s *sig.Sealed, err error) {
	var w payout
	if err := json.Unmarshal(raw, &w); err != nil || w.Type != typePayout || w.ID != w.AttributedTo+"/payout" {
		return p, nil, fault.New(fault.Invalid, "The credits cannot be read.")
	}
	if s, err = sig.Open(raw); err != nil {
		return p, nil, err
	}
	sheet := make([]music.Wallet, len(w.Wallets))
	for i, x := range w.Wallets {
		sheet[i] = music.Wallet{Name: "-", Address: x.Address, Bps: int64(x.Points)}
	}
	if sheet, err = music.CheckWallets(sheet); err != nil {
		return p, nil, err
	}
	name := strings.ToValidUTF8(w.Name, "")
	p = Payout{Act: w.AttributedTo, Name: name[:min(len(name), maxName)]}
	for _, x := range sheet { // as they were cleaned: the ledger's forms do not take every address as it is sent
		p.Wallets = append(p.Wallets, Wallet{x.Address, uint16(x.Bps)})
	}
	return p, s, nil
}

// check refuses a sheet that does not add up, or that names an act of whom the
// document has no word.
func (d *Document) check(s *Sheet) error {
	sum, seen := 0, map[string]bool{}
	for _, x := range s.Shares {
		if seen[x.Act] || x.Points == 0 || !slices.ContainsFunc(d.Payouts, func(p Payout) bool { return p.Act == x.Act }) {
			return fault.New(fault.Invalid, "A credit sheet names an act twice, or one that does not say so itself.")
		}
		seen[x.Act], sum = true, sum+int(x.Points)
	}
	if sum != maxShare || s.Version == 0 || s.Since.IsZero() {
		return fault.New(fault.Invalid, "A credit sheet does not add up.")
	}
	return nil
}
