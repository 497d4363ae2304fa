package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Subject is what its log says now. Append moves it on; it is of no use after the
// transaction it came from.
type Subject struct {
	incident.Incident
	head    []byte // hash of the last line
	changed bool
	created bool   // and not written yet
	filed   filing // as the row in the database says

	// Of one that was created in this transaction all is known that was written about it.
	fresh   bool
	armed   []string // kinds of what is due
	planned []string // keys of pages
}

// A filing is what lists filter subjects by, which has indexes.
type filing struct {
	status   incident.Status
	service  org.ServiceID
	team     org.TeamID
	severity org.Severity
	priority org.Priority
	owner    org.PersonID
}

func filingOf(i incident.Incident) filing {
	return filing{i.Status, i.Service, i.Team, i.Severity, i.Priority, i.Owner}
}

// Create begins a new subject. Nothing is written until something is appended.
func (tx *Tx) Create(id incident.ID) *Subject {
	s := &Subject{Incident: incident.Incident{ID: id}, created: true, fresh: true}
	tx.know(s)
	return s
}

func (tx *Tx) know(s *Subject) {
	if tx.subjects == nil {
		tx.subjects = map[incident.ID]*Subject{}
	}
	tx.subjects[s.ID] = s
}

// Lock reads a subject that nobody else can append to until the transaction ends. A
// subject this transaction already has is the same one again.
func (tx *Tx) Lock(id incident.ID) (*Subject, error) {
	if tx.readOnly {
		return nil, tx.fail(errReadOnly)
	}
	if s := tx.subjects[id]; s != nil {
		return s, nil
	}
	s, err := tx.load(id, tx.s.sql.LockSubject)
	if err == nil {
		tx.know(s)
	}
	return s, err
}

// Subject reads a subject as it is.
func (tx *Tx) Subject(id incident.ID) (*Subject, error) {
	if s := tx.subjects[id]; s != nil && s.Seq > 0 {
		return s, nil
	}
	return tx.load(id, tx.s.sql.Subject)
}

// Preload reads some subjects with one question, so that Subject, or Lock in a
// transaction that writes, need not ask for each. One that is not there is passed over.
func (tx *Tx) Preload(ids []incident.ID) error {
	which := lockSubjects
	if tx.readOnly {
		which = readSubjects
	}
	args := make([]any, 0, len(ids))
	for _, id := range ids {
		if tx.subjects[id] == nil {
			args = append(args, string(id))
		}
	}
	var all []projection
	err := tx.eachOf(which, args, func(r row) error {
		var p projection
		err := r.Scan(&p.id, &p.state, &p.fold, &p.head)
		all = append(all, p)
		return err
	})
	for _, p := range all {
		if err == nil && tx.subjects[p.id] == nil { // what fills up a bulk comes twice
			var s *Subject
			if s, err = tx.read(p); err == nil {
				tx.know(s)
			}
		}
	}
	return err
}

// A projection is what the row of a subject says of its log.
type projection struct {
	id    incident.ID
	state string
	fold  int
	head  []byte
}

func (tx *Tx) load(id incident.ID, text string) (*Subject, error) {
	p := projection{id: id}
	if err := tx.row(text, string(id))(&p.state, &p.fold, &p.head); err != nil {
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("subject %s: %w", id, err)
		}
		return nil, err
	}
	return tx.read(p)
}

// read is the subject of a projection. The log is asked where that is of another
// version, or cannot be read.
func (tx *Tx) read(p projection) (*Subject, error) {
	s := &Subject{head: p.head}
	if p.fold == incident.FoldVersion && json.Unmarshal([]byte(p.state), &s.Incident) == nil {
		s.filed = filingOf(s.Incident)
		return s, nil
	}
	l, err := tx.Log(p.id)
	if err != nil {
		return nil, err
	}
	s.Incident = incident.Fold(l)
	s.ID = p.id
	return s, nil
}

