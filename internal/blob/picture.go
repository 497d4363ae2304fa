package blob

import (
	"encoding/binary"
	"errors"
	"image"
	"image/draw"
)

// scaled is an image none of whose sides is longer than most: each pixel is the mean of
// those that it stands for.
func scaled(img image.Image, most int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if w <= most && h <= most {
		return img
	}
	nw, nh := most, max(1, h*most/w)
	if h > w {
		nw, nh = max(1, w*most/h), most
	}
	out := image.NewRGBA(image.Rect(0, 0, nw, nh))
	// A band of the image at a time: what is decoded may be in any form, and is large.
	for y := range nh {
		top, bottom := y*h/nh, max((y+1)*h/nh, y*h/nh+1)
		band := image.NewRGBA(image.Rect(0, 0, w, bottom-top))
		draw.Draw(band, band.Bounds(), img, image.Pt(b.Min.X, b.Min.Y+top), draw.Src)
		for x := range nw {
			mean(out.Pix[out.PixOffset(x, y):][:4], band, x*w/nw, max((x+1)*w/nw, x*w/nw+1))
		}
	}
	return out
}

// mean is the mean colour of a band's columns from left to right.
func mean(pixel []uint8, band *image.RGBA, left, right int) {
	var sum [4]uint
	n := uint(band.Rect.Dy() * (right - left))
	for y := range band.Rect.Dy() {
		for row := band.Pix[y*band.Stride+4*left : y*band.Stride+4*right]; len(row) >= 4; row = row[4:] {
			for i := range sum {
				sum[i] += uint(row[i])
			}
		}
	}
	for i := range sum {
		pixel[i] = uint8(sum[i] / n)
	}
}

// turned turns an image the way its camera was held: EXIF's orientation, 1 to 8. What
// says so is lost with the other metadata.
func turned(img image.Image, how int) image.Image {
	if how < 2 || how > 8 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	src := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(src, src.Bounds(), img, b.Min, draw.Src)
	nw, nh := w, h
	if how >= 5 {
		nw, nh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, nw, nh))
	for y := range nh {
		for x := range nw {
			sx, sy := x, y
			switch how {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, h-1-x
			case 7:
				sx, sy = w-1-y, h-1-x
			case 8:
				sx, sy = w-1-y, x
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], src.Pix[src.PixOffset(sx, sy):][:4])
		}
	}
	return out
}

// orientation is what EXIF says in a JPEG; 1 when it says nothing that we understand.
func orientation(raw []byte) int {
	for p := 2; p+4 <= len(raw) && raw[p] == 0xff; {
		size := int(binary.BigEndian.Uint16(raw[p+2:]))
		if raw[p+1] == 0xda || size < 2 || p+2+size > len(raw) {
			return 1
		}
		body := raw[p+4 : p+2+size]
		if raw[p+1] == 0xe1 && len(body) > 14 && string(body[:6]) == "Exif\x00\x00" {
			return tiffOrientation(body[6:])
		}
		p += 2 + size
	}
	return 1
}

func tiffOrientation(t []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if string(t[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(t[4:]))
	if at+2 > uint64(len(t)) {
		return 1
	}
	entries := t[at+2:]
	for range order.Uint16(t[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x0112 {
			if how := int(order.Uint16(entries[8:])); how >= 1 && how <= 8 {
				return how
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// gifFrames is how many pixels all frames of a GIF have, by their heads alone: a file of
// a few kilobytes may ask for gigabytes.
func gifFrames(raw []byte) (pixels int, err error) {
	broken := errors.New("a broken GIF")
	if len(raw) < 13 {
		return 0, broken
	}
	p := 13
	if raw[10]&0x80 != 0 {
		p += 3 << (raw[10]&7 + 1)
	}
	for p < len(raw) && pixels <= mostPixels {
		switch raw[p] {
		case ';':
			return pixels, nil
		case '!':
			p += 2
		case ',':
			if p+10 > len(raw) {
				return 0, broken
			}
			pixels += int(binary.LittleEndian.Uint16(raw[p+5:])) * int(binary.LittleEndian.Uint16(raw[p+7:]))
			flags := raw[p+9]
			if p += 11; flags&0x80 != 0 {
				p += 3 << (flags&7 + 1)
			}
		default:
			return 0, broken
		}
		for p < len(raw) && raw[p] != 0 {
			p += int(raw[p]) + 1
		}
		p++
	}
	return pixels, nil
}
