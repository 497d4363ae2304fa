package store

import (
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
)

// A Proof is an address that somebody says is theirs, until they repeat its code.
type Proof struct {
	Person  org.PersonID
	Method  org.MethodID
	Channel string
	Name    string
	Address string
	Code    string // its keyed hash
	Tries   int    // that are left
	Sends   int    // of codes, so far
	SentAt  time.Time
	Until   time.Time // when the code is good no longer
}

func proofPlace(p Proof) string { return "proofs/address/" + string(p.Person) + "/" + string(p.Method) }

// Proofs are a person's, by method.
func (tx *Tx) Proofs(p org.PersonID) ([]Proof, error) { return tx.proofs(tx.s.sql.Proofs, string(p)) }

// Proof is one of a person's. In a transaction that writes, nobody else tries its code
// until it ends.
func (tx *Tx) Proof(p org.PersonID, m org.MethodID) (Proof, error) {
	text := tx.s.sql.ProofLock
	if tx.readOnly {
		text = tx.s.sql.Proof
	}
	found, err := tx.proofs(text, string(p), string(m))
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Proof{}, err
	}
	return found[0], nil
}

func (tx *Tx) proofs(text string, args ...any) (all []Proof, err error) {
	err = tx.each(text, args, func(r row) error {
		var p Proof
		var sealed string
		var sent, until int64
		if err := r.Scan(&p.Person, &p.Method, &p.Channel, &p.Name, &sealed, &p.Code, &p.Tries, &p.Sends, &sent, &until); err != nil {
			return err
		}
		address, err := tx.s.ring.Open(proofPlace(p), sealed)
		p.Address, p.SentAt, p.Until = string(address), moment(sent), moment(until)
		all = append(all, p)
		return err
	})
	return all, err
}

// PutProof writes a proof by its person and method.
func (tx *Tx) PutProof(p Proof) error {
	_, err := tx.exec(tx.s.sql.ProofPut, string(p.Person), string(p.Method), p.Channel, p.Name, tx.s.ring.Seal(proofPlace(p), []byte(p.Address)), p.Code,
		p.Tries, p.Sends, micros(p.SentAt), micros(p.Until))
	return err
}

// DropProof takes a proof away, and says whether there was one.
func (tx *Tx) DropProof(p org.PersonID, m org.MethodID) (bool, error) {
	n, err := tx.exec(tx.s.sql.ProofDrop, string(p), string(m))
	return n > 0, err
}

// A Trial is a message to one method of a person that is no page of any subject: to try
// the method out, or to prove it.
type Trial struct {
	ID      string
	Person  org.PersonID
	Method  org.MethodID
	Channel string
	Purpose escalate.Purpose
	State   escalate.State
	At      time.Time

	SentAt, DeliveredAt, ReadAt, AnsweredAt time.Time

	Err      string
	Provider string
}

// PutTrial writes a trial by its id.
func (tx *Tx) PutTrial(t Trial) error {
	_, err := tx.exec(tx.s.sql.TrialPut, t.ID, string(t.Person), string(t.Method), t.Channel, string(t.Purpose), string(t.State), micros(t.At), micros(t.SentAt),
		micros(t.DeliveredAt), micros(t.ReadAt), micros(t.AnsweredAt), t.Err, t.Provider)
	return err
}

// Trial reads one.
func (tx *Tx) Trial(id string) (Trial, error) {
	text := tx.s.sql.TrialLock
	if tx.readOnly {
		text = tx.s.sql.Trial
	}
	all, err := tx.trials(text, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Trial{}, err
	}
	return all[0], nil
}

// Trials are a person's since a moment, newest first.
func (tx *Tx) Trials(p org.PersonID, since time.Time, limit int) ([]Trial, error) {
	return tx.trials(tx.s.sql.Trials, string(p), idFrom(since), limit)
}

