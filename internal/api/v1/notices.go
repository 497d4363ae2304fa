package v1

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/org"
)

// Notice stands on a status page without an incident.
type Notice struct {
	ID      incident.ID         `json:"id"`
	Page    org.StatusPageID    `json:"page"`
	Form    incident.NoticeForm `json:"form" enum:"notice,disruption,work"`
	Title   string              `json:"title"`
	State   string              `json:"state" enum:"waiting,open,over" doc:"waiting: nobody has seen it yet"`
	At      time.Time           `json:"at" doc:"When it was written"`
	By      incident.Actor      `json:"by"`
	Begins  *time.Time          `json:"begins,omitempty" doc:"When it is shown; of work, when that begins"`
	Ends    *time.Time          `json:"ends,omitempty" doc:"When it is over by itself"`
	EndedAt *time.Time          `json:"ended_at,omitempty"`
	Draft   *NoticeWord         `json:"draft,omitempty" doc:"What it will say, while it waits"`
	Items   []ToldOf            `json:"items" nullable:"false" doc:"What it said, newest first"`
}

// ToldOf is one thing that a notice said.
type ToldOf struct {
	NoticeWord
	N         int            `json:"n" doc:"From 1"`
	At        time.Time      `json:"at"`
	By        incident.Actor `json:"by"`
	Sent      map[string]int `json:"sent,omitempty" doc:"How many letters wait, were sent, failed or were dropped"`
	Withdrawn *Withdrawal    `json:"withdrawn,omitempty" doc:"It was taken back: what it said is gone"`
}

// NoticeWord is what it says.
type NoticeWord struct {
	Phase    incident.Phase `json:"phase,omitempty" enum:"notice,planned,working,investigating,identified,monitoring,resolved,off"`
	Text     string         `json:"text,omitempty"`
	Affected []PartIs       `json:"affected" nullable:"false"`
}

// PartIs is how a component of the page is.
type PartIs struct {
	Component string             `json:"component" maxLength:"64"`
	State     org.ComponentState `json:"state" enum:"operational,maintenance,degraded,partial,major"`
}

// Withdrawal is that an update was taken back.
type Withdrawal struct {
	At  time.Time      `json:"at"`
	By  incident.Actor `json:"by"`
	Why string         `json:"why,omitempty"`
}

type (
	// NoticeID is the path of a notice.
	NoticeID struct {
		ID incident.ID `path:"id" maxLength:"64"`
	}
	oneNotice struct {
		Location string `header:"Location"`
		Body     Notice
	}
	listingNotices struct {
		ThingID
		Open bool `query:"open" doc:"Only those that are not over"`
		Paging
	}
	postingNotice struct {
		ThingID
		Body struct {
			Form     incident.NoticeForm `json:"form" enum:"notice,disruption,work" doc:"Something to know, something that does not work, planned work"`
			Title    string              `json:"title" minLength:"1" maxLength:"200"`
			Text     string              `json:"text" minLength:"1" maxLength:"2000"`
			Begins   time.Time           `json:"begins,omitzero" doc:"When it is shown, or when work begins; now, when it is left out"`
			Ends     time.Time           `json:"ends,omitzero" doc:"When it is over by itself; work needs one"`
			Affected []PartIs            `json:"affected,omitempty" maxItems:"100" nullable:"false" doc:"Components, and how they are; during work, while that goes on"`
		}
	}
	followingUp struct {
		NoticeID
		Body struct {
			Phase    incident.Phase `json:"phase,omitempty" enum:"notice,planned,working,investigating,identified,monitoring,resolved,off" doc:"As before, when it is left out; resolved ends it, and off says that work does not take place"`
			Text     string         `json:"text,omitempty" maxLength:"2000"`
			Affected []PartIs       `json:"affected,omitempty" maxItems:"100" nullable:"false" doc:"What is left out stays as it was"`
		}
	}
	movingNotice struct {
		NoticeID
		Body struct {
			Begins time.Time `json:"begins,omitzero" doc:"As it was, when it has begun"`
			Ends   time.Time `json:"ends,omitzero" doc:"No end by itself, when it is left out"`
		}
	}
	endingNotice struct {
		NoticeID
		Body *Why `required:"false"`
	}
	// Withdrawing is what is said when an update is taken back.
	Withdrawing struct {
		Update int `path:"update" minimum:"1" doc:"Its number"`
		Body   *struct {
			Why string `json:"why,omitempty" maxLength:"500" doc:"It is kept"`
		} `required:"false"`
	}
	withdrawingNotice struct {
		NoticeID
		Withdrawing
	}
	withdrawingUpdate struct {
		IncidentID
		Withdrawing
	}
)

func (w Withdrawing) why() string {
	if w.Body == nil {
		return ""
	}
	return w.Body.Why
}

