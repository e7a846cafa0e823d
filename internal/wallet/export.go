package wallet

import (
	"context"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/money"
)

// A Format is a form in which the books leave the house.
type Format string

// The formats. Both hold every entry with all its postings.
const (
	CSV     Format = "csv"     // RFC 4180, one posting a line, for spreadsheets
	Hledger Format = "hledger" // journal text, for hledger and its relatives
)

// Formats are all formats.
var Formats = []Format{CSV, Hledger}

// declared heads the text form: nobody else has seen this money.
const declared = "; The books of a 9ten node. Amounts on the rail \"declared\" are declared by the operator."

// exportChunk is how many entries are read at once.
const exportChunk = 1000

// Export writes the whole journal, oldest first. Faults: Invalid for another
// format, and what writing returns.
func (d *Desk) Export(ctx context.Context, f Format, w io.Writer) error {
	var begin func() error
	var write func(Entry) error
	end := func() error { return nil }
	switch f {
	case CSV:
		c := csv.NewWriter(w)
		begin = func() error {
			return c.Write([]string{"entry", "time", "memo", "book", "asset", "amount", "name", "hash"})
		}
		write = func(e Entry) error { return writeCSV(c, e) }
		end = func() error { c.Flush(); return c.Error() }
	case Hledger:
		begin = func() error { _, err := fmt.Fprintf(w, "%s\n", declared); return err }
		write = func(e Entry) error { return writeHledger(w, e) }
	default:
		return fault.On("format", fault.Invalid, "There is no format %q. Choose csv or hledger.", string(f))
	}
	if err := begin(); err != nil {
		return err
	}
	for after, more := int64(0), true; more; {
		var list []Entry
		err := d.Store.WalletView(ctx, func(tx Tx) (err error) {
			list, err = tx.Entries(ctx, after, exportChunk)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := write(e); err != nil {
				return err
			}
			after = e.N
		}
		more = len(list) == exportChunk
	}
	return end()
}

func writeCSV(c *csv.Writer, e Entry) error {
	for _, p := range e.Postings {
		line := []string{strconv.FormatInt(e.N, 10), e.At.UTC().Format(time.RFC3339), e.Memo, string(p.Book), p.Asset, decimal(p.Micro), e.Idem, hex.EncodeToString(e.Hash[:])}
		if err := c.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// writeHledger writes one transaction (hledger manual, "Journal format"): the
// date, the entry's number as its code, the memo, and each posting below.
func writeHledger(w io.Writer, e Entry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s (%d) %s\n    ; name: %s\n", e.At.UTC().Format(time.DateOnly), e.N, plain(e.Memo), plain(e.Idem))
	for _, p := range e.Postings {
		fmt.Fprintf(&b, "    %-56s  %s %s\n", plain(string(p.Book)), decimal(p.Micro), strings.ToUpper(p.Asset))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// plain keeps a text from ending a line or beginning a comment.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ';':
			return ','
		case r < ' ' || r == 0x7f:
			return ' '
		}
		return r
	}, s)
}

// decimal writes an amount as programs read it: "10.00", "-3.927273".
func decimal(m money.Micro) string { return strings.Replace(m.String(), "$", "", 1) }
