package api

import (
	"slices"
	"strings"

	"tocsin/alert"
	"tocsin/alert/source"
	"tocsin/incident"
)

// amend changes what an alert says.
func (c *ogCall) amend(action, id string, of func(source.OpsgenieBody) (func(*alert.Alert, incident.Incident) ([]incident.Fact, error), error)) error {
	b, err := c.said()
	if err != nil {
		return err
	}
	change, err := of(b)
	if err != nil {
		return err
	}
	a, err := c.find(id)
	if err == nil {
		note := b.Note
		by := c.actor(b.User, &note)
		err = c.engine.Amend(c.r.Context(), c.in.ID, a.ID, by, c.at, func(a *alert.Alert, in incident.Incident) ([]incident.Fact, error) {
			facts, err := change(a, in)
			if note != "" && err == nil {
				facts = append(facts, incident.Noted{Text: note})
			}
			return facts, err
		})
	}
	return c.decided(action, a, err)
}

// An amendment is what becomes of an alert that is amended.
type amendment = func(*alert.Alert, incident.Incident) ([]incident.Fact, error)

func (c *ogCall) setPriority(id string) error {
	return c.amend("Update Priority", id, func(b source.OpsgenieBody) (amendment, error) {
		to := source.OpsgenieSeverity(b.Priority)
		if to == "" {
			return nil, unprocessable("priority", "Priority should be one of [P1, P2, P3, P4, P5].")
		}
		return func(a *alert.Alert, in incident.Incident) ([]incident.Fact, error) {
			if !a.Open {
				return nil, incident.Refuse("Alert is already closed")
			}
			a.Severity, a.Last.Severity = to, to
			if in.Severity == to && in.Priority == alert.PriorityOf(to) || !in.Status.Open() {
				return nil, nil
			}
			return alert.Raise(in, to, alert.PriorityOf(to), "priority changed to "+b.Priority)
		}, nil
	})
}

func (c *ogCall) addTags(id string) error {
	return c.amend("Add Tags", id, func(b source.OpsgenieBody) (amendment, error) {
		if len(b.Tags) == 0 {
			return nil, unprocessable("tags", "Tags can not be empty.")
		}
		return tagged(func(tags []string) []string { return source.MergeTags(tags, b.Tags) }), nil
	})
}

func (c *ogCall) removeTags(id string) error {
	gone := source.OpsgenieTags(c.query.Get("tags"))
	return c.amend("Remove Tags", id, func(b source.OpsgenieBody) (amendment, error) {
		if gone = append(gone, b.Tags...); len(gone) == 0 {
			return nil, unprocessable("tags", "Tags can not be empty.")
		}
		return tagged(func(tags []string) []string {
			return slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return slices.Contains(gone, t) })
		}), nil
	})
}

// tagged changes the tags of an alert, which stand in one label.
func tagged(change func([]string) []string) amendment {
	return func(a *alert.Alert, _ incident.Incident) ([]incident.Fact, error) {
		labels := map[string]string{}
		for k, v := range a.Last.Labels {
			labels[k] = v
		}
		labels["tags"] = strings.Join(change(tagsOf(*a)), ",")
		if labels["tags"] == "" {
			delete(labels, "tags")
		}
		a.Last.Labels = labels
		return nil, nil
	}
}

func (c *ogCall) addDetails(id string) error {
	return c.amend("Add Details", id, func(b source.OpsgenieBody) (amendment, error) {
		if len(b.Details) == 0 {
			return nil, unprocessable("details", "Details can not be empty.")
		}
		return detailed(func(all map[string]string) {
			for k, v := range b.Details {
				all[k] = v
			}
		}), nil
	})
}

func (c *ogCall) removeDetails(id string) error {
	return c.amend("Remove Details", id, func(source.OpsgenieBody) (amendment, error) {
		if c.query.Get("keys") == "" {
			return nil, unprocessable("keys", "Keys can not be empty.")
		}
		return detailed(func(all map[string]string) {
			for k := range strings.SplitSeq(c.query.Get("keys"), ",") {
				delete(all, strings.TrimSpace(k))
			}
		}), nil
	})
}

// mostDetails is how many details an alert may have in the end.
const mostDetails = 100

// detailed changes the details of an alert.
func detailed(change func(map[string]string)) amendment {
	return func(a *alert.Alert, _ incident.Incident) ([]incident.Fact, error) {
		all := map[string]string{}
		for k, v := range a.Last.Details {
			all[k] = v
		}
		change(all)
		if len(all) > mostDetails {
			return nil, incident.Refuse("an alert may have %d details", mostDetails)
		}
		a.Last.Details = all
		return nil, nil
	}
}
