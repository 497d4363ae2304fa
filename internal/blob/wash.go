package blob

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"tocsin/incident"
)

const (
	// mostPixels are decoded; a small file may claim any size. The worst of them need 8 to
	// 13 bytes each (PNG of 16 bits, progressive JPEG), the server then some 400 MB: forms take photos from
	// anybody, and what is to page people must not die of one.
	mostPixels = 25_000_000
	longest    = 4096 // pixels of a side of what is kept
	smallSide  = 640  // and of a small picture
	quality    = 85   // of JPEG
	maxName    = 120  // runes
)

// Clean is what somebody brought, as it is kept.
type Clean struct {
	Name          string
	Type          string // as it was sniffed: "image/png", "application/pdf", ...
	Image         bool   // encoded by us: it may be shown
	Body          []byte
	Small         []byte // a small picture of an image that is not small itself: JPEG or PNG
	Width, Height int    // of an image
}

// Wash makes what somebody brought fit to be kept. What is no image that Go encodes, or
// is a broken one or one too large, stays as it is: it is never shown, only given away.
func Wash(name string, raw []byte) (Clean, error) {
	switch {
	case len(raw) == 0:
		return Clean{}, incident.Refuse("file: it is empty")
	case len(raw) > MaxSize:
		return Clean{}, incident.Refuse("file: it is larger than %d MB", MaxSize>>20)
	}
	sniffed, _, err := mime.ParseMediaType(http.DetectContentType(raw))
	if err != nil {
		sniffed = "application/octet-stream"
	}
	c := Clean{Name: cleanName(name), Type: sniffed, Body: raw}
	encode := map[string]func(*Clean, []byte) error{"image/jpeg": washJPEG, "image/png": washPNG, "image/gif": washGIF}[sniffed]
	if encode == nil {
		return c, nil
	}
	shown := Clean{Name: c.Name, Type: sniffed, Image: true}
	if encode(&shown, raw) != nil || len(shown.Body) > MaxSize {
		return c, nil
	}
	return shown, nil
}

var errLarge = errors.New("too many pixels")

// bounded refuses an image that claims more pixels than we decode.
func bounded(raw []byte) error {
	c, _, err := image.DecodeConfig(bytes.NewReader(raw))
	switch {
	case err != nil:
		return err
	case c.Width <= 0 || c.Height <= 0 || c.Width > mostPixels/c.Height:
		return errLarge
	}
	return nil
}

func washJPEG(c *Clean, raw []byte) error {
	if err := bounded(raw); err != nil {
		return err
	}
	img, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return c.picture(turned(scaled(img, longest), orientation(raw)), asJPEG)
}

func washPNG(c *Clean, raw []byte) error {
	if err := bounded(raw); err != nil {
		return err
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return c.picture(scaled(img, longest), asPNG)
}

// washGIF keeps the frames, if they are not too many.
func washGIF(c *Clean, raw []byte) error {
	if err := bounded(raw); err != nil {
		return err
	}
	if frames, err := gifFrames(raw); err != nil || frames > mostPixels {
		return errors.Join(err, errLarge)
	}
	all, err := gif.DecodeAll(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: all.Image, Delay: all.Delay, LoopCount: all.LoopCount, Disposal: all.Disposal, Config: all.Config, BackgroundIndex: all.BackgroundIndex}); err != nil {
		return err
	}
	c.Body, c.Width, c.Height = b.Bytes(), all.Config.Width, all.Config.Height
	return c.little(all.Image[0], asPNG)
}

type encoder func(*bytes.Buffer, image.Image) error

func asJPEG(b *bytes.Buffer, img image.Image) error {
	return jpeg.Encode(b, img, &jpeg.Options{Quality: quality})
}

func asPNG(b *bytes.Buffer, img image.Image) error { return png.Encode(b, img) }

// picture encodes an image, and a small one of it.
func (c *Clean) picture(img image.Image, as encoder) error {
	var b bytes.Buffer
	if err := as(&b, img); err != nil {
		return err
	}
	c.Body, c.Width, c.Height = b.Bytes(), img.Bounds().Dx(), img.Bounds().Dy()
	return c.little(img, as)
}

func (c *Clean) little(img image.Image, as encoder) error {
	if max(c.Width, c.Height) <= smallSide {
		return nil
	}
	var b bytes.Buffer
	if err := as(&b, scaled(img, smallSide)); err != nil {
		return err
	}
	if b.Len() < len(c.Body) {
		c.Small = b.Bytes()
	}
	return nil
}

// cleanName is the last part of a name, without what could deceive whoever reads it:
// control characters, and those that turn the direction of writing.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"<>|:*?`, r) {
			return -1
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	if n := utf8.RuneCountInString(name); n > maxName {
		runes := []rune(name)
		ext := []rune(path.Ext(name))
		if len(ext) > 12 {
			ext = nil
		}
		name = string(runes[:maxName-len(ext)]) + string(ext)
	}
	if name == "" || name == "/" {
		return "file"
	}
	return name
}
