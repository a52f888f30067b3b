"""hi1_check.py SCHEMAS MESSAGE...: check HI-1 messages against ETSI's own JSON schemas; exit 0 if all are valid."""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

schemas = {s["$id"]: s for s in (json.loads(p.read_text()) for p in sorted(Path(sys.argv[1]).glob("*.schema.json")))}
registry = Registry().with_resources((i, Resource(s, DRAFT202012)) for i, s in schemas.items())
validator = Draft202012Validator(schemas["ts_103120_Core_2019_10"], registry=registry)
wrong = 0
for name in sys.argv[2:]:
    for error in validator.iter_errors(json.loads(Path(name).read_text())):
        wrong += 1
        print(name, error.json_path, error.message[:200])
        for context in error.context or ():
            print("   ", context.json_path, context.message[:160])
print(f"{wrong} errors in {len(sys.argv) - 2} messages")
sys.exit(bool(wrong))
