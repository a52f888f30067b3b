// proofcheck: offline check of a c2sp.org/tlog-proof@v1 file with transparency-dev's Go packages
// (Debian: golang-go golang-golang-x-mod-dev golang-github-transparency-dev-formats-dev
// golang-github-transparency-dev-merkle-dev).
//
//	proofcheck LEAF-FILE PROOF-FILE LOG-VKEY QUORUM [WITNESS-VKEY...]
//
// WITNESS-VKEY is a vkey of type 0x04. QUORUM of them must have cosigned.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	stdlog "log"
	"os"
	"strconv"
	"strings"
	"time"

	flog "github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

func check(err error) {
	if err != nil {
		stdlog.Fatal("FAIL: ", err)
	}
}

// cosigner turns a 0x04 vkey into a verifier: formats of 2025-04 (Debian 13) only reads 0x01 vkeys there.
func cosigner(vkey string) note.Verifier {
	p := strings.SplitN(vkey, "+", 3)
	if len(p) != 3 {
		stdlog.Fatal("FAIL: malformed witness vkey")
	}
	k, err := base64.StdEncoding.DecodeString(p[2])
	check(err)
	if len(k) != 33 || k[0] != 4 {
		stdlog.Fatalf("FAIL: %s is no Ed25519 cosignature key", p[0])
	}
	v1, err := note.NewEd25519VerifierKey(p[0], ed25519.PublicKey(k[1:]))
	check(err)
	v, err := fnote.NewVerifierForCosignatureV1(v1)
	check(err)
	if fmt.Sprintf("%08x", v.KeyHash()) != p[1] {
		stdlog.Fatalf("FAIL: key ID of %s is %08x, not %s", p[0], v.KeyHash(), p[1])
	}
	return v
}

func main() {
	stdlog.SetFlags(0)
	leaf, err := os.ReadFile(os.Args[1])
	check(err)
	raw, err := os.ReadFile(os.Args[2])
	check(err)
	head, cp, ok := bytes.Cut(raw, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !ok || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		stdlog.Fatal("FAIL: not a c2sp.org/tlog-proof@v1 file")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	index, err := strconv.ParseUint(strings.TrimPrefix(lines[0], "index "), 10, 64)
	check(err)
	if lines[0] != fmt.Sprintf("index %d", index) {
		stdlog.Fatal("FAIL: index line is not canonical")
	}
	var path [][]byte
	for _, l := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(l)
		check(err)
		path = append(path, h)
	}

	logV, err := note.NewVerifier(os.Args[3])
	check(err)
	var wit []note.Verifier
	for _, w := range os.Args[5:] {
		wit = append(wit, cosigner(w))
	}
	quorum, err := strconv.Atoi(os.Args[4])
	check(err)
	c, _, n, err := flog.ParseCheckpoint(cp, logV.Name(), logV, wit...)
	check(err)
	var times []string
	for _, s := range n.Sigs {
		if s.Name == logV.Name() && s.Hash == logV.KeyHash() {
			continue
		}
		b, _ := base64.StdEncoding.DecodeString(s.Base64)
		times = append(times, s.Name+"@"+time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0).UTC().Format(time.RFC3339))
	}
	if len(times) < quorum {
		stdlog.Fatalf("FAIL: %d of %d required cosignatures", len(times), quorum)
	}
	check(proof.VerifyInclusion(rfc6962.DefaultHasher, index, c.Size, rfc6962.DefaultHasher.HashLeaf(leaf), path, c.Hash))
	fmt.Printf("agrees: leaf %d of %d in %s, cosigned %s\n", index, c.Size, c.Origin, strings.Join(times, " "))
}
