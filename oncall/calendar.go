package oncall

import (
	"slices"
	"sort"

	"tocsin/org"
)

// Holidays are made for these years: what lies beyond has none.
const holidaysFrom, holidaysTo = 1990, 2060

// mostOperands bounds what one cover may be put together from, at any depth.
const mostOperands = 20

// holidays are civil days, sorted.
type holidays []int64

func (h holidays) longest() int64 { return day }

func (h holidays) each(from, to int64, yield func(occurrence) bool) int64 {
	for i := sort.Search(len(h), func(i int) bool { return h[i] >= from }); i < len(h); i++ {
		if !yield(occurrence{civil: h[i], seconds: day, ordinal: int64(i)}) {
			return h[i]
		}
		if h[i] > to {
			return h[i]
		}
	}
	return never
}

func (x *compiler) holidays(where string, in Cover, z *zone) holidays {
	country := in.Country
	if country == "" && len(in.Dates) == 0 {
		country = org.CountryOf(z.loc.String())
		x.check(country != "", where, "cover.country", "is missing: the zone %s says of no country whose holidays we know; name one, or list dates", z.loc)
	}
	var out holidays
	if country != "" {
		days, known := org.Holidays(country, holidaysFrom, holidaysTo)
		x.check(known, where, "cover.country", "%q is no country whose holidays we know, such as CZ: list them in dates", country)
		for _, d := range days {
			out = append(out, d.Day.Unix())
		}
	}
	x.check(len(in.Dates) <= 2000, where, "cover.dates", "%d are too many, at most 2000", len(in.Dates))
	for _, s := range in.Dates {
		d := x.civil(where, "cover.dates", s)
		x.check(d%day == 0, where, "cover.dates", "%q is not a day such as 2026-12-24", s)
		out = append(out, d)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// combined is a cover made of others.
func (x *compiler) combined(where, kind string, in Cover, z *zone, turnKind string) cover {
	x.check(len(in.Of) > 1, where, "cover.of", "%s wants two covers or more", kind)
	if x.operands += len(in.Of); x.operands > mostOperands {
		x.check(false, where, "cover.of", "more than %d covers in one are too many", mostOperands)
		return unbroken{}
	}
	x.check(kind != "union" || turnKind != "occurrence" && turnKind != "cycle", where, "turn.kind", "%s cannot count a union of covers: use clock", turnKind)
	var out cover
	for i, one := range in.Of {
		counted := turnKind
		if i > 0 {
			counted = "none" // only the first is counted
		}
		next := x.cover(where, one, z, counted)
		switch {
		case out == nil:
			out = next
		case kind == "union":
			out = union{out, next}
		case kind == "intersect":
			out = intersect{out, next}
		default:
			out = minus{out, next}
		}
	}
	return out
}

// few is room for the pieces of an operand, so that asking costs no memory.
type few [8]piece

type union struct{ a, b cover }

func (u union) near(at int64, pieces []piece) ([]piece, int64) {
	pieces, soon := u.a.near(at, pieces)
	pieces, other := u.b.near(at, pieces)
	return pieces, min(soon, other)
}

// intersect holds while both do; its pieces are those of a.
type intersect struct{ a, b cover }

func (c intersect) near(at int64, pieces []piece) ([]piece, int64) {
	n := len(pieces)
	pieces, horizon := c.a.near(at, pieces)
	if len(pieces) == n {
		return pieces, horizon
	}
	var room few
	held, soon := c.b.near(at, room[:0])
	if len(held) == 0 {
		return pieces[:n], soon
	}
	return pieces, min(horizon, soon, lastEnd(held))
}

// minus holds while a does and b does not; its pieces are those of a.
type minus struct{ a, b cover }

func (c minus) near(at int64, pieces []piece) ([]piece, int64) {
	n := len(pieces)
	pieces, horizon := c.a.near(at, pieces)
	if len(pieces) == n {
		return pieces, horizon
	}
	var room few
	held, soon := c.b.near(at, room[:0])
	if len(held) > 0 {
		return pieces[:n], min(soon, lastEnd(held))
	}
	return pieces, min(horizon, soon)
}

func lastEnd(pieces []piece) (end int64) {
	end = always
	for _, p := range pieces {
		end = max(end, p.end)
	}
	return end
}
