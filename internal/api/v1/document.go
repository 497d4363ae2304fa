package v1

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// describe is how the API presents itself.
func describe(version string) huma.Config {
	merge := huma.DefaultJSONFormat
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Tocsin", Version: "1",
				Description: "Incidents, who answers for them, and how they are called. Times are RFC 3339 in UTC; durations are written \"5m\" or \"1h30m\".",
			},
			Security: []map[string][]string{{"key": {}}, {"session": {}}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"key":     {Type: "http", Scheme: "bearer", Description: "An API key"},
					"session": {Type: "apiKey", In: "cookie", Name: "tocsin_session", Description: "The session of a person"},
				},
			},
		},
		Formats: map[string]huma.Format{
			"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat, "application/merge-patch+json": merge,
		},
		DefaultFormat: "application/json",
	}
}

// streams is what is answered by routes that write their answers themselves, by the end of
// their paths. An attachment is of many types.
var streams = map[string]string{"/export": "application/zip", "/attachments/{id}": "*/*"}

// files is what is answered by routes whose answer is a file of its own kind.
var files = map[string][]string{Prefix + "/incidents/{id}/review/export": {"application/pdf", "text/markdown"}, Prefix + "/reports/paper": {"application/pdf"}}

// publish is the document of all that was registered, as it is served and committed.
// Every write takes an Idempotency-Key, and every fault has one form.
func (a *API) publish() []byte {
	doc := a.huma.OpenAPI()
	for at, path := range doc.Paths {
		for end, kind := range streams {
			if path.Get == nil || !strings.HasSuffix(at, end) {
				continue
			}
			if ok := path.Get.Responses["200"]; ok != nil && ok.Content == nil {
				ok.Content = map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
			}
		}
		if kinds, ok := files[at]; ok {
			content := map[string]*huma.MediaType{}
			for _, kind := range kinds {
				content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
			}
			path.Get.Responses["200"].Content = content
		}
		for _, op := range []*huma.Operation{path.Post, path.Put, path.Patch, path.Delete} {
			if op != nil {
				op.Parameters = append(op.Parameters, &huma.Param{
					Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
					Description: "Asked again with the same key within 24 hours, it is not done again",
				})
			}
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic("v1: " + err.Error()) // our own document
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		panic("v1: " + err.Error())
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// openAPI serves the document. It is public: it says nothing of this installation.
func (a *API) openAPI(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{head: http.Header{"Content-Type": {"application/openapi+json"}}, status: http.StatusOK}
	rec.body.Write(a.document())
	a.send(w, r, rec)
}
