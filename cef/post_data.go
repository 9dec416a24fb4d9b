package cef

import "unsafe"

// Bytes returns a copy of the element's bytes; nil if it holds none or is a file.
func (o *PostDataElement) Bytes() []byte {
	n := o.GetBytesCount()
	if n <= 0 {
		return nil
	}
	b := make([]byte, n)
	return b[:o.GetBytes(n, unsafe.Pointer(unsafe.SliceData(b)))]
}

// Elements returns the parts of the body in order. The caller must Release each.
func (o *PostData) Elements() []*PostDataElement {
	elements := make([]*PostDataElement, o.GetElementCount())
	o.GetElements(&elements)
	return elements
}
