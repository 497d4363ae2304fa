package v1

import (
	"encoding/base64"
	"strings"
	"time"
)

// Paging says how a list is read in parts.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"500" doc:"As next says"`
}

// A page is part of a list.
type page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"The cursor of what follows; absent at the end, and only there"`
}

// A pageOf is the reply that is a page.
type pageOf[T any] struct{ Body page[T] }

const cursorForm = "1:" // so that another can be told from it

// after is the cursor that goes on behind a row.
func (Paging) after(last string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorForm + last))
}

// cursor is the row behind which the list goes on; "" is its beginning.
func (p Paging) cursor() (last string, err error) {
	if p.Cursor == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	last, ok := strings.CutPrefix(string(b), cursorForm)
	if err != nil || !ok || last == "" {
		return "", wrong("query.cursor", "is none of ours: take the one in next")
	}
	return last, nil
}

// paged makes a page of rows, one more of which than the limit were asked for. upTo is
// how far was looked, if not to the end: the page may then have fewer rows than the
// limit, or none.
func paged[R, T any](p Paging, rows []R, upTo string, show func(R) T, id func(R) string) *pageOf[T] {
	out := &pageOf[T]{}
	out.Body.Items = []T{}
	if upTo != "" {
		out.Body.Next = p.after(upTo)
	}
	for i, r := range rows {
		if i == p.Limit {
			out.Body.Next = p.after(id(rows[i-1]))
			break
		}
		out.Body.Items = append(out.Body.Items, show(r))
	}
	return out
}

// when is a moment that somebody named as it is kept; none stays none.
func when(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// shown is a time for JSON; zero is none.
func shown(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