// Append adds entries to a subject that was created or locked in this transaction, and
// folds them into it. The entries are numbered and timed already; s is the state
// before them.
func (tx *Tx) Append(s *Subject, entries incident.Log) error {
	if tx.readOnly {
		return tx.fail(errReadOnly)
	}
	if len(entries) == 0 {
		return tx.failed
	}
	if tx.subjects[s.ID] != s {
		return tx.fail(fmt.Errorf("store: append to %s, which is not locked", s.ID))
	}
	if s.Seq+len(entries) > incident.MaxFacts {
		return incident.Refuse("the log of %s is full: it has %d lines and may have %d", s.ID, s.Seq, incident.MaxFacts)
	}
	first := s.Seq + 1
	for _, e := range entries {
		e.At = e.At.Truncate(time.Microsecond).UTC()
		if e.Seq != s.Seq+1 {
			return tx.fail(fmt.Errorf("store: append to %s: line %d follows line %d", s.ID, e.Seq, s.Seq))
		}
		if e.At.Before(s.At) {
			return tx.fail(fmt.Errorf("store: append to %s: line %d goes back in time", s.ID, e.Seq))
		}
		kind, body, err := incident.Encode(e.Fact)
		if err != nil {
			return tx.fail(err)
		}
		body = cleanText(body)
		l := line{s.ID, e.Seq, micros(e.At), cleanText(string(e.By)), kind, sha256.Sum256([]byte(body))}
		s.head = l.hash(s.head)
		title := s.Title
		if s.Incident = s.After(e); s.Title != title && e.Seq > 1 { // the first title: see IndexTitles
			tx.putTitle(s.ID, s.Title)
		}
		tx.add(putLog, string(s.ID), e.Seq, l.at, l.by, kind, body, s.head)
	}
	if !s.changed {
		s.changed = true
		tx.changed = append(tx.changed, s)
	}
	return tx.feed(s.At, "incident", string(s.ID), first, s.Seq)
}

// drillMark stands for the sender of a drill, which has none.
const drillMark = "drill:"

// callMark stands for the sender of a page by hand, which has none.
const callMark = "call:"

func senderOf(in incident.Incident) string {
	switch in.Sort {
	case incident.KindCall:
		return callMark
	case incident.KindChange:
		return changeMark
	case incident.KindDrill:
		return drillMark
	case incident.KindNotice:
		return noticeMark
	}
	return string(in.Integration)
}

// stateOf is the projection of a subject as JSON.
func (tx *Tx) stateOf(s *Subject) (string, error) {
	to := bytes.NewBuffer(tx.text[:0])
	err := json.NewEncoder(to).Encode(&s.Incident)
	tx.text = to.Bytes()
	return strings.TrimSuffix(string(tx.text), "\n"), err
}

// queueSubjects writes the projections that changed into their bulk.
func (tx *Tx) queueSubjects() error {
	for _, s := range tx.changed {
		state, err := tx.stateOf(s)
		if err != nil {
			return tx.fail(fmt.Errorf("store: projection of %s: %w", s.ID, err))
		}
		s.changed = false
		which, filed := moveSubjects, filingOf(s.Incident)
		switch {
		case s.created:
			which = addSubjects
		case s.filed != filed:
			which = putSubjects
		}
		s.created, s.filed = false, filed
		tx.add(which, string(s.ID), s.Seq, micros(s.At), string(s.Status), s.Status.Open(), s.Title, string(s.Service), string(s.Team),
			senderOf(s.Incident), string(s.Severity), string(s.Priority), string(s.Owner), s.Held, s.Alerts, micros(s.OpenedAt), micros(s.ResolvedAt),
			incident.FoldVersion, s.head, state)
	}
	tx.changed = tx.changed[:0]
	return nil
}

// Log reads all lines of a subject.
func (tx *Tx) Log(id incident.ID) (incident.Log, error) {
	l, err := tx.lines(tx.s.sql.Log, string(id))
	if err == nil && len(l) == 0 {
		err = fmt.Errorf("log of %s: %w", id, ErrNotFound)
	}
	return l, err
}

// LogsOfMany are the logs of some subjects. One that has none is not among them.
func (tx *Tx) LogsOfMany(subjects []incident.ID) (map[incident.ID]incident.Log, error) {
	if err := tx.flush(putLog); err != nil {
		return nil, err
	}
	all := make(map[incident.ID]incident.Log, len(subjects))
	err := tx.eachOf(logsOfMany, idArgs(subjects), func(r row) error {
		var id incident.ID
		e, err := scanEntry(r, &id)
		all[id] = append(all[id], e)
		return err
	})
	return all, err
}

func (tx *Tx) lines(text string, args ...any) (l incident.Log, err error) {
	if err := tx.flush(putLog); err != nil {
		return nil, err
	}
	err = tx.each(text, args, func(r row) error {
		e, err := scanEntry(r)
		l = append(l, e)
		return err
	})
	return l, err
}

