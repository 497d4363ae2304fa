package org

import (
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/ua"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// A Holiday is a day on which a country rests. Day is midnight in UTC: it stands for the
// civil day, wherever that begins.
type Holiday struct {
	Day  time.Time
	Name string
}

// Holidays are the national public holidays of a country in some years, in order: the
// day itself and, where it is made up for, the day on which it is. Regional ones are not
// among them: a calendar of one's own names those. ok is false for a country that is not
// known here.
func Holidays(country string, from, to int) (days []Holiday, ok bool) {
	rules, ok := holidays[strings.ToUpper(country)]
	if !ok {
		return nil, false
	}
	add := func(name string, t time.Time) {
		y, m, d := t.Date() // the library answers in the system's zone: only the date counts
		if !t.IsZero() && y >= from && y <= to {
			days = append(days, Holiday{time.Date(y, m, d, 0, 0, 0, 0, time.UTC), name})
		}
	}
	for _, h := range rules {
		if h.Type != cal.ObservancePublic && h.Type != cal.ObservanceBank {
			continue
		}
		for year := from - 1; year <= to+1; year++ { // one may be made up for in another year
			actual, observed := h.Calc(year)
			add(h.Name, actual)
			if !observed.Equal(actual) {
				add(h.Name, observed)
			}
		}
	}
	slices.SortStableFunc(days, func(a, b Holiday) int { return a.Day.Compare(b.Day) })
	return slices.CompactFunc(days, func(a, b Holiday) bool { return a.Day.Equal(b.Day) }), true
}

var holidays = map[string][]*cal.Holiday{
	"AR": ar.Holidays, "AT": at.Holidays, "AU": inAll(au.HolidaysACT, au.HolidaysNSW, au.HolidaysNT, au.HolidaysQLD, au.HolidaysSA, au.HolidaysTAS, au.HolidaysVIC, au.HolidaysWA), "BE": be.Holidays, "BG": bg.Holidays, "BR": br.Holidays,
	"CA": ca.Holidays, "CH": ch.Holidays, "CZ": cz.Holidays, "DE": de.Holidays, "DK": dk.Holidays, "ES": es.Holidays,
	"FR": fr.Holidays, "GB": gb.Holidays, "GR": gr.Holidays, "HR": hr.Holidays, "IE": ie.Holidays, "IT": it.Holidays,
	"JP": jp.Holidays, "LT": lt.Holidays, "LV": lv.Holidays, "NL": nl.Holidays, "NO": no.Holidays, "NZ": nz.Holidays,
	"PL": pl.Holidays, "RO": ro.Holidays, "SE": se.Holidays, "SI": si.Holidays, "SK": sk.Holidays, "UA": ua.Holidays,
	"US": us.Holidays, "ZA": za.Holidays,
}

// inAll are the holidays that all parts of a country keep, by their names.
func inAll(first []*cal.Holiday, others ...[]*cal.Holiday) (common []*cal.Holiday) {
	for _, h := range first {
		kept := 0
		for _, list := range others {
			if slices.ContainsFunc(list, func(o *cal.Holiday) bool { return o.Name == h.Name }) {
				kept++
			}
		}
		if kept == len(others) {
			common = append(common, h)
		}
	}
	return common
}

// CountryOf is the country whose holidays people of a zone keep, unless they say
// otherwise: "CZ" for Europe/Prague. "" is that we do not know.
func CountryOf(zone string) string {
	if c, ok := zoneCountry[zone]; ok {
		return c
	}
	for _, p := range []struct{ prefix, country string }{
		{"Australia/", "AU"}, {"America/Argentina/", "AR"}, {"America/Indiana/", "US"}, {"America/Kentucky/", "US"},
		{"America/North_Dakota/", "US"}, {"US/", "US"}, {"Canada/", "CA"}, {"Brazil/", "BR"},
	} {
		if strings.HasPrefix(zone, p.prefix) {
			return p.country
		}
	}
	return ""
}

var zoneCountry = map[string]string{
	"Europe/Vienna": "AT", "Europe/Brussels": "BE", "Europe/Sofia": "BG", "Europe/Zurich": "CH", "Europe/Prague": "CZ",
	"Europe/Berlin": "DE", "Europe/Busingen": "DE", "Europe/Copenhagen": "DK", "Europe/Madrid": "ES", "Africa/Ceuta": "ES",
	"Atlantic/Canary": "ES", "Europe/Paris": "FR", "Europe/London": "GB", "Europe/Belfast": "GB", "Europe/Athens": "GR",
	"Europe/Zagreb": "HR", "Europe/Dublin": "IE", "Europe/Rome": "IT", "Asia/Tokyo": "JP", "Europe/Vilnius": "LT",
	"Europe/Riga": "LV", "Europe/Amsterdam": "NL", "Europe/Oslo": "NO", "Pacific/Auckland": "NZ", "Pacific/Chatham": "NZ",
	"Europe/Warsaw": "PL", "Europe/Bucharest": "RO", "Europe/Stockholm": "SE", "Europe/Ljubljana": "SI", "Europe/Bratislava": "SK",
	"Europe/Kyiv": "UA", "Europe/Kiev": "UA", "Africa/Johannesburg": "ZA",
	"America/Sao_Paulo": "BR", "America/Bahia": "BR", "America/Fortaleza": "BR", "America/Manaus": "BR", "America/Recife": "BR",
	"America/Toronto": "CA", "America/Vancouver": "CA", "America/Edmonton": "CA", "America/Winnipeg": "CA", "America/Halifax": "CA",
	"America/Regina": "CA", "America/St_Johns": "CA",
	"America/New_York": "US", "America/Chicago": "US", "America/Denver": "US", "America/Los_Angeles": "US", "America/Phoenix": "US",
	"America/Anchorage": "US", "America/Detroit": "US", "America/Boise": "US", "Pacific/Honolulu": "US",
}
