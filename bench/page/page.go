// Package page holds the page that the raw host and the Oriel app of the bench both load.
package page

import "embed"

// Files are index.html and what it names.
//
//go:embed index.html bench.css bench.js jobs.js
var Files embed.FS
