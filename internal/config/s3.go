package config

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// s3Within is how long a request to the store of attachments may take.
const s3Within = time.Minute

// S3 checks the options of the store of attachments, and is its secret and a client that
// reaches it, as an address that the options name. Without an endpoint there is none, and
// the client is nil.
func (s *Server) S3() (*http.Client, string, error) {
	if s.S3Endpoint == "" {
		for name, value := range map[string]string{"bucket": s.S3Bucket, "key": s.S3Key, "secret": s.S3Secret, "secret-file": s.S3SecretFile} {
			if value != "" {
				return nil, "", fmt.Errorf("--s3-%s: goes with --s3-endpoint", name)
			}
		}
		return nil, "", nil
	}
	u, err := url.Parse(s.S3Endpoint)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "":
		return nil, "", fmt.Errorf("--s3-endpoint: %q is no URL such as https://s3.example.org", s.S3Endpoint)
	case s.S3Bucket == "" || strings.Contains(s.S3Bucket, "/"):
		return nil, "", errors.New("--s3-bucket: is missing, or no name of a bucket")
	case s.S3Key == "":
		return nil, "", errors.New("--s3-key: is missing")
	}
	secret, err := oneOf("s3-secret", s.S3Secret, s.S3SecretFile)
	if err != nil {
		return nil, "", err
	}
	if secret == "" {
		return nil, "", errors.New("--s3-secret: is missing")
	}
	host := ntfyHost(s.S3Endpoint)
	if s.S3HostStyle {
		name, port, _ := net.SplitHostPort(host)
		host = net.JoinHostPort(s.S3Bucket+"."+name, port)
	}
	dial, err := s.dialer(host)
	if err != nil {
		return nil, "", fmt.Errorf("--s3-endpoint: %w", err)
	}
	return dial.Client(s3Within), secret, nil
}
