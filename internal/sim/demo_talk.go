package sim

import (
	"tocsin/org"
)

// An ailment is something that befalls the company of the demo now and then.
type ailment struct {
	service  string
	key      string // with a number behind it where there are many of the kind
	many     int
	title    string // %d is the number
	text     string
	severity org.Severity
	weight   int // how common it is
	minutes  int // how long it lasts, in the middle
}

// The weights add up so that about one in 50 is a SEV1, and most wake nobody for long.
var ailments = []ailment{
	{"website", "down", 0, "the website answers with errors", "5 of 6 probes got a 502.", org.SEV1, 1, 35},
	{"website", "slow", 0, "the website is slow", "p95 of the front page is over 3 s for 10 minutes.", org.SEV3, 6, 25},
	{"website", "certificate", 0, "a certificate ends in 13 days", "img.fennel-and-rye.example", org.SEV5, 2, 300},
	{"catalogue", "search", 0, "search finds nothing", "Empty results for 20 % of queries.", org.SEV2, 2, 40},
	{"catalogue", "index", 0, "the search index is an hour behind", "The indexer's queue grows.", org.SEV3, 5, 50},
	{"catalogue", "pictures", 0, "pictures are missing", "The resizer's error rate is 4 %.", org.SEV4, 4, 80},
	{"checkout", "errors", 0, "checkout fails for some", "Error rate over 5 % for 5 minutes.", org.SEV2, 3, 30},
	{"checkout", "latency", 0, "checkout takes over 4 s", "p95 since the last release.", org.SEV3, 6, 25},
	{"checkout", "carts", 0, "carts are not cleaned up", "The nightly job did not finish.", org.SEV5, 3, 240},
	{"payments", "declined", 0, "cards are declined", "The provider answers 503 to one in four.", org.SEV1, 1, 45},
	{"payments", "webhook", 0, "confirmations of payment are late", "The oldest waits for 12 minutes.", org.SEV3, 5, 30},
	{"payments", "refunds", 0, "refunds pile up", "82 wait for more than a day.", org.SEV4, 3, 180},
	{"warehouse", "scanner", 9, "scanner %d is off line", "No heartbeat for 5 minutes.", org.SEV4, 9, 60},
	{"warehouse", "belt", 3, "belt %d stands still", "Its controller reports a jam.", org.SEV2, 2, 35},
	{"warehouse", "cold", 4, "cold room %d is too warm", "6.8 degrees and rising.", org.SEV2, 3, 50},
	{"warehouse", "labels", 0, "no labels are printed", "The spooler does not answer.", org.SEV3, 4, 35},
	{"delivery", "van", 14, "van %d does not report", "No position for 20 minutes.", org.SEV4, 8, 45},
	{"delivery", "routes", 0, "no routes are planned", "The planner has failed three times.", org.SEV2, 2, 45},
	{"delivery", "eta", 0, "times of arrival are wrong", "Off by more than 30 minutes in one of ten.", org.SEV3, 4, 70},
	{"accounts", "signin", 0, "nobody can sign in", "No good log-in for 3 minutes.", org.SEV1, 1, 25},
	{"accounts", "mail", 0, "mails of confirmation are late", "The relay defers them.", org.SEV4, 4, 90},
	{"accounts", "guesses", 0, "many wrong passwords", "From one network; they are throttled.", org.SEV5, 4, 120},
	{"database", "replica", 3, "replica %d lags", "By 90 s and more.", org.SEV3, 6, 30},
	{"database", "disk", 3, "the disk of db-%d is 85 %% full", "It will be full in four days.", org.SEV4, 4, 200},
	{"database", "connections", 3, "db-%d has few connections left", "9 of 400.", org.SEV2, 2, 20},
	{"database", "backup", 0, "last night's backup is missing", "The newest is 26 hours old.", org.SEV3, 2, 90},
}

// What people write into the log while they work, and when it is over.
var (
	demoNotes = []string{
		"Looking at it.", "It began with the release of this afternoon; rolling back.", "Restarted one of three, watching.",
		"The provider's status page says nothing yet; opened a ticket with them.", "Traffic moved to the other zone.",
		"False lead: the network is fine.", "Same as last week. We should fix the cause.", "Numbers are going down.",
		"Called the warehouse: they work by hand until it is back.", "More memory for the indexer, until Monday.",
	}
	demoEndings = []string{
		"rolled back", "restarted", "the provider is well again", "a disk was cleaned up", "a technician was there", "more capacity", "it was a false alarm; threshold raised",
	}
	demoCauses = map[string]string{
		"rolled back": "change", "restarted": "software", "the provider is well again": "supplier", "a disk was cleaned up": "capacity",
		"a technician was there": "hardware", "more capacity": "capacity", "it was a false alarm; threshold raised": "configuration",
	}
)
