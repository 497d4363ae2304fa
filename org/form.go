package org

import "slices"

// A FormID names a report form; it stands in the form's address.
type FormID string

// A Form asks people who are not IT, in plain words, what is wrong. What they answer leads
// to a service, an impact and an urgency, and by the matrix to a severity.
type Form struct {
	ID       FormID `json:"id" yaml:"id"`
	Name     string `json:"name" yaml:"name"`
	Team     TeamID `json:"team,omitempty" yaml:"team,omitempty"`
	Language string `json:"language,omitempty" yaml:"language,omitempty"` // en or de; "" is en
	Zone     string `json:"zone,omitempty" yaml:"zone,omitempty"`
	// Advice is the team's guidance, in Markdown: what to look at before, how to describe it.
	Advice string `json:"advice,omitempty" yaml:"advice,omitempty"`
	// Service is that of reports that lead to no other.
	Service    ServiceID      `json:"service" yaml:"service"`
	Categories []FormCategory `json:"categories,omitempty" yaml:"categories,omitempty"`
	Contact    string         `json:"contact,omitempty" yaml:"contact,omitempty"` // required, none; "" is as they like
	NoPhotos   bool           `json:"no_photos,omitempty" yaml:"no_photos,omitempty"`
	Emergency  *Emergency     `json:"emergency,omitempty" yaml:"emergency,omitempty"`
	Retired    bool           `json:"retired,omitempty" yaml:"-"`
}

// A FormCategory is a sort of trouble, as people call it.
type FormCategory struct {
	ID     string `json:"id" yaml:"id"`
	Name   string `json:"name" yaml:"name"`
	Hint   string `json:"hint,omitempty" yaml:"hint,omitempty"`     // beneath its name
	Advice string `json:"advice,omitempty" yaml:"advice,omitempty"` // above its questions, in Markdown
	Leads  `yaml:",inline"`
	// Questions are asked one below the other.
	Questions []Question `json:"questions,omitempty" yaml:"questions,omitempty"`
}

// Leads is where an answer leads: what it leaves out stays as it was.
type Leads struct {
	Service  ServiceID `json:"service,omitempty" yaml:"service,omitempty"`
	Category string    `json:"category,omitempty" yaml:"category,omitempty"`
	Impact   string    `json:"impact,omitempty" yaml:"impact,omitempty"`
	Urgency  string    `json:"urgency,omitempty" yaml:"urgency,omitempty"`
}

// Then is where both lead, one after the other.
func (l Leads) Then(m Leads) Leads {
	for _, p := range [][2]*string{{(*string)(&l.Service), (*string)(&m.Service)}, {&l.Category, &m.Category}, {&l.Impact, &m.Impact}, {&l.Urgency, &m.Urgency}} {
		if *p[1] != "" {
			*p[0] = *p[1]
		}
	}
	return l
}

// A Question is answered by one of its choices, or in the person's own words.
type Question struct {
	ID       string       `json:"id" yaml:"id"`
	Ask      string       `json:"ask" yaml:"ask"`
	Hint     string       `json:"hint,omitempty" yaml:"hint,omitempty"`
	Required bool         `json:"required,omitempty" yaml:"required,omitempty"`
	Long     bool         `json:"long,omitempty" yaml:"long,omitempty"` // room for several lines
	Choices  []FormChoice `json:"choices,omitempty" yaml:"choices,omitempty"`
}

// A FormChoice is an answer.
type FormChoice struct {
	Text  string `json:"text" yaml:"text"`
	Leads `yaml:",inline"`
}

// An Emergency is the way past all questions: whoever takes it is heard at once.
type Emergency struct {
	Ask      string    `json:"ask" yaml:"ask"`                         // "Is somebody hurt or in danger?"
	First    string    `json:"first,omitempty" yaml:"first,omitempty"` // what to do before: "Ring 112."
	Service  ServiceID `json:"service,omitempty" yaml:"service,omitempty"`
	Severity Severity  `json:"severity,omitempty" yaml:"severity,omitempty"` // SEV1 without
	// Call are called beside those of the service's policy.
	Call []Target `json:"call,omitempty" yaml:"call,omitempty"`
}

// Category is one by its id.
func (f Form) Category(id string) (FormCategory, bool) {
	i := slices.IndexFunc(f.Categories, func(c FormCategory) bool { return c.ID == id })
	if i < 0 {
		return FormCategory{}, false
	}
	return f.Categories[i], true
}

// Services are those that reports by it may lead to.
func (f Form) Services() (ids []ServiceID) {
	add := func(id ServiceID) {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	add(f.Service)
	for _, c := range f.Categories {
		for _, id := range c.Services() {
			add(id)
		}
	}
	return ids
}

// Services are those that a category may lead to, beside the form's own.
func (c FormCategory) Services() (ids []ServiceID) {
	if c.Service != "" {
		ids = append(ids, c.Service)
	}
	for _, q := range c.Questions {
		for _, a := range q.Choices {
			if a.Service != "" && !slices.Contains(ids, a.Service) {
				ids = append(ids, a.Service)
			}
		}
	}
	return ids
}
