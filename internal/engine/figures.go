package engine

import (
	"encoding/json"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/figures"
)

const (
	figuresKey = "figures" // where it stands how far the records of the reports are made
	// FiguresTopic is what readers of the feed are told when the reports have changed.
	FiguresTopic = "figures"
)

// A FigureState is how far the records of the reports are made.
type FigureState struct {
	Version int         `json:"version"`
	UpTo    incident.ID `json:"up_to,omitempty"` // of what was there before them
	Done    bool        `json:"done,omitempty"`
	At      time.Time   `json:"at,omitzero"` // when the last was written
}

// Whole says whether all incidents are counted.
func (s FigureState) Whole() bool { return s.Done && s.Version == figures.Version }

// FigureStateOf reads it.
func FigureStateOf(tx *store.Tx) (s FigureState, err error) {
	text, err := tx.Meta(figuresKey)
	if err != nil || text == "" {
		return s, err
	}
	return s, json.Unmarshal([]byte(text), &s)
}

// SetFigureState writes it down.
func SetFigureState(tx *store.Tx, s FigureState) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return tx.SetMeta(figuresKey, string(b))
}

// Records makes the records of some subjects, those of them that have one.
func Records(tx *store.Tx, ids []incident.ID) ([]figures.Incident, error) {
	logs, err := tx.LogsOfMany(ids)
	if err != nil {
		return nil, err
	}
	alarms, err := tx.AlarmsOfMany(ids)
	if err != nil {
		return nil, err
	}
	records := make([]figures.Incident, 0, len(ids))
	for _, id := range ids {
		if drilled(logs[id]) {
			continue // it counts in nothing
		}
		pages := make([]figures.Page, len(alarms[id]))
		for i, a := range alarms[id] {
			pages[i] = figures.Page(a)
		}
		if in := figures.Of(id, logs[id], pages); !in.Opened.IsZero() {
			records = append(records, in)
		}
	}
	return records, nil
}

// drilled says whether a log is of a drill.
func drilled(log incident.Log) bool {
	if len(log) == 0 {
		return false
	}
	o, ok := log[0].Fact.(incident.Opened)
	return ok && o.Sort == incident.KindDrill
}

// EachFigure shows the records of what was opened between two moments, and perhaps of a
// few more of the same days. What it shows is good until the next one is shown.
func EachFigure(tx *store.Tx, from, to time.Time, show func(*figures.Incident)) error {
	var fresh []figures.Incident
	known := map[incident.ID]bool{}
	beside := func(body []byte) error {
		return figures.Unpack(body, func(in *figures.Incident) {
			known[in.ID] = true
			fresh = append(fresh, in.Clone())
		})
	}
	pack := func(body []byte) error {
		return figures.Unpack(body, func(in *figures.Incident) {
			if len(known) == 0 || !known[in.ID] {
				show(in)
			}
		})
	}
	if err := tx.Figures(store.DayOf(from), store.DayOf(to), beside, pack); err != nil {
		return err
	}
	for i := range fresh {
		show(&fresh[i])
	}
	return nil
}

// FigureHouse is what figures need to know of the configuration.
func (e *Engine) FigureHouse(tx *store.Tx, now time.Time) (*figures.House, error) {
	s, err := e.current(tx)
	if err != nil {
		return nil, err
	}
	return figureHouse(s.settings, s.services, now), nil
}

func figureHouse(settings org.Settings, services map[org.ServiceID]org.Service, now time.Time) *figures.House {
	h := &figures.House{Now: now, Currency: settings.Currency, Targets: map[org.Severity]figures.Target{}, Cost: map[org.ServiceID]float64{}}
	if settings.Matrix != nil {
		for severity, asks := range settings.Matrix.Severities {
			h.Targets[severity] = figures.Target{Acknowledge: asks.Acknowledge.D(), Resolve: asks.Resolve.D()}
		}
	}
	for id, v := range services {
		if v.CostPerHour > 0 {
			h.Cost[id] = v.CostPerHour
		}
	}
	return h
}

// Figures counts what a query is about.
func (e *Engine) Figures(tx *store.Tx, q *figures.Query, now time.Time) (*figures.Report, error) {
	h, err := e.FigureHouse(tx, now)
	if err != nil {
		return nil, err
	}
	r := figures.NewReport(q, h)
	return r, EachFigure(tx, q.From, q.To, r.Add)
}

// PackFigures puts records into the packs of their days.
func PackFigures(tx *store.Tx, records []figures.Incident) error {
	byDay := map[int64][]figures.Incident{}
	var days []int64
	for _, in := range records {
		day := store.DayOf(in.Opened)
		if byDay[day] == nil {
			days = append(days, day)
		}
		byDay[day] = append(byDay[day], in)
	}
	slices.Sort(days)
	for _, day := range days {
		body, err := tx.FigureDay(day)
		if err != nil {
			return err
		}
		merged, err := figures.Merge(body, byDay[day])
		if err != nil {
			return err
		}
		if err := tx.PutFigureDay(day, merged); err != nil {
			return err
		}
	}
	return nil
}
