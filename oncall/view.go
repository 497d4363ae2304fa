package oncall

import (
	"slices"
	"time"

	"tocsin/org"
)

// A Piece is a stretch of one layer, or of one patch: who stands there by it alone.
type Piece struct {
	From, Until time.Time
	People      []org.PersonID // empty: a slot left empty on purpose, or a patch that takes everybody off
	// CutFrom and CutUntil say that the piece begins before, or goes on after, the span
	// that was asked for.
	CutFrom, CutUntil bool
}

// A LayerView is a layer by itself, before patches and bands.
type LayerView struct {
	ID, Role string
	Band     int
	Pieces   []Piece
}

// A PatchView is a patch that acts in a span.
type PatchView struct {
	Patch  Patch
	Pieces []Piece
}

// Layers are what each layer says by itself in [from, to): the stretches that it covers.
func (c *Compiled) Layers(from, to time.Time) (all []LayerView) {
	start, end := instantOf(from), instantOf(to)
	for i := range c.layers {
		l := &c.layers[i]
		v := LayerView{ID: l.id, Role: c.roles[l.role], Band: l.band}
		s := c.sweep()
		before := s.layer(l, start-1)
		for at := start; at < end; {
			h := s.layer(l, at)
			until := min(h.until, end)
			n := len(v.Pieces)
			switch {
			case !h.covered:
			case n > 0 && instantOf(v.Pieces[n-1].Until) == at && slices.Equal(v.Pieces[n-1].People, h.users):
				v.Pieces[n-1].Until = timeOf(until)
			default:
				cut := at == start && before.covered && slices.Equal(before.users, h.users)
				v.Pieces = append(v.Pieces, Piece{From: timeOf(at), Until: timeOf(until), People: slices.Clone(h.users), CutFrom: cut})
			}
			if n = len(v.Pieces); h.covered && until == end {
				after := s.layer(l, end)
				v.Pieces[n-1].CutUntil = after.covered && slices.Equal(after.users, h.users)
			}
			at = until
		}
		all = append(all, v)
	}
	return all
}

// Patches are those that act in [from, to), by start.
func (c *Compiled) Patches(from, to time.Time) (all []PatchView) {
	start, end := instantOf(from), instantOf(to)
	for _, patches := range c.phases {
		for i := range patches {
			p := &patches[i]
			if p.start >= end || p.end <= start {
				continue
			}
			v := PatchView{Patch: c.Schedule.Patches[p.number]}
			if !p.temporary {
				v.Pieces = append(v.Pieces, cut(p.start, p.end, start, end, p.users))
			}
			for _, sh := range p.shifts {
				if sh.start < end && sh.end > start {
					v.Pieces = append(v.Pieces, cut(sh.start, sh.end, start, end, sh.users))
				}
			}
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b PatchView) int { return pieceStart(a).Compare(pieceStart(b)) })
	return all
}

func pieceStart(v PatchView) time.Time {
	if len(v.Pieces) == 0 {
		return time.Time{}
	}
	return v.Pieces[0].From
}

func cut(from, until, start, end int64, users []org.PersonID) Piece {
	return Piece{timeOf(max(from, start)), timeOf(min(until, end)), users, from < start, until > end}
}

// A Day is a civil day of a zone: 23, 24 or 25 hours long, or whatever its clock makes
// of it. A day that the clock skips is not there.
type Day struct {
	Date        string // 2026-03-29
	From, Until time.Time
	Weekday     time.Weekday
	Holiday     string
}

// Days are the civil days of a zone that touch [from, to), whole. Holidays are those of
// the country, where it is known.
func Days(zoneName, country string, from, to time.Time) ([]Day, error) {
	z, err := newZone(zoneName)
	if err != nil {
		return nil, err
	}
	first := floorDiv(z.reading(floorDiv(instantOf(from), second)), day)*day - day
	names := map[int64]string{}
	known, _ := org.Holidays(country, from.Year()-1, to.Year()+1)
	for _, h := range known {
		names[h.Day.Unix()] = h.Name
	}
	var days []Day
	for d := first; ; d += day {
		start, end := z.resolve(d, false), z.resolve(d+day, false)
		if start*second >= instantOf(to) {
			return days, nil
		}
		if end*second <= instantOf(from) || end == start {
			continue
		}
		date := time.Unix(d, 0).UTC()
		days = append(days, Day{date.Format("2006-01-02"), timeOf(start * second), timeOf(end * second), date.Weekday(), names[d]})
	}
}
