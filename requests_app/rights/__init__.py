"""The rights that can be used here: what each asks, what follows from its proof, and the words in which it is offered.

One module for each, found by `requests_app.apps`. A right that is not registered is not offered, and can't be filed.
"""

from __future__ import annotations

from requests_app.rights.registry import Asked, Right, all_rights, choices_of, chosen_in_words, register, right_for

__all__ = ["Asked", "Right", "all_rights", "choices_of", "chosen_in_words", "register", "right_for"]
