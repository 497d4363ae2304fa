package sift

import (
	"cmp"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/incident"
	"tocsin/org"
)

// A Keeper keeps what sifting decides on, and carries its verdicts out: the engine in
// rows, a House in memory. Each verb changes the alert it is given and keeps it.
type Keeper interface {
	Alert(id string) (alert.Alert, error)
	Keep(a alert.Alert) error
	Integration(id org.IntegrationID) org.Integration
	Team(id org.ServiceID) org.TeamID
	// Under says which cause an incident is folded under, and which a person would not
	// have it folded under.
	Under(id incident.ID) (cause, lifted string, err error)
	Group(key string) (Gathering, error) // the zero Gathering when its incident is not open
	PutGroup(g Gathering) error
	Weather(team org.TeamID) (Weather, error)
	PutWeather(team org.TeamID, w Weather) error

	Open(a *alert.Alert, v Verdict) error
	Join(a *alert.Alert, v Verdict) error
	Leave(a *alert.Alert, v Verdict) error // Subject is empty afterwards
	Fold(a *alert.Alert, v Verdict) error
	Unfold(a *alert.Alert, v Verdict) error
}

// A Desk is where alerts are sifted one after another, at one moment.
type Desk struct {
	Sieve  *Sieve
	Forest *cause.Forest // nil while nothing explains anything
	Keeper Keeper
	Now    time.Time
}

// Fires sifts an alert that is new, or says something new.
func (d Desk) Fires(a alert.Alert) error {
	if a.Subject == "" {
		if v, early := d.Sieve.Early(Case{Alert: &a}, d.Now); early {
			a.Sifted = v.Stand(a.Sifted, "", d.Now)
			return d.Keeper.Keep(a)
		}
	}
	ids := []string{a.ID}
	if d.Forest != nil {
		ids = d.Forest.Fire(d.Sieve.Tree(&a, d.Keeper.Integration(a.Integration)))
		if !slices.Contains(ids, a.ID) {
			ids = append(ids, a.ID)
		}
	}
	return d.Look(ids)
}

// Clears takes an alert away that is over: what it explained finds another cause, or
// stands alone.
func (d Desk) Clears(id string) error {
	if d.Forest == nil {
		return nil
	}
	return d.Look(d.Forest.Resolve(id))
}

// Look decides on alerts anew: roots first, so that what they explain can join them.
func (d Desk) Look(ids []string) error {
	if d.Forest == nil && len(ids) == 1 { // most are alone: nothing is put in order
		a, err := d.Keeper.Alert(ids[0])
		if err == nil && a.Open {
			_, err = d.one(a)
		}
		return err
	}
	type one struct {
		alert.Alert
		symptom bool
	}
	var queue []one
	known := map[string]bool{}
	add := func(ids []string) error {
		start := len(queue)
		for _, id := range ids {
			if known[id] {
				continue
			}
			known[id] = true
			a, err := d.Keeper.Alert(id)
			if err != nil {
				return err
			}
			queue = append(queue, one{a, d.Forest != nil && d.Forest.Root(id) != id && d.Forest.Has(id)})
		}
		slices.SortStableFunc(queue[start:], func(a, b one) int {
			if a.symptom != b.symptom {
				if b.symptom {
					return -1
				}
				return 1
			}
			return cmp.Or(a.FirstAt.Compare(b.FirstAt), cmp.Compare(a.ID, b.ID))
		})
		return nil
	}
	if err := add(ids); err != nil {
		return err
	}
	for len(queue) > 0 {
		a := queue[0].Alert
		queue = queue[1:]
		if !a.Open {
			continue
		}
		placed, err := d.one(a)
		if err != nil {
			return err
		}
		if placed && d.Forest != nil { // what waited for it may go on
			beneath := d.Forest.Tree(a.ID)
			for _, id := range beneath {
				delete(known, id)
			}
			queue = slices.DeleteFunc(queue, func(o one) bool { return slices.Contains(beneath, o.ID) })
			if err := add(beneath); err != nil {
				return err
			}
		}
	}
	return nil
}

