package listen

import (
	"context"
	"sync"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/id"
)

// sheets remembers credit sheets, which never change once they were in force.
// The zero value is ready.
type sheets struct {
	mu   sync.Mutex
	list map[sheetID][]Share
}

type sheetID struct {
	track   id.Track
	version uint32
}

// shares returns a sheet, from memory when it can.
func (s *sheets) shares(ctx context.Context, tx Tx, t id.Track, version uint32) ([]Share, error) {
	key := sheetID{t, version}
	s.mu.Lock()
	sheet, ok := s.list[key]
	s.mu.Unlock()
	if ok {
		return sheet, nil
	}
	sheet, err := tx.Shares(ctx, t, version)
	if err != nil {
		return nil, wrap(err, "sheet")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil || len(s.list) >= memory {
		s.list = make(map[sheetID][]Share)
	}
	s.list[key] = sheet
	return sheet, nil
}

// count applies [CountDay] and the credit sheets to one listener's plays.
func count(ctx context.Context, tx Tx, book *sheets, day calendar.Day, plays map[id.Bytes16]*Play) ([]Counted, *Tally, error) {
	heard := make([]Heard, 0, len(plays))
	for _, p := range plays {
		own := false
		if len(p.Own) > 0 {
			sheet, err := book.shares(ctx, tx, p.Track, p.Sheet)
			if err != nil {
				return nil, nil, err
			}
			own = allOwn(sheet, p.Own)
		}
		heard = append(heard, p.heard(own))
	}
	counted := CountDay(day, heard)
	var tally Tally
	for _, c := range counted {
		if c.Decision != Counts {
			continue
		}
		p := plays[c.Play]
		sheet, err := book.shares(ctx, tx, p.Track, p.Sheet)
		if err != nil {
			return nil, nil, err
		}
		tally.Add(sheet, p.Own, c.Seconds(), p.Device != KeyID{})
	}
	return counted, &tally, nil
}
