"""Hashes a password with the C library and the parameters of a PHC string; prints the milliseconds of each hash.

The hash must be the same as the given one, so that both do the same work.
"""

import base64
import sys
import time

from argon2.low_level import Type, hash_secret_raw

password, phc, times = sys.argv[1].encode(), sys.argv[2], int(sys.argv[3])
_, kind, version, parameters, salt, expected = phc.split("$")
assert (kind, version) == ("argon2id", "v=19"), phc
cost = {name: int(value) for name, value in (it.split("=") for it in parameters.split(","))}


def decoded(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))


for _ in range(times):
    started = time.perf_counter()
    made = hash_secret_raw(
        password, decoded(salt), cost["t"], cost["m"], cost["p"], len(decoded(expected)), Type.ID
    )
    print(f"{(time.perf_counter() - started) * 1000:.3f}")
    assert made == decoded(expected), "the hashes differ"
