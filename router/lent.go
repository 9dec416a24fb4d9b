package router

import "slices"

// Lent, as the type In of [On], [Handle] and their like, are bytes that are the listener's or handler's until it returns, and no longer: then
// the memory is used for what comes next. Bytes to keep are to be copied. For many bytes that is much faster than []byte, which has to be fresh
// memory each time. Nobody else writes to them meanwhile.
type Lent []byte

// lend decodes the only argument, where it lies if nobody else sees it there, and begins.
func (r *request) lend(into *Lent) error {
	args, lies := r.args, false
	if r.asked() || r.sole {
		if v, ok := args.Value(0); ok {
			*into, lies = v.Binary()
			*into = slices.Clip(*into)
		}
	}
	if !lies {
		if err := args.Decode(0, into); err != nil {
			return badArgument(err)
		}
	}
	if err := r.begin(); err != nil {
		return err
	}
	if lies {
		r.d.lent = r.d.alone && r.sole
	}
	return nil
}

// giveBack tells that nobody refers to the packet any more.
func (d *delivery) giveBack() {
	if d.lent && d.session.o.GiveBack != nil {
		d.session.o.GiveBack(d.from)
	}
}
