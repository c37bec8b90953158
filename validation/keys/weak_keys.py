"""Recognises RSA keys with the ROCA weakness (CVE-2017-15361).

Source: Nemec and others, "The Return of Coppersmith's Attack" (2017), section 2. The affected
library chose primes of the form k * M + (65537 ** a mod M), M being a product of small primes. So
modulo each of those, the modulus of such a key is a power of 65537; a random one is so with a
probability below 2 ** -27 over the primes below.
"""

from __future__ import annotations

from typing import Final

_GENERATOR: Final = 65537
_LARGEST_PRIME: Final = 167


def is_roca(modulus: int) -> bool:
    """Return whether the modulus has the form that the affected library produced."""
    return all(modulus % prime in powers for prime, powers in _POWERS.items())


def _powers(prime: int) -> frozenset[int]:
    found = {1}
    value = _GENERATOR % prime
    while value not in found:
        found.add(value)
        value = value * _GENERATOR % prime
    return frozenset(found)


_POWERS: Final = {
    number: _powers(number)
    for number in range(3, _LARGEST_PRIME + 1)
    if all(number % divisor for divisor in range(2, int(number**0.5) + 1))
}
