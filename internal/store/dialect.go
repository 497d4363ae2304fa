package store

import (
	"reflect"
	"regexp"
	"strings"
)

// A dialect is what differs between the two databases.
type dialect struct {
	name      string
	fragments *strings.Replacer
	arrays    bool   // a bulk gets its rows a column at a time
	clock     string // the one question about the time
	tx        string // the number of the running transaction; SQLite's is counted by us
}

var (
	sqlite = dialect{
		name:      "sqlite",
		fragments: strings.NewReplacer("{lock}", "", "{lock a}", "", "{skip}", "", "{settled}", ""),
		clock:     `SELECT CAST(unixepoch('now', 'subsec') * 1000000 AS BIGINT)`,
	}
	postgres = dialect{
		name:   "postgres",
		arrays: true,
		fragments: strings.NewReplacer(
			"{lock}", " FOR UPDATE",
			"{lock a}", " FOR UPDATE OF a",
			"{skip}", " FOR UPDATE SKIP LOCKED",
			"{settled}", " AND tx < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)",
		),
		clock: `SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)`,
		tx:    `SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)`,
	}
)

func (d dialect) fill(text string) string {
	if d.name == "sqlite" {
		text = limit.ReplaceAllString(text, "LIMIT $1 + 0")
	}
	return d.fragments.Replace(text)
}

// limit is a number of rows. SQLite plans by its value, and anew whenever that is another
// one; of a sum it asks nothing.
var limit = regexp.MustCompile(`LIMIT (\$\d+)`)

// texts is the table of statements in this dialect.
func (d dialect) texts() texts {
	t := statements
	each(reflect.ValueOf(&t).Elem(), func(_ string, v reflect.Value) { v.SetString(d.fill(v.String())) })
	return t
}

// each visits every statement of the table, by its name.
func each(table reflect.Value, visit func(name string, v reflect.Value)) {
	for i := range table.NumField() {
		if v := table.Field(i); v.Kind() == reflect.Struct {
			each(v, visit)
		} else {
			visit(table.Type().Field(i).Name, v)
		}
	}
}
