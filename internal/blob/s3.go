package blob

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// S3 is a bin in an S3-compatible store. Only three requests are made: to put, get and
// delete an object, each signed by AWS Signature Version 4. What the store says of our
// bytes is not believed: they are sealed.
type S3 struct {
	o    S3Options
	base *url.URL
}

// S3Options say where the store is, and as whom we come.
type S3Options struct {
	Endpoint  string // "https://s3.eu-central-1.amazonaws.com"
	Bucket    string
	Prefix    string // before the names of our objects
	Region    string // "us-east-1" without
	KeyID     string
	Secret    string
	HostStyle bool // the bucket stands in the host, not in the path
	Client    *http.Client
	Now       func() time.Time
}

const s3Body = 1 << 16 // of an answer that says what went wrong

// NewS3 checks the options.
func NewS3(o S3Options) (*S3, error) {
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil:
		return nil, fmt.Errorf("%q is not a URL such as https://s3.example.org", o.Endpoint)
	case o.Bucket == "" || strings.Contains(o.Bucket, "/"):
		return nil, errors.New("a bucket is needed")
	case o.KeyID == "" || o.Secret == "":
		return nil, errors.New("an access key and its secret are needed")
	case o.Client == nil:
		return nil, errors.New("a client is needed")
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	u.Path = strings.TrimRight(u.Path, "/")
	if o.HostStyle {
		u.Host = o.Bucket + "." + u.Host
	} else {
		u.Path += "/" + o.Bucket
	}
	return &S3{o: o, base: u}, nil
}

// Put writes an object.
func (s *S3) Put(ctx context.Context, name string, sealed []byte) error {
	_, err := s.do(ctx, "PUT", name, sealed)
	return err
}

// Take reads one.
func (s *S3) Take(ctx context.Context, name string) ([]byte, error) {
	return s.do(ctx, "GET", name, nil)
}

// Drop deletes one.
func (s *S3) Drop(ctx context.Context, name string) error {
	_, err := s.do(ctx, "DELETE", name, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (s *S3) do(ctx context.Context, method, name string, body []byte) ([]byte, error) {
	u := *s.base
	u.Path += "/" + s.o.Prefix + name
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	sign(r, body, s.o.KeyID, s.o.Secret, s.o.Region, s.o.Now())
	res, err := s.o.Client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 == 2 {
		got, err := io.ReadAll(io.LimitReader(res.Body, 2*MaxSize))
		if err != nil {
			return nil, fmt.Errorf("s3: %w", err)
		}
		return got, nil
	}
	said, _ := io.ReadAll(io.LimitReader(res.Body, s3Body))
	var fault struct{ Code, Message string }
	_ = xml.Unmarshal(said, &fault) // some say nothing, or something else
	if res.StatusCode == http.StatusNotFound && fault.Code != "NoSuchBucket" {
		return nil, fs.ErrNotExist
	}
	return nil, fmt.Errorf("s3: %s %s: %s %s", method, name, res.Status, strings.TrimSpace(fault.Code+" "+fault.Message))
}

const (
	signing = "AWS4-HMAC-SHA256"
	stamp   = "20060102T150405Z"
)

// sign signs a request with all its headers.
func sign(r *http.Request, body []byte, id, key, region string, now time.Time) {
	now = now.UTC()
	sum := sha256.Sum256(body)
	r.Header.Set("X-Amz-Date", now.Format(stamp))
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	scope := strings.Join([]string{now.Format("20060102"), region, "s3", "aws4_request"}, "/")
	canonical, names := canonical(r)
	digest := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{signing, now.Format(stamp), scope, hex.EncodeToString(digest[:])}, "\n")
	at := []byte("AWS4" + key)
	for _, part := range append(strings.Split(scope, "/"), text) {
		at = mac(at, part)
	}
	r.Header.Set("Authorization", fmt.Sprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", signing, id, scope, names, hex.EncodeToString(at)))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return h.Sum(nil)
}

// canonical is a request as both sides write it down before they sign it.
func canonical(r *http.Request) (text, names string) {
	heads := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		if name != "Authorization" {
			heads[strings.ToLower(name)] = strings.TrimSpace(strings.Join(values, ","))
		}
	}
	var all []string
	for name := range heads {
		all = append(all, name)
	}
	slices.Sort(all)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n", r.Method, escaped(r.URL.Path), r.URL.Query().Encode())
	for _, name := range all {
		fmt.Fprintf(&b, "%s:%s\n", name, heads[name])
	}
	names = strings.Join(all, ";")
	fmt.Fprintf(&b, "\n%s\n%s", names, r.Header.Get("X-Amz-Content-Sha256"))
	return b.String(), names
}

// escaped is a path with all but the unreserved characters and slashes in per cent.
func escaped(path string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		if c == '/' || c == '-' || c == '.' || c == '_' || c == '~' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