// one decides on one alert and has the verdict carried out. placed says that it is in
// another incident now.
func (d Desk) one(a alert.Alert) (placed bool, err error) {
	c, err := d.caseOf(&a)
	if err != nil {
		return false, err
	}
	var v Verdict
	if a.Subject == "" {
		v = d.Sieve.Sift(c, d.Now)
	} else {
		v = d.Sieve.Resift(c, d.Now)
	}
	if v.Do == Stay && v.Stage == "" && a.Sifted.Stage != alert.Settling && a.Sifted.Stage != alert.Symptom {
		return false, nil
	}
	was := a.Sifted
	a.Sifted = v.Stand(was, c.RootTitle, d.Now)
	switch v.Do {
	case Open:
		return true, d.open(&a, c, v)
	case Blow:
		return true, d.blow(&a, c, v)
	case Join:
		return true, d.join(&a, c, v)
	case Leave:
		if err := d.Keeper.Leave(&a, v); err != nil {
			return false, err
		}
		if v.Subject != "" {
			return true, d.Keeper.Join(&a, v)
		}
		return true, d.open(&a, c, v)
	case Fold:
		if c.Under == v.Cause && was.Stage == alert.Symptom && was.Rule == v.Rule && v.Subject == "" {
			return false, nil
		}
		return false, d.Keeper.Fold(&a, v)
	case Unfold:
		return false, d.Keeper.Unfold(&a, v)
	}
	if same(a.Sifted, was) {
		return false, nil
	}
	return false, d.Keeper.Keep(a)
}

func same(a, b alert.Sifted) bool {
	return a.Stage == b.Stage && a.Why == b.Why && a.Rule == b.Rule && a.Cause == b.Cause && a.Until.Equal(b.Until) && a.Place == b.Place &&
		a.Was == b.Was && a.Since.Equal(b.Since)
}

func (d Desk) open(a *alert.Alert, c Case, v Verdict) error {
	if err := d.Keeper.Open(a, v); err != nil {
		return err
	}
	if v.Key != "" {
		if err := d.Keeper.PutGroup(Gathering{Key: v.Key, Subject: a.Subject, First: d.Now, Last: d.Now, Alerts: 1}); err != nil {
			return err
		}
	}
	if g, ok := d.Sieve.StormGuard(a.Service); ok {
		w, err := d.Keeper.Weather(c.Team)
		if err != nil {
			return err
		}
		w, _ = w.Blow(g, d.Now)
		return d.Keeper.PutWeather(c.Team, w)
	}
	return nil
}

// blow opens the incident of a storm.
func (d Desk) blow(a *alert.Alert, c Case, v Verdict) error {
	if err := d.open(a, c, v); err != nil {
		return err
	}
	w, err := d.Keeper.Weather(c.Team)
	if err != nil {
		return err
	}
	w.Subject, w.Since, w.Calm = a.Subject, d.Now, time.Time{}
	return d.Keeper.PutWeather(c.Team, w)
}

func (d Desk) join(a *alert.Alert, c Case, v Verdict) error {
	if err := d.Keeper.Join(a, v); err != nil {
		return err
	}
	switch v.Stage {
	case alert.Grouped:
		g, err := d.Keeper.Group(v.Key)
		if err != nil {
			return err
		}
		g.Last, g.Alerts = d.Now, g.Alerts+1
		return d.Keeper.PutGroup(g)
	case alert.Storm:
		guard, _ := d.Sieve.StormGuard(a.Service)
		w, err := d.Keeper.Weather(c.Team)
		if err != nil {
			return err
		}
		w, _ = w.Blow(guard, d.Now)
		return d.Keeper.PutWeather(c.Team, w)
	}
	return nil
}

// caseOf gathers what must be known around an alert.
func (d Desk) caseOf(a *alert.Alert) (c Case, err error) {
	c = Case{Alert: a, Integration: d.Keeper.Integration(a.Integration), Team: d.Keeper.Team(a.Service)}
	var failed error
	c.Group = func(key string) Gathering {
		g, err := d.Keeper.Group(key)
		failed = cmp.Or(failed, err)
		return g
	}
	c.Weather = func() Weather {
		w, err := d.Keeper.Weather(c.Team)
		failed = cmp.Or(failed, err)
		return w
	}
	if a.Subject != "" {
		if c.Under, c.Lifted, err = d.Keeper.Under(a.Subject); err != nil {
			return c, err
		}
	}
	if d.Forest == nil {
		return c, failed
	}
	if d.Forest.Has(c.Under) {
		c.Under = d.Forest.Root(c.Under)
	}
	root := d.Forest.Root(a.ID)
	if root == "" || root == a.ID {
		return c, failed
	}
	r, err := d.Keeper.Alert(root)
	if err != nil {
		return c, err
	}
	c.Root, c.RootTitle, c.RootSubject, c.RootUntil, c.Because = root, r.Title, r.Subject, r.Sifted.Until, d.Forest.Why(a.ID)
	return c, failed
}
