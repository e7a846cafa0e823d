package form

import (
	"github.com/michaelperna/9ten/internal/federation/credit"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// Credits is the address of who is paid for a release. It ends alike on every
// node, so that who knows a release knows where to ask.
func Credits(release string) string { return release + "/credits" }

// Paid is what the credits of a release say: each track's sheet in force, and the
// wallets of the acts that they name.
func (s Site) Paid(full *music.FullRelease, wallets map[id.Act][]music.Wallet) *credit.Document {
	at := s.Release(full.Release.ID)
	d := &credit.Document{ID: Credits(at), Release: at, Act: s.Act(full.Act.ID), Sheets: []credit.Sheet{}}
	named := map[id.Act]bool{}
	for _, t := range full.Tracks {
		if t.Sheet.Version == 0 || t.Asset == nil {
			continue
		}
		sheet := credit.Sheet{Track: s.Track(t.Track.ID), Version: uint32(t.Sheet.Version), Since: t.Sheet.Since}
		for _, x := range t.Sheet.Shares {
			sheet.Shares = append(sheet.Shares, credit.Share{Act: s.Act(x.Act), Points: uint16(x.Bps)})
			if named[x.Act] {
				continue
			}
			named[x.Act] = true
			p := credit.Payout{Act: s.Act(x.Act), Name: full.Names[x.Act].Name}
			for _, w := range wallets[x.Act] {
				p.Wallets = append(p.Wallets, credit.Wallet{Address: w.Address, Points: uint16(w.Bps)})
			}
			d.Payouts = append(d.Payouts, p)
		}
		d.Sheets = append(d.Sheets, sheet)
	}
	return d
}
