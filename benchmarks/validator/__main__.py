"""python -m benchmarks validator [--rounds N]: microseconds of processor time to validate a token.

Measures the validator with a token that it sees for the first time and with one that it verified
before, PyJWT's `decode` with the same requirements and the key already read, and the RS256
signature check alone. Each round measures all of them; ratios are computed within a round.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from benchmarks import report
from benchmarks.plot import bar_chart
from tests.validation.keys.rings import Clock, RealIssuer, at_once
from tests.validation.tokens import AUDIENCE, ISSUER, POLICY, Keys, private_key, signing_key
from tests.validation.tokens import token as issued
from validation.checks.sequence import validate
from validation.keys.key_ring import KeyRing
from validation.validator import Validator

ROUNDS: Final = 21
# Of each kind in a round.
_CALLS: Final = 500
_LIFETIME_SECONDS: Final = 3_600

FIRST: Final = "validator: a token seen for the first time"
REMEMBERED: Final = "validator: a token verified before"
PYJWT: Final = "PyJWT: decode, with the key already read"
SIGNATURE: Final = "the RS256 signature alone"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and save the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks validator", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = _measure(_kinds(), parser.parse_args(arguments).rounds)
    found = {name: statistics.median(taken) for name, taken in rounds.items()}
    ratios = {
        name: statistics.median(
            ours / signature for ours, signature in zip(taken, rounds[SIGNATURE], strict=True)
        )
        for name, taken in rounds.items()
    }
    print(f"{'':<46}{'µs':>8}{'to the signature':>20}")
    for name, taken in found.items():
        print(f"{name:<46}{taken:>8.1f}{ratios[name]:>20.2f}")
    documents = {"microseconds": found, "ratio_to_signature": ratios}
    plot = bar_chart("Processor time to validate a token", found, unit="µs")
    print(f"\nWrote {report.save('validator', documents, plot)}.")
    return 0


def _kinds() -> dict[str, Callable[[], object]]:
    """Return what is measured, by name. Raises ValueError unless each accepts the token."""
    now = int(time.time())
    compact = issued({"iat": now, "nbf": now, "exp": now + _LIFETIME_SECONDS})
    signed, _, encoded = compact.rpartition(".")
    signature = jwt.utils.base64url_decode(encoded)
    public = private_key().public_key()
    keys = Keys(signing_key())
    clock = Clock()
    clock.now = float(now)
    ring = KeyRing(RealIssuer(clock, "current"), clock=clock, start=at_once)
    validator = Validator(lambda _policy: ring, clock=clock)
    if not (validate(compact, POLICY, keys, now).is_accepted and _accepts(validator, compact)):
        raise ValueError("The validator does not accept the token.")
    return {
        FIRST: lambda: validate(compact, POLICY, keys, now),
        REMEMBERED: lambda: validator.verdict(compact, POLICY),
        PYJWT: lambda: jwt.decode(
            compact,
            public,
            algorithms=["RS256"],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "nbf", "iat"]},
        ),
        SIGNATURE: lambda: public.verify(
            signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256()
        ),
    }


def _accepts(validator: Validator, compact: str) -> bool:
    # The first verdict reads the keys; the second one is remembered.
    return all(validator.verdict(compact, POLICY).is_accepted for _ in range(2))


def _measure(kinds: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the microseconds of each kind in each round. The first round fills caches."""
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(rounds + 1):
        for name, call in list(kinds.items())[:: 1 if number % 2 else -1]:
            began = time.process_time()
            for _ in range(_CALLS):
                call()
            taken[name].append((time.process_time() - began) / _CALLS * 1e6)
    return {name: values[1:] for name, values in taken.items()}


if __name__ == "__main__":
    sys.exit(main())
