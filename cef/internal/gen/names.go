package main

import "strings"

// words that Go writes in capitals.
var initialisms = map[string]string{
	"url": "URL", "urls": "URLs", "id": "ID", "ids": "IDs", "ime": "IME", "pdf": "PDF", "png": "PNG", "jpeg": "JPEG", "dom": "DOM",
	"ssl": "SSL", "html": "HTML", "json": "JSON", "xml": "XML", "uri": "URI", "css": "CSS", "http": "HTTP", "api": "API", "cpu": "CPU", "io": "IO", "csp": "CSP", "cors": "CORS", "oom": "OOM", "js": "JS",
	"gpu": "GPU", "ui": "UI", "ip": "IP", "ips": "IPs", "uid": "UID",
}

// spellings of words that CEF runs together.
var spellings = map[string]string{
	"jsdialog": "JSDialog", "domvisitor": "DOMVisitor", "domdocument": "DOMDocument", "domnode": "DOMNode", "sslinfo": "SSLInfo",
	"sslstatus": "SSLStatus", "urlrequest": "URLRequest", "urlparts": "URLParts", "urlchange": "URLChange", "errorcode": "ErrorCode",
	"resultcode": "ResultCode", "basetime": "BaseTime", "propertyattribute": "PropertyAttribute", "postdataelement": "PostDataElement",
	"bykey": "ByKey", "byindex": "ByIndex", "byname": "ByName", "byqname": "ByQName", "bylname": "ByLName", "urlfrom": "URLFrom",
	"derencoded": "DEREncoded", "pemencoded": "PEMEncoded", "derencode": "DEREncode", "xcoord": "XCoord", "ycoord": "YCoord",
	"uriencode": "URIEncode", "uridecode": "URIDecode", "http200": "HTTP200", "alls": "All",
}

func camel(snake string) string {
	var b strings.Builder
	for _, w := range strings.Split(strings.Trim(snake, "_"), "_") {
		switch {
		case w == "":
		case initialisms[w] != "":
			b.WriteString(initialisms[w])
		case spellings[w] != "":
			b.WriteString(spellings[w])
		default:
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
	}
	return b.String()
}

// goType is the Go name of a C struct or enum: cef_life_span_handler_t is LifeSpanHandler.
func goType(c string) string { return camel(short(c)) }

func short(c string) string { return strings.TrimSuffix(strings.TrimPrefix(c, "cef_"), "_t") }

// reserved are words that cannot or should not name a parameter.
var reserved = map[string]string{
	"type": "typ", "func": "fn", "range": "rng", "map": "m", "select": "sel", "default": "def", "interface": "iface", "package": "pkg",
	"var": "v", "string": "str", "len": "length", "copy": "cpy", "error": "err", "unsafe": "unsafety", "o": "obj", "r": "res",
}

func goParam(c string) string {
	n := camel(c)
	if n == strings.ToUpper(n) {
		n = strings.ToLower(n)
	} else {
		i := 1
		for i < len(n)-1 && n[i] >= 'A' && n[i] <= 'Z' && n[i+1] >= 'A' && n[i+1] <= 'Z' {
			i++
		}
		if i > 1 {
			n = strings.ToLower(n[:i]) + n[i:]
		} else {
			n = strings.ToLower(n[:1]) + n[1:]
		}
	}
	if r, ok := reserved[n]; ok {
		return r
	}
	return n
}

// enumNames gives the enumerators of e their Go names: the words they share are replaced by the type's name.
func enumNames(e *enum) []string {
	prefix := ""
	if len(e.Values) > 1 {
		prefix = e.Values[0].Name
		for _, v := range e.Values[1:] {
			for !strings.HasPrefix(v.Name, prefix) {
				prefix = prefix[:len(prefix)-1]
			}
		}
		if i := strings.LastIndex(prefix, "_"); i >= 0 {
			prefix = prefix[:i+1]
		} else {
			prefix = ""
		}
	}
	names := make([]string, len(e.Values))
	for i, v := range e.Values {
		rest := strings.ToLower(strings.TrimPrefix(v.Name, prefix))
		if prefix == "" {
			rest = strings.TrimPrefix(rest, "cef_")
		}
		names[i] = goType(e.Name) + camel(rest)
	}
	return names
}

// methodName is the Go name of a library object's method. Go reserves the name Seek for another signature.
func methodName(c string) string {
	if c == "seek" {
		return "SeekTo"
	}
	return camel(c)
}
