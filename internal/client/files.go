package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Upload brings a file, for a message to come: POST /api/v1/attachments.
func (c *Client) Upload(ctx context.Context, name string, body []byte, with ...Option) (out FileOf, err error) {
	query := url.Values{}
	put(query, "name", name)
	err = c.do(ctx, "POST", "/api/v1/attachments", query, body, &out, with)
	return out, err
}

// Download writes what is at a path of the API, which is no JSON: a file, an export.
func (c *Client) Download(ctx context.Context, path string, query url.Values, to io.Writer) error {
	asked := call{head: http.Header{"Accept": {"*/*"}}}
	res, err := c.ask(ctx, "GET", path, query, nil, &asked, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(res.Body, longest))
		if err != nil {
			return fmt.Errorf("%w from %s: it broke off: %w", ErrNoAnswer, c.server, because(err))
		}
		return c.read(res, text, nil, nil)
	}
	if _, err := io.Copy(to, res.Body); err != nil {
		return fmt.Errorf("%w from %s: it broke off: %w", ErrNoAnswer, c.server, because(err))
	}
	return nil
}
