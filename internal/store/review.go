package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/incident"
	"tocsin/org"
)

// A RetroText is a section of a retrospective as it was saved.
type RetroText struct {
	Subject incident.ID
	Section string
	Version int // from 1
	At      time.Time
	By      incident.Actor
	Text    string
}

func (r RetroText) place() string {
	return fmt.Sprintf("retro_sections/body/%s/%s/%d", r.Subject, r.Section, r.Version)
}

// PutRetro saves a section as its next version. Whoever holds the subject's lock saves
// alone.
func (tx *Tx) PutRetro(r RetroText) error {
	if _, err := tx.exec(tx.s.sql.RetroPut, string(r.Subject), r.Section, r.Version, micros(r.At), string(r.By), tx.s.ring.Seal(r.place(), []byte(r.Text))); err != nil {
		return err
	}
	return tx.Touch("review", string(r.Subject))
}

// Retro is what a retrospective says now, by section.
func (tx *Tx) Retro(id incident.ID) (map[string]RetroText, error) {
	all, err := tx.retro(id, tx.s.sql.RetroNow, string(id))
	out := map[string]RetroText{}
	for _, r := range all {
		out[r.Section] = r
	}
	return out, err
}

// RetroSection is a section as it was saved last; without a version when it never was.
func (tx *Tx) RetroSection(id incident.ID, section string) (RetroText, error) {
	all, err := tx.retro(id, tx.s.sql.RetroOne, string(id), section)
	if err != nil || len(all) == 0 {
		return RetroText{Subject: id, Section: section}, err
	}
	return all[0], nil
}

// RetroVersions are all that was ever saved of a section, newest first.
func (tx *Tx) RetroVersions(id incident.ID, section string, limit int) ([]RetroText, error) {
	return tx.retro(id, tx.s.sql.RetroAll, string(id), section, limit)
}

func (tx *Tx) retro(id incident.ID, text string, args ...any) (all []RetroText, err error) {
	err = tx.each(text, args, func(r row) error {
		one := RetroText{Subject: id}
		var at int64
		var body string
		if err := r.Scan(&one.Section, &one.Version, &at, &one.By, &body); err != nil {
			return err
		}
		plain, err := tx.s.ring.Open(one.place(), body)
		one.At, one.Text = moment(at), string(plain)
		all = append(all, one)
		return err
	})
	return all, err
}

// A RetroComment is what somebody said of a section.
type RetroComment struct {
	ID      string
	Subject incident.ID
	Section string
	At      time.Time
	By      incident.Actor
	Text    string
	OverAt  time.Time // when it was dealt with; zero: not yet
	OverBy  incident.Actor
}

const mostComments = 500 // of one retrospective that are read

// AddComment writes down what somebody said.
func (tx *Tx) AddComment(c RetroComment) error {
	if _, err := tx.exec(tx.s.sql.CommentPut, c.ID, string(c.Subject), c.Section, micros(c.At), string(c.By), tx.s.ring.Seal("retro_comments/body/"+c.ID, []byte(c.Text))); err != nil {
		return err
	}
	return tx.Touch("review", string(c.Subject))
}

// EndComment says that one was dealt with; at zero, that it was not.
func (tx *Tx) EndComment(id incident.ID, comment string, by incident.Actor, at time.Time) error {
	n, err := tx.exec(tx.s.sql.CommentOver, string(id), comment, micros(at), string(by))
	switch {
	case err != nil:
		return err
	case n == 0:
		return ErrNotFound
	}
	return tx.Touch("review", string(id))
}

// CommentsOf are those of a retrospective, oldest first.
func (tx *Tx) CommentsOf(id incident.ID) (all []RetroComment, err error) {
	err = tx.each(tx.s.sql.Comments, []any{string(id), mostComments}, func(r row) error {
		c := RetroComment{Subject: id}
		var at, over int64
		var body string
		if err := r.Scan(&c.ID, &c.Section, &at, &c.By, &body, &over, &c.OverBy); err != nil {
			return err
		}
		plain, err := tx.s.ring.Open("retro_comments/body/"+c.ID, body)
		c.At, c.OverAt, c.Text = moment(at), moment(over), string(plain)
		all = append(all, c)
		return err
	})
	return all, err
}

// A ReviewAction is an action of an incident's retrospective, with what it is found by.
type ReviewAction struct {
	Subject  incident.ID
	Name     string // the title of the incident
	Service  org.ServiceID
	Team     org.TeamID
	Category string
	Severity org.Severity
	incident.ReviewAction
	Times int // how often it came again meanwhile
}

// never is when what has no time is due.
const never = int64(253402300799000000)

func dueMicros(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return micros(t)
}

// PutReviewAction writes how an action stands.
func (tx *Tx) PutReviewAction(in incident.Incident, a incident.ReviewAction) error {
	tx.anyAction = nil
	_, err := tx.exec(tx.s.sql.ReviewActionPut, string(in.ID), a.ID, in.Title, a.Title, string(in.Service), string(in.Team), in.Category, string(in.Severity),
		string(a.Owner), string(a.Priority), string(a.State), dueMicros(a.Due), micros(a.At), micros(a.EndedAt), len(a.Again))
	return err
}

