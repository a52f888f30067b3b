// tlogcheck: offline check of a whole C2SP tile log with nothing but the Go project's x/mod packages
// (Debian: golang-go golang-golang-x-mod-dev).
//
//	tlogcheck DIR LOG-VKEY [OLD-CHECKPOINT]
//
// It opens DIR/checkpoint with note.Open, hashes every entry of every bundle into a tree of its own, compares
// each tile file byte by byte with that tree, compares the root with the signed one, checks inclusion proofs of
// spread leaves read through tlog.TileHashReader, and with OLD-CHECKPOINT the consistency proof from it.
//
// Hashes that TileHashReader returns are not trusted by themselves: up to golang.org/x/mod of 2026-05 its
// ReadHashes leaves some full tiles unchecked when several right-edge subtrees share a tile. Only CheckRecord,
// CheckTree and the full recomputation count here.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type dir string

func (d dir) Height() int                     { return 8 }
func (d dir) SaveTiles([]tlog.Tile, [][]byte) {}
func (d dir) ReadTiles(ts []tlog.Tile) (data [][]byte, err error) {
	for _, t := range ts {
		b, err := os.ReadFile(filepath.Join(string(d), path(t)))
		if err != nil { // a partial tile may be gone once the full one exists
			full := t
			full.W = 256
			if b, err = os.ReadFile(filepath.Join(string(d), path(full))); err != nil {
				return nil, err
			}
			if len(b) != 256*tlog.HashSize {
				return nil, fmt.Errorf("%s: %d bytes", path(full), len(b))
			}
			b = b[:t.W*tlog.HashSize]
		}
		data = append(data, b)
	}
	return data, nil
}

// path drops the tile height that x/mod writes (tile/8/L/N) and renames data to entries.
func path(t tlog.Tile) string {
	p := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
	return strings.Replace(p, "tile/data/", "tile/entries/", 1)
}

func open(file, vkey string) tlog.Tree {
	v, err := note.NewVerifier(vkey)
	check(err)
	raw, err := os.ReadFile(file)
	check(err)
	n, err := note.Open(raw, note.VerifierList(v))
	check(err)
	l := strings.Split(n.Text, "\n")
	if len(l) != 4 || l[3] != "" || l[0] != v.Name() {
		log.Fatalf("FAIL: %s is not a three-line checkpoint of %s", file, v.Name())
	}
	size, err := strconv.ParseInt(l[1], 10, 64)
	check(err)
	if size < 0 || strconv.FormatInt(size, 10) != l[1] {
		log.Fatalf("FAIL: %s: size %q is not canonical", file, l[1])
	}
	h, err := base64.StdEncoding.Strict().DecodeString(l[2])
	check(err)
	if len(h) != tlog.HashSize {
		log.Fatalf("FAIL: %s: root hash of %d bytes", file, len(h))
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(h)}
}

func check(err error) {
	if err != nil {
		log.Fatal("FAIL: ", err)
	}
}

func main() {
	log.SetFlags(0)
	d, vkey := dir(os.Args[1]), os.Args[2]
	tree := open(filepath.Join(string(d), "checkpoint"), vkey)

	var stored []tlog.Hash
	own := tlog.HashReaderFunc(func(idx []int64) (hs []tlog.Hash, err error) {
		for _, i := range idx {
			hs = append(hs, stored[i])
		}
		return hs, nil
	})
	for n := int64(0); n*256 < tree.N; n++ {
		t := tlog.Tile{H: 8, L: -1, N: n, W: int(min(256, tree.N-n*256))}
		b, err := os.ReadFile(filepath.Join(string(d), path(t)))
		check(err)
		for i := 0; i < t.W; i++ {
			if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
				log.Fatalf("FAIL: bundle %d is truncated at entry %d", n, i)
			}
			l := 2 + int(binary.BigEndian.Uint16(b))
			hs, err := tlog.StoredHashes(n*256+int64(i), b[2:l], own)
			check(err)
			stored, b = append(stored, hs...), b[l:]
		}
		if len(b) != 0 {
			log.Fatalf("FAIL: bundle %d has %d bytes after its last entry", n, len(b))
		}
	}
	root, err := tlog.TreeHash(tree.N, own)
	check(err)
	if root != tree.Hash {
		log.Fatalf("FAIL: the entries hash to %s, signed is %s", root, tree.Hash)
	}
	tiles := tlog.NewTiles(8, 0, tree.N)
	for _, t := range tiles {
		want, err := tlog.ReadTileData(t, own)
		check(err)
		got, err := d.ReadTiles([]tlog.Tile{t})
		check(err)
		if !bytes.Equal(got[0], want) {
			log.Fatalf("FAIL: %s does not match the entries", path(t))
		}
	}

	r := tlog.TileHashReader(tree, d)
	proofs := 0
	for i := int64(0); i < tree.N; i += max(1, tree.N/64) {
		p, err := tlog.ProveRecord(tree.N, i, r)
		check(err)
		check(tlog.CheckRecord(p, tree.N, tree.Hash, i, stored[tlog.StoredHashIndex(0, i)]))
		proofs++
	}
	msg := ""
	if len(os.Args) > 3 {
		old := open(os.Args[3], vkey)
		if old.N > tree.N {
			log.Fatalf("FAIL: rollback: %d entries were signed before, now %d", old.N, tree.N)
		}
		if old.N > 0 {
			p, err := tlog.ProveTree(tree.N, old.N, r)
			check(err)
			check(tlog.CheckTree(p, tree.N, tree.Hash, old.N, old.Hash))
		}
		msg = fmt.Sprintf(", consistent with size %d", old.N)
	}
	fmt.Printf("agrees: size %d root %s, %d tiles, %d inclusion proofs%s\n", tree.N, tree.Hash, len(tiles), proofs, msg)
}
