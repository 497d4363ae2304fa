package store

import (
	"errors"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A FigureRow is the record of an incident that the reports count, as those who made it
// packed it.
type FigureRow struct {
	Subject incident.ID
	Day     int64     // see DayOf
	At      time.Time // when it was written
	Body    []byte
}

// DayOf is the day of a moment, in UTC, since 1970.
func DayOf(t time.Time) int64 {
	const day = int64(24 * time.Hour / time.Microsecond)
	n := t.UnixMicro()
	if n < 0 {
		n -= day - 1
	}
	return n / day
}

// PutFigures writes records in the place of earlier ones. No subject may have two of them.
func (tx *Tx) PutFigures(all []FigureRow) error {
	for _, f := range all {
		tx.add(putFigures, string(f.Subject), f.Day, micros(f.At), f.Body)
	}
	return tx.flush(putFigures)
}

// Figures shows what stands beside the packs of some days, and then those packs. What
// stands beside them goes before what is in them.
func (tx *Tx) Figures(first, last int64, beside, pack func(body []byte) error) error {
	rows, err := tx.figures(tx.s.sql.FiguresOf, first, last)
	for _, f := range rows {
		if err == nil {
			err = beside(f.Body)
		}
	}
	if err != nil {
		return err
	}
	return tx.each(tx.s.sql.FigureDays, []any{first, last}, func(r row) error {
		var day int64
		var body []byte
		if err := r.Scan(&day, &body); err != nil {
			return err
		}
		return pack(body)
	})
}

// OldFigures are records that were written before a moment and stand beside their packs.
func (tx *Tx) OldFigures(before time.Time, limit int) ([]FigureRow, error) {
	return tx.figures(tx.s.sql.FiguresOld, micros(before), limit)
}

func (tx *Tx) figures(text string, args ...any) (all []FigureRow, err error) {
	err = tx.each(text, args, func(r row) error {
		var f FigureRow
		var at int64
		err := r.Scan(&f.Subject, &f.Day, &at, &f.Body)
		f.At = moment(at)
		all = append(all, f)
		return err
	})
	return all, err
}

// DropFigure takes a record away that stands in its pack now, unless it was written anew.
func (tx *Tx) DropFigure(f FigureRow) error {
	_, err := tx.exec(tx.s.sql.FigureDrop, string(f.Subject), micros(f.At))
	return err
}

// FigureDay is the pack of a day; nil is that there is none.
func (tx *Tx) FigureDay(day int64) (body []byte, err error) {
	err = tx.row(tx.s.sql.FigureDay, day)(&body)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return body, err
}

// PutFigureDay writes the pack of a day.
func (tx *Tx) PutFigureDay(day int64, body []byte) error {
	_, err := tx.exec(tx.s.sql.FigureDayPut, day, body)
	return err
}

// ClearFigures forgets all records: they are made anew.
func (tx *Tx) ClearFigures() error {
	_, err := tx.exec(tx.s.sql.FiguresClear)
	if err == nil {
		_, err = tx.exec(tx.s.sql.FigureDaysClear)
	}
	return err
}

// An Alarm is one that went out, and for which call.
type Alarm struct {
	Run, Epoch, Round, Level int

	Person org.PersonID
	Zone   string
	At     time.Time
}

// AlarmsOfMany are those that went out about some subjects, oldest first.
func (tx *Tx) AlarmsOfMany(subjects []incident.ID) (map[incident.ID][]Alarm, error) {
	if err := tx.flush(putPages); err != nil {
		return nil, err
	}
	all := make(map[incident.ID][]Alarm, len(subjects))
	err := tx.eachOf(alarmsOfMany, idArgs(subjects), func(r row) error {
		var id incident.ID
		var a Alarm
		var at int64
		err := r.Scan(&id, &a.Run, &a.Epoch, &a.Round, &a.Level, &a.Person, &a.Zone, &at)
		a.At = moment(at)
		all[id] = append(all[id], a)
		return err
	})
	return all, err
}

// SubjectsAfter are the ids that follow one, at most limit.
func (tx *Tx) SubjectsAfter(id incident.ID, limit int) (ids []incident.ID, err error) {
	err = tx.each(tx.s.sql.SubjectsAfter, []any{string(id), limit}, func(r row) error {
		var id incident.ID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}
