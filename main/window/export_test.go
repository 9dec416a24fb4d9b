package window

// Token returns what a process that has been taken over knows.
func (w *Window) Token() string { return w.token }

// MaxRings is how many documents of a window have rings.
const MaxRings = maxRings
