package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/incident"
)

// A Change is one thing of the configuration made, changed or (with a nil Body)
// retired. Kinds are person, team, service, policy, schedule, integration, heartbeat,
// webhook, channel, runbook, rules, settings; and api_key and credential, which no file names.
type Change struct {
	Kind, ID string
	Body     []byte // JSON
	By       incident.Actor
}

// A ConfigRow is one version of one thing.
type ConfigRow struct {
	Kind, ID string
	Version  int
	At       time.Time
	By       incident.Actor
	Body     []byte
	Retired  bool
	// Unreadable is why a sealed body cannot be opened; Body is nil then.
	Unreadable error
}

// Sealed says whether the row is kept sealed.
func (c ConfigRow) Sealed() bool { return sealedKinds[c.Kind] }

// sealedKinds are kept sealed as a whole, because contact addresses and secrets stand in
// them.
var sealedKinds = map[string]bool{"person": true, "webhook": true, "channel": true, "runbook": true, "ticket_system": true}

// PutConfig writes changes of the configuration, each a new version, and returns the
// versions. One that changes nothing makes no version. Retiring keeps the body, which
// open incidents may cite.
func (tx *Tx) PutConfig(now time.Time, changes ...Change) ([]int, error) {
	if tx.readOnly {
		return nil, tx.fail(errReadOnly)
	}
	seq, head, err := tx.configHead(tx.s.sql.ConfigHeadLock)
	if err != nil {
		return nil, err
	}
	versions := make([]int, len(changes))
	admin := false // one was lost
	for i, c := range changes {
		was, err := tx.config(tx.s.sql.ConfigOne, c.Kind, c.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		retire := c.Body == nil
		if retire {
			if errors.Is(err, ErrNotFound) {
				return nil, fmt.Errorf("%s %s: %w", c.Kind, c.ID, err)
			}
			c.Body = was.Body
		}
		if err == nil && was.Retired == retire && bytes.Equal(was.Body, c.Body) {
			versions[i] = was.Version
			continue
		}
		lost, err := tx.leaving(was, c.Body, retire)
		if err != nil {
			return nil, err
		}
		admin = admin || lost
		seq++
		versions[i] = was.Version + 1
		l := configLine{seq: seq, kind: c.Kind, id: c.ID, version: versions[i], at: micros(now), by: string(c.By), retired: retire}
		if head, err = tx.addConfig(l, c.Body, head); err != nil {
			return nil, err
		}
		if c.Kind == "schedule" { // whoever changed it, the on-call log is looked at anew
			if err := tx.Arm(Due{Kind: ShiftKind, Subject: c.ID, Lane: LaneHigh, At: now}); err != nil {
				return nil, err
			}
		}
	}
	if admin {
		if err := tx.guardAdmins(); err != nil {
			return nil, err
		}
	}
	return versions, tx.SetMeta("config", fmt.Sprintf("%d %x", seq, head))
}

func (tx *Tx) addConfig(l configLine, body, head []byte) ([]byte, error) {
	l.digest = tx.s.ring.Hash("config/body", string(body))
	text := string(body)
	if sealedKinds[l.kind] {
		text = tx.s.ring.Seal(l.place(), body)
	}
	if _, err := tx.exec(tx.s.sql.ConfigSupersede, l.kind, l.id); err != nil {
		return nil, err
	}
	hash := l.hash(head)
	_, err := tx.exec(tx.s.sql.ConfigAdd, l.seq, l.kind, l.id, l.version, l.at, l.by, l.retired, text, l.digest, hash)
	return hash, err
}

// A configLine is what the hash of a version covers, beside the hash before it.
type configLine struct {
	seq      int64
	kind, id string
	version  int
	at       int64
	by       string
	retired  bool
	digest   string
}

func (l configLine) place() string {
	return fmt.Sprintf("config/body/%s/%s/%d", l.kind, l.id, l.version)
}

func (l configLine) hash(before []byte) []byte {
	var b []byte
	for _, s := range []string{string(before), l.kind, l.id, l.by, l.digest} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	b = fmt.Appendf(b, "%d %d %d %t", l.seq, l.version, l.at, l.retired)
	sum := sha256.Sum256(b)
	return sum[:]
}

func (tx *Tx) configHead(text string) (seq int64, head []byte, err error) {
	var v string
	if err := tx.row(text)(&v); err != nil {
		return 0, nil, err
	}
	n, h, _ := strings.Cut(v, " ")
	if _, err := fmt.Sscan(n, &seq); err != nil {
		return 0, nil, tx.fail(fmt.Errorf("store: head of the configuration %q: %w", v, err))
	}
	if head, err = hex.DecodeString(h); err != nil {
		return 0, nil, tx.fail(fmt.Errorf("store: head of the configuration %q: %w", v, err))
	}
	return seq, head, nil
}

// ConfigSeq is a number that changes whenever the configuration does.
func (tx *Tx) ConfigSeq() (int64, error) {
	seq, _, err := tx.configHead(tx.s.sql.ConfigHead)
	return seq, err
}

// Config is the current version of everything, retired or not.
func (tx *Tx) Config() ([]ConfigRow, error) { return tx.configs(tx.s.sql.ConfigCurrent) }

// ConfigOf is the current version of everything of one kind, retired or not.
func (tx *Tx) ConfigOf(kind string) ([]ConfigRow, error) {
	return tx.configs(tx.s.sql.ConfigOf, kind)
}

func (tx *Tx) configs(text string, args ...any) ([]ConfigRow, error) {
	var out []ConfigRow
	err := tx.each(text, args, func(r row) error {
		c, _, err := tx.scanConfig(r)
		out = append(out, c)
		return err
	})
	return out, err
}

// ConfigVersion is one version of one thing, current or not.
func (tx *Tx) ConfigVersion(kind, id string, version int) (ConfigRow, error) {
	return tx.config(tx.s.sql.ConfigAt, kind, id, version)
}

func (tx *Tx) config(text string, args ...any) (ConfigRow, error) {
	var c ConfigRow
	err := error(ErrNotFound)
	if e := tx.each(text, args, func(r row) error {
		c, _, err = tx.scanConfig(r)
		return err
	}); e != nil {
		return c, e
	}
	return c, err
}

// scanConfig reads a version, opened, with its line of the chain but for seq. A body that
// cannot be opened is one thing that nobody knows, and no reason to know nothing else.
func (tx *Tx) scanConfig(r row, more ...any) (ConfigRow, configLine, error) {
	var c ConfigRow
	var l configLine
	var body string
	into := []any{&l.kind, &l.id, &l.version, &l.at, &l.by, &l.retired, &body, &l.digest}
	if len(more) > 0 { // seq before, hash after
		into = append(append([]any{more[0]}, into...), more[1:]...)
	}
	if err := r.Scan(into...); err != nil {
		return c, l, err
	}
	c = ConfigRow{Kind: l.kind, ID: l.id, Version: l.version, At: moment(l.at), By: incident.Actor(l.by), Retired: l.retired, Body: []byte(body)}
	if c.Sealed() {
		c.Body, c.Unreadable = tx.s.ring.Open(l.place(), body)
	}
	return c, l, nil
}

// VerifyConfig follows the hash chain of the configuration; its error names the first
// version that is not what was written.
func (tx *Tx) VerifyConfig() error {
	last, head, err := tx.configHead(tx.s.sql.ConfigHead)
	if err != nil {
		return err
	}
	var seen int64
	var before []byte
	var bad error
	err = tx.each(tx.s.sql.ConfigAll, nil, func(r row) error {
		var seq int64
		var hash []byte
		c, l, err := tx.scanConfig(r, &seq, &hash)
		if bad != nil {
			return nil
		}
		seen++
		l.seq = seq
		before = l.hash(before)
		switch {
		case seq != seen:
			bad = fmt.Errorf("configuration: change %d is missing", seen)
		case err != nil, c.Unreadable != nil, l.digest != tx.s.ring.Hash("config/body", string(c.Body)), !bytes.Equal(before, hash):
			bad = fmt.Errorf("configuration: change %d (%s %s, version %d) was changed", seq, l.kind, l.id, l.version)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case bad != nil:
		return bad
	case seen < last:
		return fmt.Errorf("configuration: change %d is missing", seen+1)
	case seen > last || !bytes.Equal(before, head):
		return fmt.Errorf("configuration: change %d was added or changed", seen)
	}
	return nil
}