// ofNotice finds the team that a notice belongs to: that of its page.
var ofNotice = scope{name: "notice", read: org.ReadSetup, find: teamOfNotice}

func teamOfNotice(a *API, r *http.Request, s *setup, _ auth.Identity) (team org.TeamID, err error) {
	err = a.store.Read(r.Context(), func(tx *store.Tx) error {
		in, err := notice(tx, incident.ID(r.PathValue("id")))
		if err == nil {
			row := s.rows[thing{"status_page", string(in.Notice.Page)}]
			team = s.teamOf(row.Kind, row.Body)
		}
		return err
	})
	return team, err
}

func notice(tx *store.Tx, id incident.ID) (incident.Incident, error) {
	sub, err := tx.Subject(id)
	if err == nil && sub.Notice == nil {
		err = store.ErrNotFound
	}
	if err != nil {
		return incident.Incident{}, err
	}
	return sub.Incident, nil
}

// notice is one with all that it said.
func (s *setup) notice(tx *store.Tx, id incident.ID) (out Notice, err error) {
	in, err := notice(tx, id)
	if err != nil {
		return out, err
	}
	n := in.Notice
	out = Notice{ID: id, Page: n.Page, Form: n.Form, Title: in.Title, State: "open", At: in.OpenedAt, Begins: shown(n.Begins), Ends: shown(n.Ends), EndedAt: shown(in.ResolvedAt), Items: []ToldOf{}}
	log, err := tx.Log(id)
	if err != nil {
		return out, err
	}
	gone := withdrawn(log)
	for i := len(log) - 1; i >= 0; i-- {
		e := log[i]
		switch f := e.Fact.(type) {
		case incident.NoticePosted:
			out.By = e.By
		case incident.Updated:
			one := ToldOf{NoticeWord: wordOf(f), N: f.N, At: e.At, By: e.By}
			if w, ok := gone[e.Seq]; ok {
				one.N, one.Withdrawn = w.n, &w.Withdrawal
			}
			if one.Sent, err = sent(tx, id, e.Seq); err != nil {
				return out, err
			}
			out.Items = append(out.Items, one)
		}
	}
	switch {
	case !in.Status.Open():
		out.State = "over"
	case len(out.Items) == 0:
		out.State = "waiting"
		if n.First != nil {
			first := wordOf(*n.First)
			out.Draft = &first
		}
	}
	return out, nil
}

func wordOf(u incident.Updated) NoticeWord {
	w := NoticeWord{Phase: u.Phase, Text: u.Condition, Affected: []PartIs{}}
	for _, x := range u.Affected {
		w.Affected = append(w.Affected, PartIs{x.Component, x.State})
	}
	return w
}

// A goneLine is that of an update that was taken back.
type goneLine struct {
	n int
	Withdrawal
}

// withdrawn are the lines of a log whose updates were taken back.
func withdrawn(log incident.Log) map[int]goneLine {
	gone := map[int]goneLine{}
	for _, e := range log {
		if f, ok := e.Fact.(incident.UpdateWithdrawn); ok {
			gone[f.Line] = goneLine{f.N, Withdrawal{e.At, e.By, f.Why}}
		}
	}
	return gone
}

// sent is how far the letters of a line have come.
func sent(tx *store.Tx, id incident.ID, line int) (out map[string]int, err error) {
	counts, err := tx.LetterCounts(id, line)
	for state, n := range counts {
		if out == nil {
			out = map[string]int{}
		}
		out[string(state)] = n
	}
	return out, err
}

func (a *API) listNotices(ctx context.Context, in *listingNotices) (*pageOf[Notice], error) {
	s := asking(ctx).setup
	out := &pageOf[Notice]{Body: page[Notice]{Items: []Notice{}}}
	before, err := in.cursor()
	if err != nil {
		return nil, err
	}
	if row, ok := s.rows[thing{"status_page", in.ID}]; !ok || row.Retired {
		return nil, store.ErrNotFound
	}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		ids, err := tx.NoticeIDs(org.StatusPageID(in.ID), in.Open, incident.ID(before), in.Limit+1)
		if err != nil {
			return err
		}
		if len(ids) > in.Limit {
			ids = ids[:in.Limit]
			out.Body.Next = in.after(string(ids[in.Limit-1]))
		}
		for _, id := range ids {
			one, err := s.notice(tx, id)
			if err != nil {
				return err
			}
			out.Body.Items = append(out.Body.Items, one)
		}
		return nil
	})
}

func (a *API) readNotice(ctx context.Context, in *NoticeID) (*oneNotice, error) {
	s := asking(ctx).setup
	out := &oneNotice{Location: Prefix + "/notices/" + string(in.ID)}
	return out, a.store.Read(ctx, func(tx *store.Tx) (err error) {
		out.Body, err = s.notice(tx, in.ID)
		return err
	})
}

