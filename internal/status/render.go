package status

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/prose"
	"tocsin/internal/web"
	"tocsin/org"
)

//go:embed style.css
var ownStyle string

//go:embed pages.html
var pages string

var style, policy = web.Style(ownStyle)

// OwnStyle is what the pages of others look like that people outside open.
func OwnStyle() string { return ownStyle }

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) },
}).Parse(pages))

// A sheet is what every page of ours has.
type sheet struct {
	Words  Words
	Title  string // of the window
	Name   string // of the status page
	At     string // its path
	Whole  string // its address
	Hidden bool   // not for search engines
}

// view is a model in words.
type view struct {
	sheet
	Lead, Help, Verdict, Made, Times string
	State                            org.ComponentState
	Now, Told, Past                  []affairView
	Work                             []workView
	Groups                           []groupView
	Follow                           bool
}

type affairView struct {
	Title, Affects string
	Retro, RetroAt string
	RetroText      template.HTML // made safe by internal/prose
	Fold           string        // what unfolds all updates but the newest; "" shows all
	Updates        []saidView    // newest first
}

type saidView struct {
	Phase                   incident.Phase
	Says, At, Machine, Next string
	Lines                   []lineView
}

type lineView struct{ Name, Text string }

type workView struct {
	Name, When, Affects string
	On                  bool
	Fold                string
	Updates             []saidView // of a notice, newest first
}

type groupView struct {
	Name  string
	Parts []partView
}

type partView struct {
	Name, Says, Uptime, Count string
	State                     org.ComponentState
	Bars                      []barView
	Bad                       []string
}

// A barView is all days of one state as one path.
type barView struct{ State, D string }

func (s *Site) sheet(p org.StatusPage) sheet {
	return sheet{Words: Speak(p.Language), Title: p.Name, Name: p.Name, At: Base(s.public) + "/status/" + string(p.ID), Whole: s.public + "/status/" + string(p.ID), Hidden: p.Internal}
}

