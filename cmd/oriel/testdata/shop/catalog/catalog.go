// Package catalog has types that other packages have too.
package catalog

// ID is an item's, for ever.
type ID string

// Status says whether an item can be had.
type Status string

// What an item can be.
const (
	Available Status = "available"
	Sold      Status = "sold"
	Lost      Status = "it's lost"
)

// Level is a number with names.
type Level int

// Levels.
const (
	Low Level = iota
	Middle
	High
)

// Rights are flags: a number, not one of three.
type Rights uint8

// The rights.
const (
	Read Rights = 1 << iota
	Write
)

// Page is a part of a list.
type Page[T any] struct {
	// Rows are in the order of the list.
	Rows []T  `json:"rows"`
	Next *int `json:"next"` // where the next page begins
}

// An Item is for sale.
type Item struct {
	Name   string         `json:"name"`
	Status Status         `json:"status"`
	Parts  List[Item]     `json:"parts"`
	Labels map[string]any `json:"labels,omitempty"`
}

// List is a slice with a name.
type List[T any] []T

// A Note is about an item.
type Note struct {
	Text string `json:"text"`
}
