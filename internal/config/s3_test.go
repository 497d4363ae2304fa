package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is said of the store of attachments makes sense together, or is refused by the name
// of its option; the secret stands in no error.
func TestS3Options(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("of-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := Server{S3Endpoint: "https://s3.example.org", S3Bucket: "tocsin", S3Key: "AK1", S3Secret: "never-to-be-seen"}
	change := func(do func(*Server)) Server { s := whole; do(&s); return s }
	for name, x := range map[string]struct {
		server       Server
		secret, want string // a secret, or how the error begins; neither: none is set up
	}{
		"none":                {Server{}, "", ""},
		"whole":               {whole, "never-to-be-seen", ""},
		"in a file":           {change(func(s *Server) { s.S3Secret, s.S3SecretFile = "", file }), "of-a-file", ""},
		"host style":          {change(func(s *Server) { s.S3HostStyle = true }), "never-to-be-seen", ""},
		"both secrets":        {change(func(s *Server) { s.S3SecretFile = file }), "", "--s3-secret"},
		"no secret":           {change(func(s *Server) { s.S3Secret = "" }), "", "--s3-secret: is missing"},
		"no key":              {change(func(s *Server) { s.S3Key = "" }), "", "--s3-key: is missing"},
		"no bucket":           {change(func(s *Server) { s.S3Bucket = "" }), "", "--s3-bucket: "},
		"a path as bucket":    {change(func(s *Server) { s.S3Bucket = "a/b" }), "", "--s3-bucket: "},
		"no endpoint":         {change(func(s *Server) { s.S3Endpoint = "" }), "", "--s3-"},
		"no URL":              {change(func(s *Server) { s.S3Endpoint = "s3.example.org" }), "", "--s3-endpoint: "},
		"a user in it":        {change(func(s *Server) { s.S3Endpoint = "https://me:pw@s3.example.org" }), "", "--s3-endpoint: "},
		"a question in it":    {change(func(s *Server) { s.S3Endpoint = "https://s3.example.org?x=1" }), "", "--s3-endpoint: "},
		"another protocol":    {change(func(s *Server) { s.S3Endpoint = "ftp://s3.example.org" }), "", "--s3-endpoint: "},
		"secret, no endpoint": {Server{S3Secret: "never-to-be-seen"}, "", "--s3-secret: goes with --s3-endpoint"},
	} {
		client, secret, err := x.server.S3()
		switch {
		case x.want != "":
			if err == nil || !strings.HasPrefix(err.Error(), x.want) || strings.Contains(err.Error(), "never-to-be-seen") {
				t.Errorf("%s: %v, want %s", name, err, x.want)
			}
		case err != nil || secret != x.secret || (client == nil) != (x.secret == ""):
			t.Errorf("%s: %q %v", name, secret, err)
		}
	}
}