func (tx *Tx) trials(text string, args ...any) (all []Trial, err error) {
	err = tx.each(text, args, func(r row) error {
		var t Trial
		var at, sent, delivered, read, answered int64
		err := r.Scan(&t.ID, &t.Person, &t.Method, &t.Channel, &t.Purpose, &t.State, &at, &sent, &delivered, &read, &answered, &t.Err, &t.Provider)
		t.At, t.SentAt, t.DeliveredAt, t.ReadAt, t.AnsweredAt = moment(at), moment(sent), moment(delivered), moment(read), moment(answered)
		all = append(all, t)
		return err
	})
	return all, err
}

// DropOwn forgets proofs that nobody finished, and trials that are old.
func (tx *Tx) DropOwn(proofs, trials time.Time) error {
	_, err := tx.exec(tx.s.sql.ProofsDrop, micros(proofs))
	if err == nil {
		_, err = tx.exec(tx.s.sql.TrialsDrop, idFrom(trials))
	}
	return err
}

// A SelfTest is the last test page that somebody was sent before a shift.
type SelfTest struct {
	Person  org.PersonID
	Subject incident.ID // the page by hand that it is
	About   time.Time   // the moment of the notice that it came with
	Shift   time.Time   // when the shift begins
	At      time.Time
}

// PutSelfTest keeps one in the place of the one before.
func (tx *Tx) PutSelfTest(t SelfTest) error {
	_, err := tx.exec(tx.s.sql.SelfTestPut, string(t.Person), string(t.Subject), micros(t.About), micros(t.Shift), micros(t.At))
	return err
}

// SelfTest is a person's last one; the zero one when there was none.
func (tx *Tx) SelfTest(p org.PersonID) (t SelfTest, err error) {
	err = tx.each(tx.s.sql.SelfTest, []any{string(p)}, func(r row) error {
		var about, shift, at int64
		err := r.Scan(&t.Person, &t.Subject, &about, &shift, &at)
		t.About, t.Shift, t.At = moment(about), moment(shift), moment(at)
		return err
	})
	return t, err
}

// A Worked says when a contact method last did.
type Worked struct {
	Method                    org.MethodID
	SentAt, DeliveredAt, Read time.Time
}

// Worked is when a person's methods last did, by pages and trials since a moment.
func (tx *Tx) Worked(p org.PersonID, since time.Time) (map[org.MethodID]Worked, error) {
	if err := tx.flush(putPages); err != nil {
		return nil, err
	}
	out := map[org.MethodID]Worked{}
	err := tx.each(tx.s.sql.Worked, []any{string(p), idFrom(since)}, func(r row) error {
		var w Worked
		var sent, delivered, read int64
		err := r.Scan(&w.Method, &sent, &delivered, &read)
		w.SentAt, w.DeliveredAt, w.Read = moment(sent), moment(delivered), moment(read)
		out[w.Method] = w
		return err
	})
	return out, err
}

// SealedMeta is a secret that the house keeps for itself; "" when there is none.
func (tx *Tx) SealedMeta(key string) ([]byte, error) {
	sealed, err := tx.Meta(key)
	if err != nil || sealed == "" {
		return nil, err
	}
	return tx.s.ring.Open("meta/value/"+key, sealed)
}

// PutSealedMeta keeps a secret, in the place of the one before.
func (tx *Tx) PutSealedMeta(key string, value []byte) error {
	return tx.SetMeta(key, tx.s.ring.Seal("meta/value/"+key, value))
}

// KeepSealedMeta keeps a secret unless one was kept under the key before, and returns the
// one that is.
func (tx *Tx) KeepSealedMeta(key string, value []byte) ([]byte, error) {
	if _, _, err := tx.configHead(tx.s.sql.ConfigHeadLock); err != nil { // one node at a time
		return nil, err
	}
	was, err := tx.SealedMeta(key)
	if err != nil || was != nil {
		return was, err
	}
	return value, tx.SetMeta(key, tx.s.ring.Seal("meta/value/"+key, value))
}
