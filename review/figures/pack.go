package figures

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A pack is records in as few bytes as can be read fast: the texts that occur once each,
// then the records, whose fields are numbers of variable length. Its first byte is Version.

// ErrPack says that bytes are no pack of this version.
var ErrPack = errors.New("figures: not a pack of this version")

const (
	flagApart = 1 << iota
	flagMerged
	flagActed
	flagBySource
)

const (
	callMissed = 1 << iota
	callPast
)

type packer struct {
	texts map[string]uint64
	list  []string
	body  []byte
}

func (p *packer) number(n uint64) { p.body = binary.AppendUvarint(p.body, n) }

func (p *packer) text(s string) {
	n, ok := p.texts[s]
	if !ok {
		n = uint64(len(p.list))
		p.texts[s] = n
		p.list = append(p.list, s)
	}
	p.number(n)
}

// span: Never is 0.
func (p *packer) span(d time.Duration) {
	if d < 0 {
		p.number(0)
		return
	}
	p.number(uint64(d.Microseconds()) + 1)
}

// Pack makes one of records, which it sorts by when they were opened.
func Pack(all []Incident) []byte {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Incident) int { return cmpIDs(a.ID, b.ID) })
	p := packer{texts: map[string]uint64{}}
	for i := range all {
		p.record(&all[i])
	}
	out := binary.AppendUvarint([]byte{Version}, uint64(len(p.list)))
	for _, s := range p.list {
		out = binary.AppendUvarint(out, uint64(len(s)))
		out = append(out, s...)
	}
	out = binary.AppendUvarint(out, uint64(len(all)))
	return append(out, p.body...)
}

func cmpIDs(a, b incident.ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (p *packer) record(in *Incident) {
	p.number(uint64(len(in.ID)))
	p.body = append(p.body, in.ID...)
	p.number(uint64(in.Opened.UnixMicro()))
	flags := byte(0)
	for flag, on := range map[byte]bool{flagApart: in.Apart, flagMerged: in.Merged, flagActed: in.Acted, flagBySource: in.BySource} {
		if on {
			flags |= flag
		}
	}
	p.body = append(p.body, flags)
	for _, s := range []string{string(in.Severity), string(in.Service), string(in.Team), string(in.Source), in.Category, in.Cause} {
		p.text(s)
	}
	for _, d := range []time.Duration{in.Paged, in.Answered, in.Told, in.Stages[0], in.Stages[1], in.Stages[2], in.Stages[3], in.Lasted} {
		p.span(d)
	}
	since := Never
	if in.Open() {
		since = in.Since.Sub(in.Opened)
	}
	p.span(since)
	for _, n := range []int{in.Level, in.Alarms, in.Night, in.Back, in.Worth, in.NotWorth, in.LateUpdates, in.LateTasks, len(in.Calls)} {
		p.number(uint64(n))
	}
	for _, c := range in.Calls {
		p.text(string(c.Person))
		p.number(uint64(c.Level))
		p.span(c.At)
		how := byte(c.Hours) << 2
		if c.Missed {
			how |= callMissed
		}
		if c.Past {
			how |= callPast
		}
		p.body = append(p.body, how)
		p.number(uint64(c.Alarms))
		p.span(c.Answer)
	}
}

type unpacker struct {
	b     []byte
	texts []string
	bad   bool
}

func (u *unpacker) number() uint64 {
	if len(u.b) > 0 && u.b[0] < 0x80 { // most are small
		n := uint64(u.b[0])
		u.b = u.b[1:]
		return n
	}
	n, size := binary.Uvarint(u.b)
	if size <= 0 {
		u.bad, u.b = true, nil
		return 0
	}
	u.b = u.b[size:]
	return n
}

func (u *unpacker) bytes(n uint64) []byte {
	if n > uint64(len(u.b)) {
		u.bad, u.b = true, nil
		return nil
	}
	s := u.b[:n]
	u.b = u.b[n:]
	return s
}

func (u *unpacker) byte() byte {
	if s := u.bytes(1); len(s) == 1 {
		return s[0]
	}
	return 0
}

func (u *unpacker) text() string {
	n := u.number()
	if n >= uint64(len(u.texts)) {
		u.bad = true
		return ""
	}
	return u.texts[n]
}

func (u *unpacker) span() time.Duration {
	n := u.number()
	if n == 0 {
		return Never
	}
	return time.Duration(n-1) * time.Microsecond
}

func (u *unpacker) int() int { return int(u.number()) }

// Unpack shows each record of a pack. What it shows is good until the next one is shown:
// Clone keeps it.
func Unpack(b []byte, show func(*Incident)) error {
	if len(b) == 0 || b[0] != Version {
		return ErrPack
	}
	u := unpacker{b: b[1:]}
	texts := u.number()
	if texts > uint64(len(b)) {
		return ErrPack
	}
	u.texts = make([]string, texts)
	for i := range u.texts {
		u.texts[i] = string(u.bytes(u.number()))
	}
	var in Incident
	for n := u.number(); n > 0 && !u.bad; n-- {
		u.record(&in)
		if !u.bad {
			show(&in)
		}
	}
	if u.bad || len(u.b) > 0 {
		return ErrPack
	}
	return nil
}

func (u *unpacker) record(in *Incident) {
	in.ID = incident.ID(u.bytes(u.number()))
	in.Opened = time.UnixMicro(int64(u.number())).UTC()
	flags := u.byte()
	in.Apart, in.Merged, in.Acted, in.BySource = flags&flagApart > 0, flags&flagMerged > 0, flags&flagActed > 0, flags&flagBySource > 0
	in.Severity, in.Service, in.Team = org.Severity(u.text()), org.ServiceID(u.text()), org.TeamID(u.text())
	in.Source, in.Category, in.Cause = org.IntegrationID(u.text()), u.text(), u.text()
	in.Paged, in.Answered, in.Told = u.span(), u.span(), u.span()
	for i := range in.Stages {
		in.Stages[i] = u.span()
	}
	in.Lasted = u.span()
	in.Since = time.Time{}
	if since := u.span(); since != Never {
		in.Since = in.Opened.Add(since)
	}
	in.Level, in.Alarms, in.Night, in.Back = u.int(), u.int(), u.int(), u.int()
	in.Worth, in.NotWorth, in.LateUpdates, in.LateTasks = u.int(), u.int(), u.int(), u.int()
	calls := u.number()
	in.Calls = in.Calls[:0]
	for ; calls > 0 && !u.bad; calls-- {
		c := Call{Person: org.PersonID(u.text()), Level: u.int(), At: u.span()}
		how := u.byte()
		c.Hours, c.Missed, c.Past = Hours(how>>2), how&callMissed > 0, how&callPast > 0
		c.Alarms, c.Answer = u.int(), u.span()
		if int(c.Hours) >= len(AllHours) {
			u.bad = true
		}
		in.Calls = append(in.Calls, c)
	}
}

// Clone is a record of its own.
func (in *Incident) Clone() Incident {
	out := *in
	out.Calls = slices.Clone(in.Calls)
	return out
}

// Merge is a pack with some records in the place of those with the same ids, or beside the
// others. Without a pack it makes one.
func Merge(pack []byte, fresh []Incident) ([]byte, error) {
	known := make(map[incident.ID]bool, len(fresh))
	for _, in := range fresh {
		known[in.ID] = true
	}
	all := slices.Clone(fresh)
	if len(pack) > 0 {
		err := Unpack(pack, func(in *Incident) {
			if !known[in.ID] {
				all = append(all, in.Clone())
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return Pack(all), nil
}
