#!/usr/bin/env python3
"""sdjwt_check.py PUBLIC.json DISCLOSURES.txt: check an entry's `public` member as claims of an SD-JWT.

PyPI sd-jwt verifies the SD-JWT and prints the opened claims as JSON: an independent implementation of RFC 9901's
digests. An entry is no JWT, so this program makes the token around the claims and signs it with a throw-away key.
"""

import json
import sys
from pathlib import Path

from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.verifier import SDJWTVerifier

claims = json.loads(Path(sys.argv[1]).read_bytes()) | {"iss": "ledger.example", "_sd_alg": "sha-256"}
disclosures = Path(sys.argv[2]).read_text(encoding="ascii").split()
key = JWK.generate(kty="OKP", crv="Ed25519")
token = JWS(json.dumps(claims))
token.add_signature(key, alg="EdDSA", protected=json.dumps({"alg": "EdDSA", "typ": "example+sd-jwt"}))
presentation = "~".join([token.serialize(compact=True), *disclosures, ""])
opened = SDJWTVerifier(presentation, lambda issuer, header: JWK.from_json(key.export_public())).get_verified_payload()
del opened["iss"]
print(json.dumps(opened, sort_keys=True))
