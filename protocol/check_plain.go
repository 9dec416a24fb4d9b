package protocol

// plain steps over what nearly every value is made of, within an array or an object: numbers, null, booleans, short strings, and arrays and
// objects of less than 16. It returns the new depth. It stops before anything else, also before what is wrong.
func (w *walker) plain(depth int) int {
	base, top := depth, &w.stack[depth-1]
	end, left, isMap := top.end, top.left, top.kind == inMap
	b, pos, budget := w.b[:end], w.pos, w.budget
	for pos < len(b) && budget > 0 {
		if left == 0 {
			if depth == base {
				break
			}
			depth--
			top = &w.stack[depth-1]
			left, isMap = top.left, top.kind == inMap
			continue
		}
		c := b[pos]
		isKey := isMap && left&1 == 0
		if next := pos + int(plainLen[c]); next > pos {
			if isKey && c&0xe0 != 0xa0 || next > len(b) {
				break
			}
			pos = next
			left--
			budget--
			continue
		}
		n, kind := uint32(c&0xf), inArray
		if c < 0x90 {
			n, kind = 2*n, inMap
		}
		if c&0xe0 != 0x80 || isKey || int(n) > len(b)-pos-1 || depth+w.base == MaxDepth || w.offsets != nil {
			break
		}
		pos++
		budget--
		w.count++
		top.left = left - 1
		top = &w.stack[depth]
		*top = level{end: end, kind: kind}
		depth++
		left, isMap = n, kind == inMap
	}
	top.left = left
	w.pos, w.budget = pos, budget
	return depth
}

// plainLen is the length of an item by its code, where that says it all; else 0.
var plainLen = func() (table [256]uint8) {
	for c := range table {
		switch {
		case c < 0x80, c >= 0xe0, c == 0xc0, c == 0xc2, c == 0xc3:
			table[c] = 1
		case c >= 0xa0 && c < 0xc0:
			table[c] = uint8(1 + c&0x1f)
		case c >= 0xca && c < 0xd4:
			table[c] = headLen[c-0xc0]
		}
	}
	return table
}()
