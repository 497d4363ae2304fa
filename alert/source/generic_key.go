package source

import (
	"net/url"
	"strconv"
	"strings"

	"tocsin/alert"
)

// key finds the dedup key, or makes one of what does not change between a trigger and
// its resolve. Without anything of the kind the whole body is the key: rather two
// alerts for one trouble than one for two.
func (fs *fields) key(ev *alert.Event, o object) string {
	if f, ok := fs.best(keyNames); ok {
		return dedupKey(f.value)
	}
	if f, ok := fs[0]["entityid"]; ok && f.kind != 'b' {
		return dedupKey(f.value) // VictorOps' word for the dedup key; elsewhere a thing
	}
	switch ids := fs.identity(thingKeys); {
	case len(ids) == 1 && (ids[0].name == "repositoryid" || ids[0].name == "headbranch"):
		// where it is, but not what: many alerts share it
	case len(ids) == 1:
		return dedupKey(ids[0].value)
	case len(ids) > 1:
		return dedupKey(named(ids))
	}
	if f, ok := fs.best(looseKeys); ok {
		return dedupKey(f.value)
	}
	if id, ok := fs[0]["id"]; ok && id.kind != 'b' {
		return dedupKey(id.value)
	}
	if k := fs.keyInLink(); k != "" {
		return dedupKey(k)
	}
	what := fs.identity(whatNames)
	about := append(fs.identity(whereNames), what...)
	switch _, titled := fs.shallow(titleNames); {
	case len(what) == 0 && titled:
		about = append(about, field{name: "title", value: stableTitle(ev.Title)})
	case len(about) == 0:
		return "body:" + hash(text(o))[:32]
	}
	return dedupKey(named(about))
}

// named writes fields so that no two lists of them look the same.
func named(about []field) string {
	parts := make([]string, len(about))
	for i, f := range about {
		parts[i] = f.name + "=" + strconv.Quote(f.value)
	}
	return strings.Join(parts, " ")
}

// keyInLink is an identity in the query of a link: "...?triggerid=14032".
func (fs *fields) keyInLink() string {
	for _, level := range fs {
		for _, n := range sorted(level) {
			f := level[n]
			if !isWeb(strings.TrimSpace(f.value)) {
				continue
			}
			u, err := url.Parse(strings.TrimSpace(f.value))
			if err != nil {
				continue
			}
			q := u.Query()
			for _, want := range linkKeys {
				for _, name := range sorted(q) {
					if plain(name) == want && q.Get(name) != "" {
						return want + "=" + q.Get(name)
					}
				}
			}
		}
	}
	return ""
}
