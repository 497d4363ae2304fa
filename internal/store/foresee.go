package store

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"tocsin/alert"
)

// An answer is that to a question which was asked along with others.
type answer struct {
	statement
	rows []row
}

// foresee asks together what will be asked one after the other: on PostgreSQL that is one
// round trip for all. Whoever asks then has the answer already, unless something was
// written since.
func (tx *Tx) foresee(statements ...statement) error {
	if err := tx.wait(); err != nil {
		return err
	}
	for _, st := range statements {
		clean(st.args)
	}
	answers, err := tx.c.answers(tx.ctx, statements)
	if err != nil {
		return tx.fail(fmt.Errorf("store: %w", err))
	}
	for i, rows := range answers {
		tx.foreseen = append(tx.foreseen, answer{statements[i], rows})
	}
	return nil
}

// known is the answer to a question that was foreseen. It is known once.
func (tx *Tx) known(text string, args []any) (rows []row, ok bool) {
	for i, a := range tx.foreseen {
		if a.text == text && len(a.args) == len(args) && (len(args) == 0 || reflect.DeepEqual(a.args, args)) {
			tx.foreseen[i].text = ""
			return a.rows, true
		}
	}
	return nil, false
}

// ForeseeTriage foresees what a batch of triage begins with: the events only for whoever
// has had the right to triage them until now.
func (tx *Tx) ForeseeTriage(right Due, ours bool, limit int, now time.Time) error {
	sql := &tx.s.sql
	all := []statement{
		{text: sql.TakeDue, args: []any{right.Kind, right.Subject}},
		{text: sql.ConfigHead},
		{text: sql.SilencesAt, args: []any{micros(now)}},
		{text: sql.ReviewAnyOpen},
	}
	if ours {
		all = append(all, statement{text: sql.Inbox, args: []any{limit}})
	}
	return tx.foresee(all...)
}

// AlertsByKey are the open alert of each of some keys, and else the one that was resolved
// last.
func (tx *Tx) AlertsByKey(keys []AlertKey) (open, last map[AlertKey]alert.Alert, err error) {
	if err := tx.flush(putAlerts); err != nil {
		return nil, nil, err
	}
	if !tx.s.d.arrays { // one writer: nothing is to be locked
		if open, err = tx.alertsBy(newestAlerts, keys); err != nil {
			return nil, nil, err
		}
		last = map[AlertKey]alert.Alert{}
		for k, a := range open {
			if !a.Open {
				last[k] = a
				delete(open, k)
			}
		}
		return open, last, nil
	}
	args := keyArgs(keys)
	err = tx.foresee(slices.Concat(tx.s.bulks[lockOpenAlerts].statements(args, nil), tx.s.bulks[lastResolved].statements(args, nil))...)
	if err != nil {
		return nil, nil, err
	}
	if open, err = tx.OpenAlerts(keys); err != nil {
		return nil, nil, err
	}
	last, err = tx.LastResolved(keys)
	for k := range open {
		delete(last, k)
	}
	return open, last, err
}