// An ActionFilter chooses actions for a list; what is zero does not matter.
type ActionFilter struct {
	State    incident.TaskState
	Owner    org.PersonID
	Team     org.TeamID
	Service  org.ServiceID
	Priority incident.Weight
	Subject  incident.ID
	Over     time.Time // due before
	Again    bool      // the trouble came again
	Hidden   []org.ServiceID
	After    *ReviewAction // the last of the page before
	Limit    int
}

// ReviewActions lists actions, what is due first at first.
func (tx *Tx) ReviewActions(f ActionFilter) ([]ReviewAction, error) {
	b := listActions.build()
	b.matching("state", string(f.State))
	b.matching("owner", string(f.Owner))
	b.matching("team", string(f.Team))
	b.matching("service", string(f.Service))
	b.matching("priority", string(f.Priority))
	b.matching("subject", string(f.Subject))
	if !f.Over.IsZero() {
		b.part("over", micros(f.Over))
	}
	b.flag("again", f.Again)
	if hidden := idTexts(f.Hidden); len(hidden) > 0 {
		b.list("hidden", hidden)
	}
	if f.After != nil {
		b.part("after", dueMicros(f.After.Due), string(f.After.Subject), f.After.ID)
	}
	if f.Limit <= 0 {
		f.Limit = pageOf
	}
	text, args := b.end(f.Limit)
	return tx.reviewActions(text, args...)
}

// OpenReviewActions are those of incidents before one that are not done, the newest first.
func (tx *Tx) OpenReviewActions(before incident.ID, limit int) ([]ReviewAction, error) {
	return tx.reviewActions(tx.s.sql.ReviewActionOpen, string(before), limit)
}

// AnyReviewAction says whether any action is not done.
// A transaction asks once, however many incidents it opens.
func (tx *Tx) AnyReviewAction() (any bool, err error) {
	if tx.anyAction != nil {
		return *tx.anyAction, nil
	}
	err = tx.each(tx.s.sql.ReviewAnyOpen, nil, func(row) error { any = true; return nil })
	if err == nil {
		tx.anyAction = &any
	}
	return any, err
}

func (tx *Tx) reviewActions(text string, args ...any) (all []ReviewAction, err error) {
	err = tx.each(text, args, func(r row) error {
		var a ReviewAction
		var due, at, ended int64
		err := r.Scan(&a.Subject, &a.ID, &a.Name, &a.Title, &a.Service, &a.Team, &a.Category, &a.Severity, &a.Owner, &a.Priority, &a.State, &due, &at, &ended, &a.Times)
		if due != never {
			a.Due = moment(due)
		}
		a.At, a.EndedAt = moment(at), moment(ended)
		all = append(all, a)
		return err
	})
	return all, err
}

// A ReviewLesson is a lesson with where it was learned.
type ReviewLesson struct {
	ID       string
	Subject  incident.ID
	Name     string
	Service  org.ServiceID
	Team     org.TeamID
	Category string
	incident.Lesson
}

func lessonID(in incident.ID, lesson int) string { return fmt.Sprintf("%s/%03d", in, lesson) }

// PutLesson makes a lesson one that is found, or one that is not any longer.
func (tx *Tx) PutLesson(in incident.Incident, l incident.Lesson) error {
	id := lessonID(in.ID, l.ID)
	if l.Withdrawn {
		_, err := tx.exec(tx.s.sql.LessonDrop, id)
		return err
	}
	tags, err := json.Marshal(l.Tags)
	if err != nil {
		return tx.fail(err)
	}
	words := " " + strings.Join(everyWord(l.Text+" "+strings.Join(l.Tags, " ")+" "+in.Title), " ")
	_, err = tx.exec(tx.s.sql.LessonPut, id, string(in.ID), l.ID, in.Title, string(in.Service), string(in.Team), in.Category, micros(l.At), string(l.By), l.Text, string(tags), words)
	return err
}

// everyWord are the words of a text in lower case, each once.
func everyWord(text string) (words []string) {
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}

// A LessonFilter chooses lessons for a list; what is zero does not matter.
type LessonFilter struct {
	Words    string // each must begin a word of it
	Service  org.ServiceID
	Team     org.TeamID
	Category string
	Subject  incident.ID
	Hidden   []org.ServiceID
	Before   string
	Limit    int
}

// Lessons lists lessons, of the newest incident first.
func (tx *Tx) Lessons(f LessonFilter) (all []ReviewLesson, err error) {
	b := listLessons.build()
	b.matching("service", string(f.Service))
	b.matching("team", string(f.Team))
	b.matching("category", f.Category)
	b.matching("subject", string(f.Subject))
	for _, w := range everyWord(f.Words) {
		b.part("word", "% "+w+"%") // letters and digits alone: nothing in it means anything
	}
	if hidden := idTexts(f.Hidden); len(hidden) > 0 {
		b.list("hidden", hidden)
	}
	b.matching("before", f.Before)
	if f.Limit <= 0 {
		f.Limit = pageOf
	}
	text, args := b.end(f.Limit)
	err = tx.each(text, args, func(r row) error {
		var l ReviewLesson
		var at int64
		var tags string
		if err := r.Scan(&l.ID, &l.Subject, &l.Lesson.ID, &l.Name, &l.Service, &l.Team, &l.Category, &at, &l.By, &l.Text, &tags); err != nil {
			return err
		}
		l.At = moment(at)
		all = append(all, l)
		return json.Unmarshal([]byte(tags), &all[len(all)-1].Tags)
	})
	return all, err
}