func (s *Site) html(m Model, zone *time.Location) []byte {
	v := view{sheet: s.sheet(m.Page), Lead: m.Page.Lead, Help: m.Page.Help, State: m.State, Follow: len(m.Page.Subscribe) > 0}
	w := v.Words
	v.Verdict, v.Times = w.T("verdict."+string(m.State)), w.T("times", zone.String())
	if m.State == org.Operational && len(m.Now) > 0 { // told of, although no component is affected
		v.State, v.Verdict = org.Degraded, w.T("verdict.degraded")
	}
	v.Title = v.Verdict + " · " + m.Page.Name
	v.Made = w.T("made", w.Moment(stamp(m), zone))
	for _, a := range m.Now {
		v.Now = append(v.Now, affairIn(a, m.Page, w, zone))
	}
	for _, a := range m.Told {
		v.Told = append(v.Told, affairIn(a, m.Page, w, zone))
	}
	for _, a := range m.Past {
		past := affairIn(a, m.Page, w, zone)
		past.Fold = w.T("all", len(past.Updates)-1)
		if !a.Retro.At.IsZero() {
			past.Retro, past.RetroAt = w.T("retro"), w.T("retro.at", w.Moment(a.Retro.At, zone))
			past.RetroText = template.HTML(prose.HTML(a.Retro.Text))
		}
		v.Past = append(v.Past, past)
	}
	for _, o := range m.Work {
		v.Work = append(v.Work, workView{
			Name: o.Name, When: w.T("from", w.Moment(o.Begin, zone), w.Moment(o.End, zone)), Affects: w.T("affects", titles(m.Page, o.Components)), On: o.On,
		})
	}
	for _, a := range m.Ahead {
		in := affairIn(a, m.Page, w, zone)
		v.Work = append(v.Work, workView{
			Name: in.Title, When: w.T("from", w.Moment(a.begins(), zone), w.Moment(a.Ends, zone)), Affects: in.Affects, On: a.On(), Fold: w.T("all", len(in.Updates)-1), Updates: in.Updates,
		})
	}
	for _, p := range m.Parts {
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Name != p.Group {
			v.Groups = append(v.Groups, groupView{Name: p.Group})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Parts = append(g.Parts, partIn(p, w))
	}
	return render("page", v)
}

// stamp is when what a page says last changed: the copy of a page that says the same is
// the same.
func stamp(m Model) time.Time {
	var at time.Time
	for _, list := range [][]Affair{m.Now, m.Told, m.Ahead, m.Past} {
		for _, a := range list {
			at = later(at, a.last())
		}
	}
	for _, p := range m.Parts {
		if n := len(p.Days); n > 0 {
			at = later(at, p.Days[n-1].Date)
		}
	}
	if at.IsZero() {
		return m.At
	}
	return at
}

// Base is the path of a URL, without a slash at its end.
func Base(public string) string {
	u, err := url.Parse(public)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

func titles(p org.StatusPage, ids []string) string {
	var names []string
	for _, id := range ids {
		if c, ok := p.Component(id); ok {
			names = append(names, c.Title())
		}
	}
	return strings.Join(names, ", ")
}

func affairIn(a Affair, p org.StatusPage, w Words, zone *time.Location) affairView {
	v := affairView{Title: a.Title}
	var affected []string
	for i := len(a.Updates) - 1; i >= 0; i-- {
		u := a.Updates[i]
		v.Updates = append(v.Updates, Tell(u.Updated, u.At, w, zone, i == len(a.Updates)-1))
		for _, x := range u.Affected {
			if x.Page == p.ID {
				affected = append(affected, x.Component)
			}
		}
	}
	if v.Title == "" {
		v.Title = w.T("now")
		if a.Over() && len(a.Updates) == 0 {
			v.Title = w.T("retro")
		}
	}
	var once []string
	for _, c := range p.Components {
		for _, id := range affected {
			if c.ID == id {
				once = append(once, c.Title())
				break
			}
		}
	}
	if len(once) > 0 {
		v.Affects = w.T("affects", strings.Join(once, ", "))
	}
	return v
}

// linesOf is what an update says. How it is stands first and needs no name.
func linesOf(u incident.Updated, w Words) (lines []lineView) {
	switch {
	case u.Condition == "" && u.Phase == incident.PhaseResolved:
		return []lineView{{Text: w.T("over")}}
	case u.Condition == "" && u.Phase == incident.PhaseOff:
		return []lineView{{Text: w.T("off")}}
	case u.Condition == "" && u.Phase == incident.PhaseWorking:
		return []lineView{{Text: w.T("begun")}}
	}
	for _, l := range []lineView{{"", u.Condition}, {w.T("actions"), u.Actions}, {w.T("needs"), u.Needs}} {
		if l.Text != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

func partIn(p Part, w Words) partView {
	v := partView{Name: p.Title(), State: p.State, Says: w.State(p.State), Uptime: w.T("uptime", percent(p.Uptime, w.Lang))}
	paths := map[string]*strings.Builder{}
	order := []string{"unknown"}
	for _, s := range org.ComponentStates {
		order = append(order, string(s))
	}
	for i, d := range p.Days {
		state := string(d.Worst)
		if !d.Known {
			state = "unknown"
		}
		if paths[state] == nil {
			paths[state] = &strings.Builder{}
		}
		h := height[state]
		fmt.Fprintf(paths[state], "M%d %dh2v%dh-2z", i*4, 32-h, h)
		if d.Known && d.Worst != org.Operational {
			line := w.T("day.bad", w.Day(d.Date), w.State(d.Worst))
			if d.Out > 0 {
				line = w.T("day.out", w.Day(d.Date), w.State(d.Worst), span(d.Out))
			}
			v.Bad = append([]string{line}, v.Bad...)
		}
	}
	for _, s := range order {
		if paths[s] != nil {
			v.Bars = append(v.Bars, barView{s, paths[s].String()})
		}
	}
	v.Count = strconv.Itoa(len(v.Bad))
	if w.Lang == "de" {
		v.Count = fmt.Sprintf("Tage, an denen etwas war: %d", len(v.Bad))
	} else {
		v.Count = fmt.Sprintf("Days on which something was wrong: %d", len(v.Bad))
	}
	return v
}

// height tells the states apart without their colours: worse is taller.
var height = map[string]int{"unknown": 8, "operational": 18, "maintenance": 22, "degraded": 25, "partial": 28, "major": 32}

// percent is a share with as many digits as it takes to see that it is not whole.
func percent(share float64, lang string) string {
	text := strconv.FormatFloat(float64(int(share*100*1000))/1000, 'f', -1, 64)
	if share >= 1 {
		text = "100"
	} else if text == "100" {
		text = "99.999"
	}
	if lang == "de" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// span is a length of time in hours and minutes.
func span(d time.Duration) string {
	d = max(d.Round(time.Minute), time.Minute)
	if d < time.Hour {
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}

func render(name string, data any) []byte {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		panic("status: " + name + ": " + err.Error()) // our own template, our own struct
	}
	return b.Bytes()
}

// asJSON is the page for programs.
func asJSON(m Model) []byte {
	type part struct {
		ID     string             `json:"id"`
		Name   string             `json:"name"`
		State  org.ComponentState `json:"state"`
		Uptime float64            `json:"uptime_90_days"`
	}
	type said struct {
		At        time.Time      `json:"at"`
		Phase     incident.Phase `json:"phase"`
		Condition string         `json:"condition,omitempty"`
		Actions   string         `json:"actions,omitempty"`
		Needs     string         `json:"needs,omitempty"`
		Next      time.Time      `json:"next,omitzero"`
	}
	type affair struct {
		ID      incident.ID `json:"id"`
		Title   string      `json:"title"`
		Updates []said      `json:"updates"`
		Retro   string      `json:"retrospective,omitempty"` // Markdown
		Kind    string      `json:"kind,omitempty"`          // of a notice: notice, disruption or work
		Begins  time.Time   `json:"begins,omitzero"`
		Ends    time.Time   `json:"ends,omitzero"`
	}
	out := struct {
		Name       string             `json:"name"`
		State      org.ComponentState `json:"state"`
		Components []part             `json:"components"`
		Incidents  []affair           `json:"incidents"`
	}{m.Page.Name, m.State, []part{}, []affair{}}
	for _, p := range m.Parts {
		out.Components = append(out.Components, part{p.ID, p.Title(), p.State, float64(int(p.Uptime*1e5)) / 1e5})
	}
	for _, list := range [][]Affair{m.Now, m.Told, m.Ahead, m.Past} {
		for _, a := range list {
			one := affair{a.ID, a.Title, []said{}, a.Retro.Text, string(a.Form), a.Begins, a.Ends}
			for _, u := range a.Updates {
				one.Updates = append(one.Updates, said{u.At, u.Phase, u.Condition, u.Actions, u.Needs, u.Next})
			}
			out.Incidents = append(out.Incidents, one)
		}
	}
	body, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		panic("status: json: " + err.Error()) // texts and numbers
	}
	return append(body, '\n')
}

// Told is an update in words, for pages of others.
type Told = saidView

// Tell puts an update into words. Only of the last one it says when the next comes.
func Tell(u incident.Updated, at time.Time, w Words, zone *time.Location, last bool) Told {
	t := Told{Phase: u.Phase, Says: w.Phase(u.Phase), At: w.Moment(at, zone), Machine: at.UTC().Format(time.RFC3339), Lines: linesOf(u, w)}
	if last && !u.Next.IsZero() {
		t.Next = w.T("next", w.Moment(u.Next, zone))
	}
	return t
}
