// dssecheck: verifies a DSSE envelope with go-securesystemslib
// (Debian: golang-go golang-github-secure-systems-lab-go-securesystemslib-dev).
//
//	dssecheck ENVELOPE.json ED25519-PUBLIC-KEY-HEX PAYLOAD-TYPE
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

type key ed25519.PublicKey

func (k key) KeyID() (string, error)   { s := sha256.Sum256(k); return hex.EncodeToString(s[:]), nil }
func (k key) Public() crypto.PublicKey { return ed25519.PublicKey(k) }
func (k key) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(ed25519.PublicKey(k), data, sig) {
		return errors.New("bad signature")
	}
	return nil
}

func main() {
	log.SetFlags(0)
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	pub, err := hex.DecodeString(os.Args[2])
	if err != nil || len(pub) != ed25519.PublicKeySize {
		log.Fatal("FAIL: key is not 32 bytes of hex")
	}
	var e dsse.Envelope
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&e); err != nil {
		log.Fatal("FAIL: ", err)
	}
	v, err := dsse.NewEnvelopeVerifier(key(pub))
	if err != nil {
		log.Fatal(err)
	}
	ok, err := v.Verify(context.Background(), &e)
	if err != nil {
		log.Fatal("FAIL: ", err)
	}
	if e.PayloadType != os.Args[3] {
		log.Fatalf("FAIL: payload type %q", e.PayloadType)
	}
	body, _ := e.DecodeB64Payload()
	fmt.Printf("agrees: keyid %s payload %s\n", ok[0].KeyID, body)
}
