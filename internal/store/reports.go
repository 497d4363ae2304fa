package store

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Report is what somebody outside reported by a form.
type Report struct {
	ID        string      `json:"-"`
	Form      org.FormID  `json:"-"`
	Subject   incident.ID `json:"-"`
	At        time.Time   `json:"-"`
	Emergency bool        `json:"-"`
	Same      bool        `json:"-"` // it was known, and is their problem too
	Category  string      `json:"category,omitempty"`
	Answers   []Answered  `json:"answers,omitempty"`
	Name      string      `json:"name,omitempty"`
	Contact   string      `json:"contact,omitempty"` // a mail address or a telephone number
	Photos    []string    `json:"photos,omitempty"`  // attachments
	Language  string      `json:"language,omitempty"`
	Zone      string      `json:"zone,omitempty"`
}

// ReportPart is a report as what attachments are part of.
func ReportPart(subject incident.ID, report string) string {
	return "report/" + string(subject) + "/" + report
}

// Answered is a question with its answer, in the words of then.
type Answered struct {
	Ask    string `json:"ask"`
	Answer string `json:"answer"`
}

// A ReportMessage is written about a report, by who reported it or to them.
type ReportMessage struct {
	ID     string
	Report string
	At     time.Time
	Person org.PersonID // "": who reported it
	Text   string
}

const (
	mostReports  = 500 // that are shown of one incident
	mostMessages = 500 // of one report
)

// AddReport writes down a report.
func (tx *Tx) AddReport(r Report) error {
	body, err := json.Marshal(r)
	if err != nil {
		return tx.fail(fmt.Errorf("store: report %s: %w", r.ID, err))
	}
	if _, err := tx.exec(tx.s.sql.ReportAdd, r.ID, string(r.Form), string(r.Subject), micros(r.At), r.Emergency, r.Same, tx.s.ring.Seal("reports/body/"+r.ID, body)); err != nil {
		return err
	}
	return tx.Touch("reports", string(r.Subject))
}

// Report reads one.
func (tx *Tx) Report(id string) (Report, error) {
	all, err := tx.reports(tx.s.sql.Report, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Report{}, err
	}
	return all[0], nil
}

// ReportsOf are those that an incident was opened for or that joined it, oldest first.
func (tx *Tx) ReportsOf(id incident.ID) ([]Report, error) {
	return tx.reports(tx.s.sql.ReportsOf, string(id), mostReports)
}

// ReportsBy are those by a form since a moment, newest first.
func (tx *Tx) ReportsBy(form org.FormID, since time.Time, limit int) ([]Report, error) {
	return tx.reports(tx.s.sql.ReportsOfForm, string(form), idsFrom(since), limit)
}

func (tx *Tx) reports(text string, args ...any) (out []Report, err error) {
	err = tx.each(text, args, func(r row) error {
		var one Report
		var at int64
		var body string
		if err := r.Scan(&one.ID, &one.Form, &one.Subject, &at, &one.Emergency, &one.Same, &body); err != nil {
			return err
		}
		one.At = moment(at)
		plain, err := tx.s.ring.Open("reports/body/"+one.ID, body)
		if err == nil {
			err = json.Unmarshal(plain, &one)
		}
		out = append(out, one)
		return err
	})
	return out, err
}

// AddReportMessage writes down what was written about a report.
func (tx *Tx) AddReportMessage(m ReportMessage, subject incident.ID) error {
	if _, err := tx.exec(tx.s.sql.ReportMessageAdd, m.ID, m.Report, micros(m.At), string(m.Person), tx.s.ring.Seal("report_messages/body/"+m.ID, []byte(m.Text))); err != nil {
		return err
	}
	return tx.Touch("reports", string(subject))
}

// ReportMessages are those about a report, oldest first.
func (tx *Tx) ReportMessages(report string) (out []ReportMessage, err error) {
	err = tx.each(tx.s.sql.ReportMessages, []any{report, mostMessages}, func(r row) error {
		var m ReportMessage
		var at int64
		var body string
		if err := r.Scan(&m.ID, &m.Report, &at, &m.Person, &body); err != nil {
			return err
		}
		m.At = moment(at)
		plain, err := tx.s.ring.Open("report_messages/body/"+m.ID, body)
		m.Text = string(plain)
		out = append(out, m)
		return err
	})
	return out, err
}
