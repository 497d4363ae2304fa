package review

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tocsin/incident"
)

const (
	mostLessons = 50
	maxLesson   = 1000 // runes
	mostTags    = 10
)

var tagForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}-]{0,39}$`)

// Learn writes down what others should know, with words by which it is found.
func Learn(in incident.Incident, text string, tags []string) ([]incident.Fact, error) {
	n := 0
	if in.Review != nil {
		n = len(in.Review.Lessons)
	}
	text = strings.TrimSpace(text)
	switch {
	case in.Apart() != "":
		return nil, incident.Refuse("it was sent by hand")
	case in.IsDrill():
		return nil, incident.Refuse(drilled)
	case text == "":
		return nil, incident.Refuse("text: what should others know?")
	case utf8.RuneCountInString(text) > maxLesson:
		return nil, incident.Refuse("text: at most %d characters", maxLesson)
	case n >= mostLessons:
		return nil, incident.Refuse("there are %d lessons already", mostLessons)
	case len(tags) > mostTags:
		return nil, incident.Refuse("tags: at most %d", mostTags)
	}
	var once []string
	for _, t := range tags {
		t = strings.ToLower(strings.TrimSpace(t))
		if !tagForm.MatchString(t) {
			return nil, incident.Refuse("tags: %q is none: letters, digits and hyphens, at most 40", t)
		}
		if !slices.Contains(once, t) {
			once = append(once, t)
		}
	}
	return []incident.Fact{incident.LessonLearned{Lesson: n + 1, Text: text, Tags: once}}, nil
}

// Withdraw says that a lesson does not hold.
func Withdraw(in incident.Incident, id int, why string) ([]incident.Fact, error) {
	l, ok := in.Lesson(id)
	switch {
	case !ok:
		return nil, incident.Refuse("there is no lesson %d", id)
	case l.Withdrawn:
		return nil, nil
	case utf8.RuneCountInString(why) > maxNote:
		return nil, incident.Refuse("why: at most %d characters", maxNote)
	}
	return []incident.Fact{incident.LessonWithdrawn{Lesson: id, Text: l.Text, Why: why}}, nil
}
