package blob

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

// photo is a JPEG whose left half is red and whose right half is blue, with EXIF that says
// how the camera was held and where it was.
func photo(t testing.TB, w, h, orientation int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{200, 0, 0, 255}
			if x >= w/2 {
				c = color.RGBA{0, 0, 200, 255}
			}
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	tiff := append([]byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"), 0, byte(orientation), 0, 0, 0, 0, 0, 0)
	tiff = append(tiff, "GPS 50.0755 N 14.4378 E"...)
	exif := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(exif)+2))
	return append(append(head, exif...), b.Bytes()[2:]...)
}

func decoded(t *testing.T, raw []byte) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// A photo loses where it was taken, and stands as its camera was held.
func TestPhotoIsWashed(t *testing.T) {
	for how, want := range map[int][2]int{1: {80, 40}, 3: {80, 40}, 6: {40, 80}, 8: {40, 80}, 0: {80, 40}, 77: {80, 40}} {
		c, err := Wash(`C:\fakepath\IMG_1.jpg`, photo(t, 80, 40, how))
		if err != nil {
			t.Fatal(err)
		}
		if !c.Image || c.Type != "image/jpeg" || c.Name != "IMG_1.jpg" || c.Width != want[0] || c.Height != want[1] || c.Small != nil {
			t.Errorf("%d: %q %s, %d x %d", how, c.Name, c.Type, c.Width, c.Height)
		}
		if bytes.Contains(c.Body, []byte("GPS")) || bytes.Contains(c.Body, []byte("Exif")) {
			t.Errorf("%d: it says where it was taken", how)
		}
		// Where the red half is after it was turned.
		red := map[int]image.Point{1: {5, 20}, 3: {75, 20}, 6: {20, 5}, 8: {20, 75}, 0: {5, 20}, 77: {5, 20}}[how]
		if r, _, b, _ := decoded(t, c.Body).At(red.X, red.Y).RGBA(); r < 0x8000 || b > 0x4000 {
			t.Errorf("%d: it is turned the wrong way", how)
		}
	}
}

func TestLargePhotoHasASmallOne(t *testing.T) {
	c, err := Wash("p.jpg", photo(t, 5000, 1000, 6))
	if err != nil {
		t.Fatal(err)
	}
	small := decoded(t, c.Small).Bounds()
	if c.Width != 819 || c.Height != 4096 || small.Dy() != 640 || small.Dx() != 127 || len(c.Small) >= len(c.Body) {
		t.Errorf("%d x %d, small %v", c.Width, c.Height, small)
	}
}

// Whatever hides in or behind an image is not kept.
func TestNothingHides(t *testing.T) {
	var p, g bytes.Buffer
	img := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.Transparent})
	if err := png.Encode(&p, img); err != nil {
		t.Fatal(err)
	}
	if err := gif.EncodeAll(&g, &gif.GIF{Image: []*image.Paletted{img, img, img}, Delay: []int{1, 2, 3}}); err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"png": p.Bytes(), "gif": g.Bytes(), "jpeg": photo(t, 20, 20, 1)} {
		c, err := Wash("x", append(bytes.Clone(raw), "PK\x03\x04<script>alert(1)</script>"...))
		if err != nil || !c.Image || bytes.Contains(c.Body, []byte("script")) {
			t.Errorf("%s: %v, image %v, %d bytes", name, err, c.Image, len(c.Body))
		}
		if all, err := gif.DecodeAll(bytes.NewReader(c.Body)); name == "gif" && (err != nil || len(all.Image) != 3 || all.Delay[2] != 3) {
			t.Errorf("the frames of a GIF: %v", err)
		}
	}
}

// What is no image that we encode is only ever given away.
func TestOnlyDownloads(t *testing.T) {
	huge := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), 0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 6, 0, 0, 0, 0, 0, 0, 0)
	frames := []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00" + strings.Repeat(",\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x00", 100) + ";")
	for want, raw := range map[string][]byte{
		"text/html":       []byte("<html><script>alert(1)</script>"),
		"text/xml":        []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		"application/pdf": []byte("%PDF-1.7 hello"),
		"text/plain":      []byte("a log\nof lines"),
		"image/webp":      []byte("RIFF\x00\x00\x00\x00WEBPVP8 "),
		"image/jpeg":      []byte("\xff\xd8\xff\xe0 no photo"),
		"image/png":       huge,
		"image/gif":       frames,
	} {
		c, err := Wash("evil.png", raw)
		if err != nil || c.Image || c.Type != want || !bytes.Equal(c.Body, raw) {
			t.Errorf("%s: %v, %s, image %v", want, err, c.Type, c.Image)
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, MaxSize+1)} {
		if _, err := Wash("x", bad); err == nil || !strings.HasPrefix(err.Error(), "file: ") {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"": "file", "..": "file", "/": "file", "../../etc/passwd": "passwd", `a\b.txt`: "b.txt", "exe\u202egnp.sh": "exegnp.sh", "a\x00b\n.txt": "ab.txt",
		`"q".pdf`: "q.pdf", "  spaced out.doc ": "spaced out.doc", strings.Repeat("é", 300) + ".jpeg": strings.Repeat("é", 115) + ".jpeg", "\xff.txt": "txt",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// Whatever comes: no panic, what is shown can be decoded, and nothing is larger than it
// may be.
func FuzzWash(f *testing.F) {
	f.Add("a.jpg", photo(f, 8, 8, 6))
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 3)))
	f.Add("b.png", b.Bytes())
	f.Add("c.gif", []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	f.Add("d.svg", []byte("<svg/>"))
	f.Fuzz(func(t *testing.T, name string, raw []byte) {
		if len(raw) > 1<<16 {
			return
		}
		if c, _, err := image.DecodeConfig(bytes.NewReader(raw)); err == nil && c.Width*c.Height > 1<<20 {
			return // only slow
		}
		c, err := Wash(name, raw)
		if err != nil {
			return
		}
		if c.Image {
			if _, kind, err := image.Decode(bytes.NewReader(c.Body)); err != nil || "image/"+kind != c.Type {
				t.Fatalf("%s is shown, and is %s: %v", c.Type, kind, err)
			}
		}
		if c.Name == "" || strings.ContainsAny(c.Name, "/\\\"\n\x00") || len(c.Body) > MaxSize {
			t.Fatalf("%q, %d bytes", c.Name, len(c.Body))
		}
	})
}
