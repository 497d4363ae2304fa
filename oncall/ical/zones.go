package ical

import (
	"strings"

	"tocsin/org"
)

// windows are the names that Outlook and Exchange give zones, after the Unicode CLDR.
var windows = map[string]string{
	"hawaiian standard time": "Pacific/Honolulu", "alaskan standard time": "America/Anchorage", "pacific standard time": "America/Los_Angeles",
	"us mountain standard time": "America/Phoenix", "mountain standard time": "America/Denver", "central standard time": "America/Chicago",
	"central standard time (mexico)": "America/Mexico_City", "canada central standard time": "America/Regina", "sa pacific standard time": "America/Bogota",
	"eastern standard time": "America/New_York", "us eastern standard time": "America/Indiana/Indianapolis", "atlantic standard time": "America/Halifax",
	"pacific sa standard time": "America/Santiago", "newfoundland standard time": "America/St_Johns", "e. south america standard time": "America/Sao_Paulo",
	"argentina standard time": "America/Argentina/Buenos_Aires", "azores standard time": "Atlantic/Azores", "morocco standard time": "Africa/Casablanca",
	"utc": "UTC", "coordinated universal time": "UTC", "gmt standard time": "Europe/London", "greenwich standard time": "Atlantic/Reykjavik",
	"w. europe standard time": "Europe/Berlin", "central europe standard time": "Europe/Budapest", "romance standard time": "Europe/Paris",
	"central european standard time": "Europe/Warsaw", "w. central africa standard time": "Africa/Lagos", "gtb standard time": "Europe/Bucharest",
	"middle east standard time": "Asia/Beirut", "egypt standard time": "Africa/Cairo", "south africa standard time": "Africa/Johannesburg",
	"fle standard time": "Europe/Kyiv", "turkey standard time": "Europe/Istanbul", "israel standard time": "Asia/Jerusalem", "arabic standard time": "Asia/Baghdad",
	"arab standard time": "Asia/Riyadh", "belarus standard time": "Europe/Minsk", "russian standard time": "Europe/Moscow", "e. africa standard time": "Africa/Nairobi",
	"iran standard time": "Asia/Tehran", "arabian standard time": "Asia/Dubai", "pakistan standard time": "Asia/Karachi", "india standard time": "Asia/Kolkata",
	"nepal standard time": "Asia/Kathmandu", "central asia standard time": "Asia/Almaty", "bangladesh standard time": "Asia/Dhaka", "se asia standard time": "Asia/Bangkok",
	"china standard time": "Asia/Shanghai", "singapore standard time": "Asia/Singapore", "w. australia standard time": "Australia/Perth", "taipei standard time": "Asia/Taipei",
	"tokyo standard time": "Asia/Tokyo", "korea standard time": "Asia/Seoul", "cen. australia standard time": "Australia/Adelaide", "aus central standard time": "Australia/Darwin",
	"e. australia standard time": "Australia/Brisbane", "aus eastern standard time": "Australia/Sydney", "tasmania standard time": "Australia/Hobart",
	"lord howe standard time": "Australia/Lord_Howe", "new zealand standard time": "Pacific/Auckland", "samoa standard time": "Pacific/Apia",
}

// zoneNamed is the IANA name of a zone as a calendar names it: by that name, by Windows'
// name, or by a path that ends with it.
func zoneNamed(s string) (name string, ok bool) {
	s = strings.Trim(s, `" `)
	if w, known := windows[strings.ToLower(s)]; known {
		return w, true
	}
	for part := s; part != ""; {
		if _, err := org.Zone(part); err == nil {
			return part, true
		}
		_, part, _ = strings.Cut(part, "/")
	}
	return "", false
}
