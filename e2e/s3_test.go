package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// signedByAWS says whether a request is signed as AWS's own library would sign it.
func signedByAWS(r *http.Request, body []byte, key aws.Credentials) bool {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if err != nil || time.Since(at).Abs() > 5*time.Minute || r.Header.Get("X-Amz-Content-Sha256") != hash {
		return false
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return false
	}
	_, names, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	names, _, _ = strings.Cut(names, ",")
	for name := range strings.SplitSeq(names, ";") {
		if name != "host" {
			again.Header.Set(name, r.Header.Get(name))
		}
	}
	err = v4.NewSigner().SignHTTP(r.Context(), key, again, hash, "s3", "eu-central-1", at, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return err == nil && again.Header.Get("Authorization") == r.Header.Get("Authorization")
}

// Attachments lie in somebody else's S3 server, signed as AWS's library signs, and sealed:
// the store learns neither what they are nor what they say.
func TestS3(t *testing.T) {
	key := aws.Credentials{AccessKeyID: "house", SecretAccessKey: "an/s3+secret"}
	backend := s3mem.New()
	if err := backend.CreateBucket("tocsin"); err != nil {
		t.Fatal(err)
	}
	store := gofakes3.New(backend).Server()
	var refused atomic.Int32
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !signedByAWS(r, body, key) {
			refused.Add(1)
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>`)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		store.ServeHTTP(w, r)
	}))
	defer s3.Close()

	s := install(t, `
people: [{id: jane, methods: [{id: log, channel: log, address: jane}], rules: [{method: log}]}]
policies: [{id: p, levels: [{targets: ["person:jane"], wait: 5m}]}]
services: [{id: db, policy: p}]
settings: {catch_all: db}
`)
	options := []string{
		"--s3-endpoint", s3.URL, "--s3-bucket", "tocsin", "--s3-prefix", "of the house/", "--s3-region", "eu-central-1",
		"--s3-key", key.AccessKeyID, "--s3-secret", key.SecretAccessKey, "--allow-network", strings.TrimPrefix(s3.URL, "http://"),
	}
	stop := s.serve(t, options...)
	out, err := command(t.Context(), "key", "add", "--data", s.Data, "files", "--owner", "jane", "--scope", "read-incidents,respond,talk").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	token := regexp.MustCompile(`toc_\S+`).FindString(string(out))
	ask := func(method, path, kind string, body []byte, want int) []byte {
		t.Helper()
		r, err := http.NewRequest(method, s.URL+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", kind)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		got, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != want {
			t.Fatalf("%s %s: %s, want %d: %s", method, path, res.Status, want, got)
		}
		return got
	}
	id := func(body []byte) string {
		var one struct{ ID string }
		if err := json.Unmarshal(body, &one); err != nil || one.ID == "" {
			t.Fatalf("%v: %s", err, body)
		}
		return one.ID
	}
	text := []byte("bus bar 2: 31 A, measured by hand\n")
	in := id(ask("POST", "/api/v1/incidents", "application/json", []byte(`{"title":"The lab is dark","service":"db"}`), 201))
	file := id(ask("POST", "/api/v1/attachments?name=measured.txt", "application/octet-stream", text, 201))
	ask("POST", "/api/v1/incidents/"+in+"/messages", "application/json", []byte(`{"text":"look","files":["`+file+`"]}`), 201)
	if got := ask("GET", "/api/v1/attachments/"+file, "", nil, 200); !bytes.Equal(got, text) {
		t.Errorf("%q comes back", got)
	}

	objects := func() (names []string) {
		list, err := backend.ListBucket("tocsin", nil, gofakes3.ListBucketPage{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Contents {
			names = append(names, c.Key)
			o, err := backend.GetObject("tocsin", c.Key, nil)
			if err != nil {
				t.Fatal(err)
			}
			sealed, _ := io.ReadAll(o.Contents)
			if o.Contents.Close(); bytes.Contains(sealed, []byte("bus bar")) {
				t.Errorf("%s is not sealed", c.Key)
			}
			if !strings.HasPrefix(c.Key, "of the house/") || strings.Contains(c.Key, "measured") {
				t.Errorf("an object is called %q", c.Key)
			}
		}
		return names
	}
	if n := objects(); len(n) != 1 {
		t.Errorf("the store has %q", n)
	}
	ask("POST", "/api/v1/incidents/"+in+"/messages/1/redact", "application/json", []byte(`{"why":"of another house"}`), 200)
	stop()
	s.serve(t, options...) // what is to go is dropped every few minutes, and after a start
	for begun := time.Now(); len(objects()) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("what was redacted stays in the store")
		}
	}
	if n := refused.Load(); n > 0 {
		t.Errorf("%d requests were not signed as AWS's library signs", n)
	}
}
