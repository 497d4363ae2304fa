package v1

import (
	"context"
	"time"

	"tocsin/org"
	"tocsin/resolve"
)

type amendingChange struct {
	ChangeID
	Body struct {
		Title     *string          `json:"title,omitempty" maxLength:"200"`
		Class     *org.ChangeClass `json:"class,omitempty" enum:"standard,normal,emergency"`
		Risk      *string          `json:"risk,omitempty" enum:",low,medium,high" doc:"Empty: nothing is said of it"`
		Plan      *string          `json:"plan,omitempty" maxLength:"10000"`
		BackOut   *string          `json:"back_out,omitempty" maxLength:"10000"`
		Services  []org.ServiceID  `json:"services,omitempty" minItems:"1" maxItems:"20" nullable:"false" doc:"All that are changed"`
		Starts    *time.Time       `json:"starts,omitempty"`
		Ends      *time.Time       `json:"ends,omitempty"`
		Owner     *org.PersonID    `json:"owner,omitempty" maxLength:"64" doc:"Only who asked for it may say this"`
		Approvers []string         `json:"approvers,omitempty" maxItems:"20" nullable:"false" doc:"Who decides"`
		Board     bool             `json:"board,omitempty" doc:"Those who were named decide no longer: the board does"`
		Version   int              `json:"version,omitempty" minimum:"1" doc:"The version that was read: if it is another by now, nothing is changed (409). Left out: whichever it is"`
	}
}

// amendChange changes what is asked for. What is left out is as it was.
func (a *API) amendChange(ctx context.Context, in *amendingChange) (*oneChange, error) {
	c, b := asking(ctx), in.Body
	out := resolve.Amendment{Title: b.Title, Class: b.Class, Risk: b.Risk, Plan: b.Plan, BackOut: b.BackOut, Services: b.Services, Starts: moved(b.Starts), Ends: moved(b.Ends), Version: b.Version}
	if err := c.knows("body.services", b.Services); err != nil {
		return nil, err
	}
	if len(b.Services) > 0 {
		if err := c.may(c.setup.services[b.Services[0]].Team); err != nil {
			return nil, err
		}
	}
	if b.Owner != nil {
		owner, err := somebody(c, "body.owner", *b.Owner)
		if err != nil {
			return nil, err
		}
		out.Owner = &owner
	}
	if b.Board && len(b.Approvers) > 0 {
		return nil, wrong("body.board", "either the board decides, or those who are named")
	}
	if b.Board || len(b.Approvers) > 0 {
		all, err := c.approvers(b.Approvers)
		if err != nil {
			return nil, err
		}
		out.Approvers = &all
	}
	if err := a.engine.AmendChange(ctx, in.ID, c.Actor(), c.self(), out, a.now()); err != nil {
		return nil, err
	}
	return a.readChange(ctx, &in.ChangeID)
}

// moved is when, for what may be left as it was.
func moved(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	t := when(*at)
	return &t
}
