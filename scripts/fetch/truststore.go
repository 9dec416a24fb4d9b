package fetch

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"unicode/utf16"
)

// systemBundles are where Linux distributions keep the certificates that the machine trusts, in one file.
var systemBundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
}

// trustStorePassword guards nothing: the store holds public certificates. Java wants one.
const trustStorePassword = "changeit"

// writeTrustStore writes the certificates that the machine trusts as a Java key store. Java keeps a list of its own, which knows
// nothing of, say, a company's proxy that was added to the machine's.
func writeTrustStore(file string, bundles []string) error {
	var certificates [][]byte
	for _, bundle := range bundles {
		rest, err := os.ReadFile(bundle)
		if err != nil {
			continue
		}
		for {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			if block.Type == "CERTIFICATE" {
				certificates = append(certificates, block.Bytes)
			}
		}
		if len(certificates) > 0 {
			return os.WriteFile(file, javaKeyStore(certificates), 0o600)
		}
	}
	return errors.New("no list of trusted certificates on this machine")
}

// javaKeyStore encodes trusted certificates in the format "JKS": a header, the entries, and a SHA-1 over password, a phrase and all.
func javaKeyStore(certificates [][]byte) []byte {
	var out bytes.Buffer
	put := func(v any) { _ = binary.Write(&out, binary.BigEndian, v) } // to memory
	text := func(s string) {
		put(uint16(len(s)))
		out.WriteString(s)
	}
	put(uint32(0xfeedfeed))
	put(uint32(2)) // version
	put(uint32(len(certificates)))
	for i, c := range certificates {
		put(uint32(2)) // a trusted certificate
		text(fmt.Sprintf("ca%d", i))
		put(uint64(0)) // made at
		text("X.509")
		put(uint32(len(c)))
		out.Write(c)
	}
	h := sha1.New()
	_ = binary.Write(h, binary.BigEndian, utf16.Encode([]rune(trustStorePassword)))
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(out.Bytes())
	return h.Sum(out.Bytes())
}
