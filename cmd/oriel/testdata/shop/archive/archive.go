// Package archive has a Note as package catalog has one, and a Date that is none.
package archive

import "github.com/oriel-go/oriel/cmd/oriel/testdata/shop/catalog"

// Note was about an item.
type Note struct {
	Text string `json:"text"`
	On   Date   `json:"on"`
}

// Date is a day.
type Date struct {
	Year, Month, Day int
}

// Pawned is another status.
const Pawned catalog.Status = "pawned"
