package channel

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml"

	"tocsin/escalate"
	"tocsin/internal/egress"
)

// A gateway is a vendor of short messages as a template says it: which request sends
// one, how its answer reads, and how the vendor's callbacks and replies do. Values are
// filled in at the leaves and then encoded, so that no text can become part of the form.
type gateway struct {
	template gatewayTemplate
	setup    Setup
}

// A gatewayTemplate is a gateway in YAML; docs/channels.md explains each field.
type gatewayTemplate struct {
	Name     string `yaml:"name"`
	Title    string `yaml:"title"`
	Proved   string `yaml:"proved"`
	Settings []struct {
		Name    string `yaml:"name"`
		Help    string `yaml:"help"`
		Secret  bool   `yaml:"secret"`
		Needed  bool   `yaml:"needed"`
		Default string `yaml:"default"`
	} `yaml:"settings"`
	Request struct {
		Method   string            `yaml:"method"` // POST unless it says otherwise
		URL      string            `yaml:"url"`
		Headers  map[string]string `yaml:"headers"`
		User     string            `yaml:"user"` // with Password: basic authentication
		Password string            `yaml:"password"`
		Query    map[string]string `yaml:"query"`
		Form     map[string]string `yaml:"form"` // one of Form, JSON and Body
		JSON     any               `yaml:"json"`
		Body     string            `yaml:"body"`
	} `yaml:"request"`
	Success   condition `yaml:"success"`   // that the vendor took it
	Elsewhere condition `yaml:"elsewhere"` // that it is not the number's fault
	Why       string    `yaml:"why"`       // the path of the vendor's own words
	ID        string    `yaml:"id"`        // the path of the vendor's id
	Receipt   *struct {
		ID        string   `yaml:"id"`
		State     string   `yaml:"state"`
		Sent      []string `yaml:"sent"`
		Delivered []string `yaml:"delivered"`
		Failed    []string `yaml:"failed"`
		Why       string   `yaml:"why"`
	} `yaml:"receipt"`
	Reply *struct {
		From string     `yaml:"from"`
		Text string     `yaml:"text"`
		When *condition `yaml:"when"`
	} `yaml:"reply"`
}

// A condition is about an answer: its status, and what stands at a path.
type condition struct {
	Status []int    `yaml:"status"`
	Path   string   `yaml:"path"`
	Is     []string `yaml:"is"`
}

func (c condition) empty() bool { return len(c.Status) == 0 && c.Path == "" }

func (c condition) holds(status int, v any) bool {
	if len(c.Status) > 0 && !slices.Contains(c.Status, status) {
		return false
	}
	return c.Path == "" || slices.Contains(c.Is, at(v, c.Path))
}

//go:embed gateways/*.yaml
var gatewayFiles embed.FS

// gatewayKinds are the templates that come with the house.
func gatewayKinds() (kinds []Kind) {
	files, err := gatewayFiles.ReadDir("gateways")
	if err != nil {
		panic("channel: gateways: " + err.Error())
	}
	for _, f := range files {
		text, err := gatewayFiles.ReadFile("gateways/" + f.Name())
		if err != nil {
			panic("channel: gateways: " + err.Error())
		}
		t, err := readGateway(string(text))
		if err != nil {
			panic("channel: gateways: " + f.Name() + ": " + err.Error())
		}
		k := Kind{Name: t.Name, Channel: "sms", Title: t.Title, Proved: t.Proved, Make: func(s Setup) (Channel, error) { return newGateway(t, s) }}
		for _, s := range t.Settings {
			k.Settings = append(k.Settings, Setting{s.Name, s.Help, s.Secret, s.Needed, s.Default})
		}
		k.Settings = append(k.Settings, Setting{Name: "replies", Help: `"yes" when the vendor was given our address for replies`}, regionSetting)
		kinds = append(kinds, k)
	}
	return kinds
}

var regionSetting = Setting{Name: "region", Help: "where numbers without a country code are, such as DE"}

// gatewayKind is any other gateway, by a template of one's own.
var gatewayKind = Kind{
	Name: "gateway", Channel: "sms", Title: "Any gateway, by a template", Free: true,
	Settings: []Setting{
		{Name: "template", Help: "the template, in YAML", Needed: true},
		{Name: "replies", Help: `"yes" when the vendor was given our address for replies`},
		regionSetting,
	},
	Make: func(s Setup) (Channel, error) {
		t, err := readGateway(s.Settings["template"])
		if err != nil {
			return nil, fmt.Errorf("settings.template: %w", err)
		}
		for _, one := range t.Settings {
			if one.Default != "" && s.Settings[one.Name] == "" {
				s.Settings[one.Name] = one.Default
			}
		}
		return newGateway(t, s)
	},
}

