package v1

import (
	"context"
	"strconv"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
)

// A Change is one change of the configuration. What it says stands under its kind's
// versions.
type Change struct {
	Seq     int64          `json:"seq" doc:"Its place in the hash chain"`
	At      time.Time      `json:"at"`
	By      incident.Actor `json:"by"`
	Kind    string         `json:"kind"`
	ID      string         `json:"id"`
	Version int            `json:"version"`
	Retired bool           `json:"retired,omitempty"`
}

type changeFilter struct {
	Kind   string         `query:"kind" maxLength:"64"`
	ID     string         `query:"id" maxLength:"64"`
	By     incident.Actor `query:"by" maxLength:"200" doc:"person:jane, key:deploy or engine"`
	After  time.Time      `query:"after" doc:"At or after"`
	Before time.Time      `query:"before"`
	Paging
}

func (a *API) audit(ctx context.Context, in *changeFilter) (*pageOf[Change], error) {
	cursor, err := in.cursor()
	if err != nil {
		return nil, err
	}
	var last int64
	if cursor != "" {
		if last, err = strconv.ParseInt(cursor, 10, 64); err != nil || last < 1 {
			return nil, wrong("query.cursor", "is none of ours: take the one in next")
		}
	}
	var rows []store.ChangeRow
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Changes(store.ChangeFilter{Kind: in.Kind, ID: in.ID, By: in.By, After: in.After, Until: in.Before, Before: last, Limit: in.Limit + 1})
		return err
	})
	show := func(r store.ChangeRow) Change {
		return Change{Seq: r.Seq, At: r.At, By: r.By, Kind: r.Kind, ID: r.ID, Version: r.Version, Retired: r.Retired}
	}
	return paged(in.Paging, rows, "", show, func(r store.ChangeRow) string { return strconv.FormatInt(r.Seq, 10) }), err
}
