package index

// Checksums of FLAC (RFC 9639 sections 9.1.8 and 9.3) and Ogg (RFC 3533 section 6).
// All three begin with zero and are not inverted, so data followed by its
// checksum, most significant byte first, gives zero.
var (
	crc8Table  = makeCRC8()
	crc16Table = makeCRC16()
	crc32Table = makeCRC32()
)

func makeCRC8() (t [256]byte) {
	for i := range t {
		c := byte(i)
		for range 8 {
			if c&0x80 != 0 {
				c = c<<1 ^ 0x07
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}

func makeCRC16() (t [8][256]uint16) {
	for i := range 256 {
		c := uint16(i) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x8005
			} else {
				c <<= 1
			}
		}
		t[0][i] = c
	}
	for k := 1; k < 8; k++ { // t[k][i] is t[0][i] with k zero bytes after it
		for i := range 256 {
			c := t[k-1][i]
			t[k][i] = c<<8 ^ t[0][c>>8]
		}
	}
	return t
}

func makeCRC32() (t [8][256]uint32) {
	for i := range 256 {
		c := uint32(i) << 24
		for range 8 {
			if c&0x80000000 != 0 {
				c = c<<1 ^ 0x04c11db7
			} else {
				c <<= 1
			}
		}
		t[0][i] = c
	}
	for k := 1; k < 8; k++ {
		for i := range 256 {
			c := t[k-1][i]
			t[k][i] = c<<8 ^ t[0][c>>24]
		}
	}
	return t
}

func crc8(b []byte) (c byte) {
	for _, x := range b {
		c = crc8Table[c^x]
	}
	return c
}

func crc16(c uint16, b []byte) uint16 {
	for len(b) >= 8 {
		c = crc16Table[7][b[0]^byte(c>>8)] ^ crc16Table[6][b[1]^byte(c)] ^
			crc16Table[5][b[2]] ^ crc16Table[4][b[3]] ^ crc16Table[3][b[4]] ^
			crc16Table[2][b[5]] ^ crc16Table[1][b[6]] ^ crc16Table[0][b[7]]
		b = b[8:]
	}
	for _, x := range b {
		c = c<<8 ^ crc16Table[0][byte(c>>8)^x]
	}
	return c
}

func crc32ogg(c uint32, b []byte) uint32 {
	for len(b) >= 8 {
		c = crc32Table[7][b[0]^byte(c>>24)] ^ crc32Table[6][b[1]^byte(c>>16)] ^
			crc32Table[5][b[2]^byte(c>>8)] ^ crc32Table[4][b[3]^byte(c)] ^
			crc32Table[3][b[4]] ^ crc32Table[2][b[5]] ^ crc32Table[1][b[6]] ^ crc32Table[0][b[7]]
		b = b[8:]
	}
	for _, x := range b {
		c = c<<8 ^ crc32Table[0][byte(c>>24)^x]
	}
	return c
}