// readGateway reads a template.
func readGateway(text string) (t gatewayTemplate, err error) {
	if err := yaml.UnmarshalWithOptions([]byte(text), &t, yaml.DisallowUnknownField()); err != nil {
		return t, errors.New(strings.SplitN(yaml.FormatError(err, false, false), "\n", 2)[0])
	}
	switch {
	case t.Request.URL == "":
		return t, errors.New("request.url: is missing")
	case t.Success.empty():
		t.Success.Status = []int{200, 201, 202, 204}
	}
	return t, nil
}

// A gatewaySMS is a gateway's short messages, with its door.
type gatewaySMS struct {
	SMS
	gateway
}

func newGateway(t gatewayTemplate, s Setup) (Channel, error) {
	g := &gatewaySMS{gateway: gateway{t, s}}
	g.SMS = SMS{&g.gateway, t.Reply != nil && s.Settings["replies"] == "yes", s.Settings["region"]}
	// A template that cannot be filled in is found out now, not in the night.
	req, err := g.request(context.Background(), "+15005550006", "test", "page")
	if err != nil {
		return nil, err
	}
	return g, egress.CheckURL(req.URL)
}

// text sends one message.
func (g *gateway) text(ctx context.Context, to, text, page string) (string, error) {
	req, err := g.request(ctx, to, text, page)
	if err != nil {
		return "", failed(Permanent, err)
	}
	res, body, err := exchange(g.setup.Client, req)
	if err != nil {
		return "", err
	}
	v := parsed(res.Header.Get("Content-Type"), body)
	if g.template.Success.holds(res.StatusCode, v) {
		if id := at(v, g.template.ID); g.template.ID != "" {
			return id, nil
		}
		return "", nil
	}
	err = vendorAnswered(res)
	e, ok := err.(*Error)
	if !ok { // 2xx, and yet not taken
		e = &Error{Outcome: Permanent, Err: fmt.Errorf("%s did not take it", req.URL.Host)}
	}
	if why := oneLine(at(v, g.template.Why), 200); g.template.Why != "" && why != "" {
		e.Err = fmt.Errorf("%w: %s", e.Err, why)
	}
	if !g.template.Elsewhere.empty() && g.template.Elsewhere.holds(res.StatusCode, v) {
		e.Outcome = Temporary
	}
	return "", e
}

// request is the one that sends a text.
func (g *gateway) request(ctx context.Context, to, text, page string) (*http.Request, error) {
	values := map[string]string{"to": to, "text": text, "page": page, "callback": g.callback("receipt/" + page)}
	for k, v := range g.setup.Settings {
		if _, ours := values[k]; !ours {
			values[k] = v
		}
	}
	for _, s := range g.template.Settings { // what was not given is empty
		if _, ok := values[s.Name]; !ok {
			values[s.Name] = ""
		}
	}
	f := filler{values: values}
	r := g.template.Request
	address, err := url.Parse(f.fill(r.URL))
	if err != nil {
		return nil, errors.New("request.url: becomes no URL")
	}
	query := address.Query()
	for k, v := range r.Query {
		query.Set(k, f.fill(v))
	}
	address.RawQuery = query.Encode()
	var body, kind string
	switch {
	case r.Form != nil:
		form := url.Values{}
		for k, v := range r.Form {
			form.Set(k, f.fill(v))
		}
		body, kind = form.Encode(), "application/x-www-form-urlencoded"
	case r.JSON != nil:
		b, err := json.Marshal(f.leaves(r.JSON))
		if err != nil {
			return nil, fmt.Errorf("request.json: %w", err)
		}
		body, kind = string(b), "application/json"
	case r.Body != "":
		body, kind = f.fill(r.Body), "text/plain; charset=utf-8"
	}
	method := strings.ToUpper(r.Method)
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, address.String(), strings.NewReader(body))
	if err != nil {
		return nil, errors.New("request: cannot be made of this method and URL")
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for k, v := range r.Headers {
		req.Header.Set(k, f.fill(v))
	}
	if r.User != "" {
		req.SetBasicAuth(f.fill(r.User), f.fill(r.Password))
	}
	return req, f.err
}

