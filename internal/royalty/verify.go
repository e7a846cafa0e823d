package royalty

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"strings"

	"github.com/michaelperna/9ten/internal/calendar"
)

// VerifyReceipt checks a receipt file of a day or a month against keys somebody
// trusts. It asks nobody: that the roots are those on the ledger is for the
// caller to see, with Report.Node and Report.When.
func VerifyReceipt(file []byte, trusted Keys) Report {
	r := &Report{}
	p, err := ParseLogProof(file)
	if err == nil && !bytes.HasPrefix(p.Extra, []byte(tagDayReceipt+"\x00")) && !bytes.HasPrefix(p.Extra, []byte(tagMonthReceipt+"\x00")) {
		err = invalid("The file is a tlog-proof, but of nothing 9ten knows.")
	}
	if err != nil {
		r.check("file", err, "")
		return r.conclude("")
	}
	if bytes.HasPrefix(p.Extra, []byte(tagDayReceipt+"\x00")) {
		return verifyDay(r, p, trusted)
	}
	return verifyMonth(r, p, trusted)
}

// checkpoint checks the signature on a receipt's checkpoint. It returns false
// when the report is over: without the key, nothing can be said.
func (r *Report) checkpoint(p LogProof, origin string, trusted Keys) (Checkpoint, bool) {
	text, err := SplitNote(p.Checkpoint)
	var c Checkpoint
	if err == nil {
		c, err = ParseCheckpoint(text)
	}
	if err == nil && c.Origin != origin {
		err = invalid("The checkpoint is that of %s, not of %s.", c.Origin, origin)
	}
	key := LogOrigin(r.Node)
	if err == nil && len(trusted.Named(key)) == 0 {
		r.NeedsKey = key
		return c, false
	}
	if err == nil {
		var o Opened
		o, err = OpenCheckpoint(p.Checkpoint, logKeys(trusted, key))
		if o.KeyMissing {
			err = invalid("The checkpoint is signed by another key than the one trusted for %s.", key)
		}
	}
	return c, r.check("checkpoint", err, "%s signed the checkpoint of %s.", key, plural(int(c.Size), "leaf"))
}

// logKeys leaves the node's own log key and cosigners: no other key may sign
// for its log.
func logKeys(trusted Keys, name string) Keys {
	out := trusted.Named(name)
	for _, k := range trusted {
		if k.Type == TypeCosignature {
			out = append(out, k)
		}
	}
	return out
}

// nodeOf takes the node from the origin of a checkpoint.
func nodeOf(p LogProof) (node, rest string) {
	origin, _, _ := strings.Cut(string(p.Checkpoint), "\n")
	node, rest, _ = strings.Cut(origin, "/")
	return node, rest
}

func verifyDay(r *Report, p LogProof, trusted Keys) Report {
	r.Kind = "day"
	r.Node, _ = nodeOf(p)
	d, err := ParseDayReceipt(p.Extra)
	var row DayRow
	if err == nil {
		row, err = ParseDayRow(d.Row)
	}
	if err == nil {
		err = validNode(r.Node)
	}
	if err != nil {
		r.check("file", err, "")
		return r.conclude("")
	}
	r.When = row.Day.String()
	r.mark(d.Marks)
	r.check("file", nil, "The file is a receipt of %s for %s.", r.Node, r.When)
	c, ok := r.checkpoint(p, LogOrigin(r.Node), trusted)
	if r.NeedsKey != "" {
		return r.conclude("")
	}
	if ok {
		r.log = c
		r.inclusion(d.Row, d.Salt, p, c)
	}
	r.check("claims", checkClaims(&row, d.Claims), "The row counts exactly the claims listed, %d.", len(d.Claims))
	if len(d.Served.Bytes) > 0 {
		r.check("served", checkServed(d.Served, d.Row, d.Salt, p.Index, c, trusted.Named(LogOrigin(r.Node))), "%s signed that it showed this row.", r.Node)
	}
	return r.conclude("Holds: your row of %s is leaf %d of the log of %s.", r.When, p.Index, r.Node)
}

func (r *Report) inclusion(row []byte, salt Salt, p LogProof, c Checkpoint) {
	leaf := EntryLeaf(EntryHash(salt, row))
	err := CheckInclusion(leaf, p.Index, c.Size, p.Path, c.Root)
	if err != nil {
		err = invalid("The row is not leaf %d under the checkpoint: the row, its salt or the proof was changed.", p.Index)
	}
	r.check("inclusion", err, "The row is leaf %d of %d.", p.Index, c.Size)
}

func checkClaims(row *DayRow, claims []Hash) error {
	root, err := ClaimsRoot(claims)
	if err != nil {
		return err
	}
	if root != row.ClaimsRoot || uint64(len(claims)) != uint64(row.Claims) {
		return invalid("The row counts %d claims under another root than the %d listed.", row.Claims, len(claims))
	}
	return nil
}

// checkServed holds a signed served row against what the receipt shows.
func checkServed(s Signed, row []byte, salt Salt, index uint64, c Checkpoint, keys Keys) error {
	v, err := ParseServed(s.Bytes)
	if err != nil {
		return err
	}
	if !keys.Verifies(s.Bytes, s.Signature) {
		return invalid("The signature on the served row is wrong.")
	}
	if v.Origin != c.Origin || v.Size != c.Size || v.Index != index || v.Salt != salt || v.Row != sha256.Sum256(row) {
		return invalid("The node signed that it showed another row, or the same in another place.")
	}
	return nil
}