// parts are components of a page, as the log names them.
func (c *caller) parts(id org.StatusPageID, all []PartIs) (out []incident.Affected, err error) {
	p, err := decoded[org.StatusPage](c.setup.rows[thing{"status_page", string(id)}])
	for i, x := range all {
		if _, ok := p.Component(x.Component); err != nil || !ok {
			return nil, wrong(fmt.Sprintf("body.affected[%d]", i), fmt.Sprintf("the status page %s has no component %q", id, x.Component))
		}
		out = append(out, incident.Affected{Page: id, Component: x.Component, State: x.State})
	}
	return out, nil
}

func (a *API) postNotice(ctx context.Context, in *postingNotice) (*oneNotice, error) {
	c, b, now := asking(ctx), in.Body, a.now()
	row, ok := c.setup.rows[thing{"status_page", in.ID}]
	if !ok || row.Retired {
		return nil, store.ErrNotFound
	}
	n := investigate.Posting{
		Page: org.StatusPageID(in.ID), Team: c.setup.teamOf(row.Kind, row.Body), Form: b.Form, Title: b.Title, Text: b.Text, Begins: when(b.Begins), Ends: when(b.Ends),
	}
	var err error
	if n.Parts, err = c.parts(n.Page, b.Affected); err != nil {
		return nil, err
	}
	id, err := a.engine.Post(ctx, c.Actor(), n, now)
	if err != nil {
		return nil, err
	}
	return a.readNotice(ctx, &NoticeID{id})
}

func (a *API) doNotice(ctx context.Context, id incident.ID, decide func(incident.Incident) ([]incident.Fact, error)) (*oneNotice, error) {
	if _, err := a.engine.Do(ctx, id, asking(ctx).Actor(), a.now(), func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) { return decide(in) }); err != nil {
		return nil, err
	}
	return a.readNotice(ctx, &NoticeID{id})
}

func (a *API) followUp(ctx context.Context, in *followingUp) (*oneNotice, error) {
	c := asking(ctx)
	var page org.StatusPageID
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		n, err := notice(tx, in.ID)
		if err == nil {
			page = n.Notice.Page
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	parts, err := c.parts(page, in.Body.Affected)
	if err != nil {
		return nil, err
	}
	return a.doNotice(ctx, in.ID, func(i incident.Incident) ([]incident.Fact, error) {
		return investigate.FollowUp(i, investigate.Word{Phase: in.Body.Phase, Text: in.Body.Text, Parts: parts})
	})
}

func (a *API) moveNotice(ctx context.Context, in *movingNotice) (*oneNotice, error) {
	return a.doNotice(ctx, in.ID, func(i incident.Incident) ([]incident.Fact, error) {
		return investigate.MoveNotice(i, when(in.Body.Begins), when(in.Body.Ends), a.now())
	})
}

func (a *API) endNotice(ctx context.Context, in *endingNotice) (*oneNotice, error) {
	why := ""
	if in.Body != nil {
		why = in.Body.Why
	}
	return a.doNotice(ctx, in.ID, func(i incident.Incident) ([]incident.Fact, error) { return investigate.EndNotice(i, why) })
}

func (a *API) withdrawNotice(ctx context.Context, in *withdrawingNotice) (*oneNotice, error) {
	if err := a.engine.WithdrawUpdate(ctx, in.ID, asking(ctx).Actor(), in.Update, in.why(), a.now()); err != nil {
		return nil, err
	}
	return a.readNotice(ctx, &in.NoticeID)
}

// withdrawUpdate takes back an update of an incident. Where it stands on a status page, it
// asks for the right to write there.
func (a *API) withdrawUpdate(ctx context.Context, in *withdrawingUpdate) (*updatesOut, error) {
	c := asking(ctx)
	var pages []org.StatusPageID
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		log, err := tx.Log(in.ID)
		for _, e := range log {
			if u, ok := e.Fact.(incident.Updated); ok && u.N == in.Update {
				for _, to := range u.To {
					if id, ok := org.StatusOf(to); ok && !slices.Contains(pages, id) {
						pages = append(pages, id)
					}
				}
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, id := range pages {
		row := c.setup.rows[thing{"status_page", string(id)}]
		if row.Retired || row.Body == nil {
			continue
		}
		if err := c.may(c.setup.teamOf(row.Kind, row.Body)); err != nil {
			return nil, err
		}
	}
	if err := a.engine.WithdrawUpdate(ctx, in.ID, c.Actor(), in.Update, in.why(), a.now()); err != nil {
		return nil, err
	}
	return a.updates(ctx, &in.IncidentID)
}