// callback is an address of our door with a token of its own: these vendors sign
// nothing.
func (g *gateway) callback(path string) string {
	return g.setup.door(path) + "?k=" + g.setup.Sign("hook/"+g.setup.ID+"/"+path)
}

// ReplyURL is the address that the vendor is to be given for replies; "": it brings none.
func (g *gatewaySMS) ReplyURL() string {
	if g.template.Reply == nil {
		return ""
	}
	return g.callback("reply")
}

// Open reads a receipt (receipt/PAGE) or a reply.
func (g *gatewaySMS) Open(r Request) (Call, error) {
	if !same(r.Query.Get("k"), g.setup.Sign("hook/"+g.setup.ID+"/"+r.Path)) {
		return Call{}, ErrSignature
	}
	v := parsed(r.Header.Get("Content-Type"), r.Body)
	if m, ok := v.(map[string]any); !ok || len(m) == 0 {
		m = map[string]any{}
		for k := range r.Query {
			m[k] = r.Query.Get(k)
		}
		v = m
	}
	ok := func(texts []string) Response { return Response{Status: http.StatusOK, Type: "text/plain"} }
	page, isReceipt := strings.CutPrefix(r.Path, "receipt/")
	if reply := g.template.Reply; reply != nil && (reply.When != nil && reply.When.holds(0, v) || !isReceipt) {
		s := Said{From: Canonical("sms", plus(at(v, reply.From))), Text: at(v, reply.Text)}
		s.Code, s.Verb, s.Text = ParseReply(s.Text)
		return Call{Said: []Said{s}, Answer: ok}, nil
	}
	receipt := g.template.Receipt
	if receipt == nil || !isReceipt {
		return Call{Answer: ok}, nil
	}
	s := Said{Page: page}
	if receipt.ID != "" {
		s.Provider = at(v, receipt.ID)
	}
	switch state := at(v, receipt.State); {
	case slices.Contains(receipt.Sent, state):
		s.State = escalate.Sent
	case slices.Contains(receipt.Delivered, state):
		s.State = escalate.Delivered
	case slices.Contains(receipt.Failed, state):
		s.State, s.Why = escalate.Failed, strings.TrimSpace(g.setup.ID+": "+oneLine(state, 40)+" "+oneLine(at(v, receipt.Why), 100))
	default:
		return Call{Answer: ok}, nil
	}
	return Call{Said: []Said{s}, Answer: ok}, nil
}

// plus puts the sign before a number that vendors write without it.
func plus(number string) string {
	if number != "" && strings.Trim(number, "0123456789") == "" && number[0] != '0' {
		return "+" + number
	}
	return number
}

// parsed is a body by its content type: of JSON whatever it is, of a form an object.
func parsed(kind string, body []byte) any {
	kind, _, _ = strings.Cut(kind, ";")
	if strings.TrimSpace(kind) == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil
		}
		m := map[string]any{}
		for k := range form {
			m[k] = form.Get(k)
		}
		return m
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return nil
	}
	return v
}

// at is what stands at a path such as data.to.0.status, as text; "" when nothing does.
func at(v any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return ""
			}
			v = in[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// A filler fills values into templates; its first error stays.
type filler struct {
	values map[string]string
	err    error
}

var gatewayFuncs = template.FuncMap{
	"digits": func(s string) string { return strings.TrimPrefix(s, "+") },
	"path":   url.PathEscape,
	"query":  url.QueryEscape,
	"gsm":    gsm,
}

const maxFilled = 64 << 10

func (f *filler) fill(text string) string {
	t, err := template.New("").Option("missingkey=error").Funcs(gatewayFuncs).Parse(text)
	w := &bounded{max: maxFilled}
	if err == nil {
		err = t.Execute(w, f.values)
	}
	if err != nil && f.err == nil {
		f.err = errors.New(strings.TrimPrefix(err.Error(), "template: :"))
	}
	return w.String()
}

// leaves fills every text of a structure.
func (f *filler) leaves(v any) any {
	switch v := v.(type) {
	case string:
		return f.fill(v)
	case map[string]any:
		out := map[string]any{}
		for k, one := range v {
			out[k] = f.leaves(one)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = f.leaves(one)
		}
		return out
	}
	return v
}
