package router

// Lent, as the type In of [On], [Handle] and their like, are bytes that are the listener's or handler's until it returns, and no longer: then
// the memory is used for what comes next. Bytes to keep are to be copied. For many bytes that is much faster than []byte, which has to be fresh
// memory each time. Nobody else writes to them meanwhile.
type Lent []byte

// lend decodes the only argument, where it lies if possible.
func (r *request) lend() (Lent, error) {
	args := r.args
	if v, ok := args.Value(0); ok {
		if p, ok := v.Binary(); ok {
			r.d.lent = r.d.alone && r.sole
			return p[:len(p):len(p)], nil
		}
	}
	var p []byte
	err := args.Decode(0, &p)
	return p, err
}

// giveBack tells that nobody refers to the packet any more.
func (d *delivery) giveBack() {
	if d.lent && d.session.o.GiveBack != nil {
		d.session.o.GiveBack(d.from)
	}
}