func verifyMonth(r *Report, p LogProof, trusted Keys) Report {
	r.Kind = "month"
	r.Node, _ = nodeOf(p)
	m, err := ParseMonthReceipt(p.Extra)
	var row MonthRow
	if err == nil {
		row, err = ParseMonthRow(m.Row)
	}
	if err == nil && row.Params != m.Rules.Version {
		err = invalid("The row and the receipt name different parameters.")
	}
	if err = cmp.Or(err, validNode(r.Node)); err != nil {
		r.check("file", err, "")
		return r.conclude("")
	}
	r.When = row.Period.String()
	r.mark(m.Marks)
	r.check("file", nil, "The file is a receipt of %s for %s.", r.Node, r.When)
	c, ok := r.checkpoint(p, MonthOrigin(r.Node, row.Period), trusted)
	if r.NeedsKey != "" {
		return r.conclude("")
	}
	if ok {
		r.inclusion(m.Row, m.Salt, p, c)
	}
	err = checkDays(&row, m.Days)
	r.check("days", err, "The month rests on %s.", plural(len(m.Days), "day row"))
	if err == nil {
		r.check("split", checkSplit(&row, &m), "Dividing %s by those rows again gives the same %s.", row.Pot+row.CarryIn, plural(len(row.Shares), "share"))
	}
	s, ok := r.settlement(m.Settlement, row.Period, trusted)
	if r.NeedsKey != "" {
		return r.conclude("")
	}
	if ok {
		r.check("tree", checkTreeA(&s, c), "The settlement rests on this tree of %s.", plural(int(s.SizeA), "row"))
		r.check("shares", checkShares(&row, &m, &s), "In the acts' sums: %s.", plural(len(row.Shares), "share"))
	}
	if len(m.Served.Bytes) > 0 {
		r.check("served", checkServed(m.Served, m.Row, m.Salt, p.Index, c, trusted.Named(LogOrigin(r.Node))), "%s signed that it showed this row.", r.Node)
	}
	switch all := row.Pot + row.CarryIn; {
	case row.CarryOut > 0:
		return r.conclude("Holds: your %s waits on %s, because %s had no play signed by a device.", all, r.Node, r.When)
	case row.Commons > 0:
		return r.conclude("Holds: your %s went to the commons of %s, because nobody could be paid for %s.", all, r.Node, r.When)
	default:
		return r.conclude("Holds: your %s for %s on %s went to your own %s, and to nobody else.", all, r.When, r.Node, plural(len(row.Shares), "act"))
	}
}

// checkDays holds the rows against the month row's hash of days.
func checkDays(row *MonthRow, days [][]byte) error {
	refs := make([]DayRef, len(days))
	for i, b := range days {
		d, err := ParseDayRow(b)
		if err != nil {
			return err
		}
		refs[i] = DayRef{d.Day, d.Sequence, sha256.Sum256(b)}
	}
	h, err := DaysHash(refs)
	if err != nil {
		return err
	}
	if h != row.DaysHash {
		return invalid("The month row rests on other day rows than those listed.")
	}
	return nil
}

// checkSplit compiles the month again.
func checkSplit(row *MonthRow, m *MonthReceipt) error {
	l := &Listener{Pseudonym: row.Pseudonym, Pot: row.Pot, CarryIn: row.CarryIn,
		Carried: m.Carried, Confirmed: m.Confirmed, Closed: m.Closed}
	var err error
	if l.Days, l.Basis, err = m.Apart(row.Period); err != nil {
		return err
	}
	again, err := Compile(row.Period, l, &m.Rules)
	if err != nil {
		return err
	}
	b, err := again.Encode()
	if err != nil {
		return err
	}
	if !bytes.Equal(b, m.Row) {
		return invalid("Dividing the pot by the day rows again gives another result.")
	}
	return nil
}

// settlement reads a signed settlement of the report's node. It returns false
// when it is not one, or when the key is missing and the report is over.
func (r *Report) settlement(signed Signed, p calendar.Period, trusted Keys) (Settlement, bool) {
	r.settled = signed.Bytes
	s, err := DecodeSettlement(signed.Bytes)
	if err == nil && (s.Node != r.Node || s.Period != p) {
		err = invalid("The settlement is that of %s for %s.", s.Node, s.Period)
	}
	name := SettlementKeyName(r.Node)
	keys := trusted.Named(name)
	if err == nil && len(keys) == 0 {
		r.NeedsKey = name
		return s, false
	}
	if err == nil && !keys.Verifies(signed.Bytes, signed.Signature) {
		err = invalid("The signature on the settlement is wrong, or by another key than the one trusted.")
	}
	if !r.check("settlement", err, "%s signed the settlement of %s.", name, p) {
		return s, false
	}
	r.check("totals", s.Valid(), "Its sums agree: %s in pots, %s to %s.", s.Pots, s.SumB, plural(int(s.Lines), "act"))
	return s, true
}

func checkTreeA(s *Settlement, c Checkpoint) error {
	if uint64(s.SizeA) != c.Size || s.RootA != c.Root {
		return invalid("The settlement rests on another tree of rows than the checkpoint.")
	}
	return nil
}

// checkShares shows every share of the row to be in tree B.
func checkShares(row *MonthRow, m *MonthReceipt, s *Settlement) error {
	if len(m.Shares) != len(row.Shares) {
		return invalid("The receipt proves %d shares of %d.", len(m.Shares), len(row.Shares))
	}
	root := SumNode{s.RootB, s.SumB}
	for i, sh := range row.Shares {
		leaf := Leaf{sh.Act, Blind(m.Salt, sh.Act, row.Pseudonym), sh.Micro}
		if err := m.Shares[i].Check(leaf, s.Lines, root); err != nil {
			return invalid("The share of %s is not in the acts' sums: the share or its proof was changed.", sh.Act)
		}
	}
	return nil
}
