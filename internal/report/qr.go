package report

import (
	"fmt"
	"net/http"
	"strings"

	"rsc.io/qr"
)

// code is the address of a form as a QR code, to be printed and hung up.
func (d *Desk) code(w http.ResponseWriter, r *http.Request) {
	f, err := d.form(r)
	if err != nil {
		d.fault(w, r, err)
		return
	}
	picture, err := drawn(d.public + "/report/" + string(f.ID) + practised(r).query())
	if err != nil {
		d.fault(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("X-Content-Type-Options", "nosniff")
	w.Write([]byte(picture))
}

const quiet = 4 // modules around the code, as readers want them

// drawn is a text as a QR code: dark on white, whatever the colours around it are.
func drawn(text string) (string, error) {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("report: QR code: %w", err)
	}
	side := c.Size + 2*quiet
	var path strings.Builder
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			n := 0
			for x+n < c.Size && c.Black(x+n, y) {
				n++
			}
			if n > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, n, n)
				x += n
			}
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`,
		side, side, side*8, side*8, side, side, path.String()), nil
}
