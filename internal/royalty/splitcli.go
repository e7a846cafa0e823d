package royalty

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
)

// maxSplitInput bounds what SplitJSON reads.
const maxSplitInput = 64 << 20

// SplitInput is the JSON form of one call of [Split].
type SplitInput struct {
	Pot     int64         `json:"pot"` // micro
	K       int           `json:"k"`
	Lambda  int           `json:"lambda_bps"`
	Seed    string        `json:"seed"` // 32 bytes in hex
	Credits []SplitCredit `json:"credits"`
}

// SplitCredit is the JSON form of a [Credit].
type SplitCredit struct {
	Act    id.Act `json:"act"`
	Credit uint64 `json:"credit"`
	Plays  uint64 `json:"plays"`
	Days   uint32 `json:"days"`
}

// SplitOutput is the JSON form of what [Split] returns.
type SplitOutput struct {
	Shares      []SplitShare `json:"shares"` // never null
	Unallocated int64        `json:"unallocated"`
}

// SplitShare is the JSON form of a [Share].
type SplitShare struct {
	Act   id.Act `json:"act"`
	Rank  uint8  `json:"rank"`
	Micro int64  `json:"micro"`
}

// Run calls [Split].
func (in SplitInput) Run() (SplitOutput, error) {
	seed, err := hex.DecodeString(in.Seed)
	if err != nil || len(seed) != len(Hash{}) {
		return SplitOutput{}, fault.On("seed", fault.Invalid, "The seed is 32 bytes, written as 64 hexadecimal digits.")
	}
	if in.K < 1 || in.K > 255 {
		return SplitOutput{}, fault.On("k", fault.Invalid, "k says how many acts are paid: 1 to 255.")
	}
	if in.Lambda < 0 || in.Lambda > Basis {
		return SplitOutput{}, fault.On("lambda_bps", fault.Invalid, "lambda_bps is 0 (in proportion) to 10000 (equal parts).")
	}
	credits := make([]Credit, len(in.Credits))
	for i, c := range in.Credits {
		credits[i] = Credit(c)
	}
	shares, rest, err := Split(money.Micro(in.Pot), credits, Params{K: uint8(in.K), Lambda: uint16(in.Lambda)}, Hash(seed))
	out := SplitOutput{Shares: make([]SplitShare, len(shares)), Unallocated: int64(rest)}
	for i, s := range shares {
		out.Shares[i] = SplitShare{s.Act, s.Rank, int64(s.Micro)}
	}
	return out, err
}

// SplitJSON reads one SplitInput, or an array of them, and writes one
// SplitOutput on a line, or an array. Faults: Invalid for JSON that is none,
// fields it does not know and whatever [Split] refuses; nothing is written then.
func SplitJSON(r io.Reader, w io.Writer) error {
	b, err := io.ReadAll(io.LimitReader(r, maxSplitInput+1))
	if err != nil {
		return fault.Wrap(err, fault.Internal, "The input could not be read.")
	}
	if len(b) > maxSplitInput {
		return fault.New(fault.TooLarge, "The input is larger than 64 MB.")
	}
	if bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("[")) {
		return splitMany(b, w)
	}
	var in SplitInput
	if err := strictJSON(b, &in); err != nil {
		return err
	}
	out, err := in.Run()
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(out)
}

func splitMany(b []byte, w io.Writer) error {
	var ins []SplitInput
	if err := strictJSON(b, &ins); err != nil {
		return err
	}
	outs := make([]SplitOutput, len(ins))
	for i, in := range ins {
		var err error
		if outs[i], err = in.Run(); err != nil {
			return fault.Wrap(err, fault.Invalid, "Input %d: %s", i+1, fault.Message(err))
		}
	}
	return json.NewEncoder(w).Encode(outs)
}

// strictJSON reads exactly one value: a field it does not know might be a
// misspelt one, and money would go elsewhere.
func strictJSON(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fault.Wrap(err, fault.Invalid, "The input is not the JSON that was expected (%v).", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fault.New(fault.Invalid, "The input goes on after its JSON value.")
	}
	return nil
}
