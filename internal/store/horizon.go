package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/oncall"
	"tocsin/org"
)

// A Horizon is what was published of a schedule's future.
type Horizon struct {
	Schedule org.ScheduleID
	Version  int    // of the schedule
	Zones    string // release of the zone database that it was reckoned by
	At       time.Time
	Shifts   []oncall.Shift
	Moved    *Moved // by the last change of the zone database
}

// Moved is what a newer zone database did to shifts.
type Moved struct {
	From    string              `json:"from"`
	To      string              `json:"to"`
	At      time.Time           `json:"at"`
	Changes []oncall.Difference `json:"changes"`
}

// PutHorizon writes it in the place of the one before.
func (tx *Tx) PutHorizon(h Horizon) error {
	shifts, err := json.Marshal(h.Shifts)
	if err != nil {
		return tx.fail(fmt.Errorf("store: horizon of %s: %w", h.Schedule, err))
	}
	moved, err := json.Marshal(h.Moved)
	if err != nil {
		return tx.fail(fmt.Errorf("store: horizon of %s: %w", h.Schedule, err))
	}
	_, err = tx.exec(tx.s.sql.HorizonPut, string(h.Schedule), h.Version, h.Zones, micros(h.At), string(shifts), string(moved))
	return err
}

// Horizon reads one; without any it is nothing yet.
func (tx *Tx) Horizon(id org.ScheduleID) (h Horizon, err error) {
	var at int64
	var shifts, moved string
	err = tx.row(tx.s.sql.Horizon, string(id))(&h.Version, &h.Zones, &at, &shifts, &moved)
	if errors.Is(err, ErrNotFound) {
		return Horizon{Schedule: id}, nil
	}
	if err != nil {
		return h, err
	}
	h.Schedule, h.At = id, moment(at)
	return h, errors.Join(json.Unmarshal([]byte(shifts), &h.Shifts), json.Unmarshal([]byte(moved), &h.Moved))
}
