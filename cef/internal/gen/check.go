package main

import "fmt"

// check refuses a table that the generator's rules do not cover, rather than let it write code that leaks.
func (g *gen) check() error {
	known := map[string]bool{}
	for _, s := range g.t.Structs {
		for _, m := range s.Members {
			known[short(s.Name)+"."+m.Name] = true
		}
		o := g.side[s.Name]
		if o == nil {
			continue
		}
		if o.Side == handler {
			if err := g.checkHandler(s); err != nil {
				return err
			}
			continue
		}
		for _, m := range s.Members {
			if m.Method {
				if err := g.checkCall(g.methodCall(s, m)); err != nil {
					return err
				}
			}
		}
	}
	for _, f := range g.t.Functions {
		if !isByHand(f.Name) {
			if err := g.checkCall(g.functionCall(f)); err != nil {
				return err
			}
		}
	}
	for _, list := range []map[string]bool{trueByDefault, intResults, boolResults} {
		for key := range list {
			if !known[key] {
				return fmt.Errorf("lists.go: the table has no %s", key)
			}
		}
	}
	return nil
}

func (g *gen) checkCall(c call) error {
	if g.plain[c.result] != nil && g.hasText(c.result) {
		return fmt.Errorf("%s: nobody frees the strings in its result", c.member)
	}
	for _, a := range c.args {
		switch {
		case a.kind == object1 && !g.countedName(a.elem):
			return fmt.Errorf("%s: %s has no references to hand over", c.member, a.elem)
		case (a.kind == plains || a.kind == plainValue || a.kind == plainsOut) && g.plain[a.elem] != nil && g.hasText(a.elem):
			return fmt.Errorf("%s: nobody frees the strings in %s", c.member, a.elem)
		case a.kind == objectOut && g.side[a.elem].Side == handler:
			return fmt.Errorf("%s: nothing takes a handler back from %s", c.member, a.name)
		}
	}
	return nil
}

func (g *gen) checkHandler(s *structDef) error {
	cs := g.callbacks(s)
	if len(cs) > 64 {
		return fmt.Errorf("%s: %d callbacks, and the set of those wanted has 64 bits", s.Name, len(cs))
	}
	for _, c := range cs {
		if c.truely && !c.bool {
			return fmt.Errorf("%s.%s: trueByDefault, but no truth value", s.Name, c.m.Name)
		}
		if c.m.Type == "cef_string_userfree_t" || g.plain[c.m.Type] != nil && g.hasText(c.m.Type) {
			return fmt.Errorf("%s.%s: nobody makes the strings in its result", s.Name, c.m.Name)
		}
		for _, a := range c.args {
			if a.kind == objectsOut || a.kind == plainsOut {
				return fmt.Errorf("%s.%s: %s is filled in by no rule", s.Name, c.m.Name, a.name)
			}
		}
	}
	return nil
}