// scanEntry reads an entry of a log; before takes what stands before its columns.
func scanEntry(r row, before ...any) (e incident.Entry, err error) {
	var at int64
	var kind, body string
	if err := r.Scan(append(before, &e.Seq, &at, &e.By, &kind, &body)...); err != nil {
		return e, err
	}
	e.At = moment(at)
	e.Fact, err = incident.Decode(kind, body)
	return e, err
}

// idArgs are subjects as the rows of a bulk.
func idArgs(subjects []incident.ID) []any {
	args := make([]any, len(subjects))
	for i, id := range subjects {
		args[i] = string(id)
	}
	return args
}

// A line is what the hash of a line of a log covers, beside the hash before it.
type line struct {
	subject incident.ID
	seq     int
	at      int64
	by      string
	kind    string
	body    [sha256.Size]byte // digest
}

func (l line) hash(before []byte) []byte {
	b := make([]byte, 0, 256)
	for _, s := range []string{string(before), string(l.subject), l.by, l.kind} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(l.seq))
	b = binary.BigEndian.AppendUint64(b, uint64(l.at))
	b = append(b, l.body[:]...)
	sum := sha256.Sum256(b)
	return sum[:]
}

// VerifyLog follows the hash chain of a log; its error names the first line that is
// not what was written.
func (tx *Tx) VerifyLog(id incident.ID) error {
	if err := tx.flush(putSubjects, putLog); err != nil {
		return err
	}
	var head, before []byte
	var last, seen int
	if err := tx.row(tx.s.sql.SubjectTail, string(id))(&last, &head); err != nil {
		return err
	}
	var bad error
	err := tx.each(tx.s.sql.LogChain, []any{string(id)}, func(r row) error {
		l := line{subject: id}
		var body string
		var hash, digest []byte
		if err := r.Scan(&l.seq, &l.at, &l.by, &l.kind, &body, &hash, &digest); err != nil || bad != nil {
			return err
		}
		seen++
		l.body = sha256.Sum256([]byte(body))
		if len(digest) == len(l.body) && body == blank {
			copy(l.body[:], digest)
		}
		before = l.hash(before)
		switch {
		case l.seq != seen:
			bad = fmt.Errorf("log of %s: line %d is missing", id, seen)
		case !bytes.Equal(before, hash):
			bad = fmt.Errorf("log of %s: line %d was changed", id, l.seq)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case bad != nil:
		return bad
	case seen < last:
		return fmt.Errorf("log of %s: line %d is missing", id, seen+1)
	case seen > last || !bytes.Equal(before, head):
		return fmt.Errorf("log of %s: line %d was added or changed", id, seen)
	}
	return nil
}

// blank is the body of a line that was erased.
const blank = "{}"

// Redact erases what a line says; that it was there, when, and by whom, stays, and the
// chain still verifies. A line that the state of the subject rests on is refused.
func (tx *Tx) Redact(id incident.ID, seq int) error {
	s, err := tx.Lock(id)
	if err != nil {
		return err
	}
	if err := tx.flush(putSubjects, putLog); err != nil {
		return err
	}
	var body string
	var digest []byte
	if err := tx.row(tx.s.sql.LogLine, string(id), seq)(&body, &digest); err != nil {
		return fmt.Errorf("line %d of %s: %w", seq, id, err)
	}
	if digest != nil {
		return nil
	}
	sum := sha256.Sum256([]byte(body))
	l, err := tx.Log(id)
	if err != nil {
		return err
	}
	kind := l[seq-1].Fact.Kind()
	if l[seq-1].Fact, err = incident.Decode(kind, blank); err != nil {
		return tx.fail(err)
	}
	after := incident.Fold(l)
	after.ID = id
	was := s.Incident
	kept := was
	kept.Title, kept.Held = after.Title, after.Held
	if !sameState(kept, after) {
		return incident.Refuse("line %d of %s (%s) cannot be erased: what happens next depends on it", seq, id, kind)
	}
	if s.Incident = after; s.Title != was.Title {
		if err := tx.forgetTitle(id); err != nil {
			return err
		}
		tx.putTitle(id, s.Title)
	}
	if _, err := tx.exec(tx.s.sql.Blank, string(id), seq, sum[:]); err != nil {
		return err
	}
	s.changed = true
	tx.changed = append(tx.changed, s)
	return nil
}

// sameState compares two states as the store would keep them.
func sameState(a, b incident.Incident) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y) || reflect.DeepEqual(a, b)
}
