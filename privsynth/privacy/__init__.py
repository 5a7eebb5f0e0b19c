"""Formal privacy claims. Only their absence exists so far: no generator here claims one yet."""

from privsynth.privacy.claim import Claim, NoClaim

__all__ = ["Claim", "NoClaim"]
