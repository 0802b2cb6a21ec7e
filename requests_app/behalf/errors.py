from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class NotForAnother(PrivacyCenterError):
    """A request for another person that can't be taken; `why` is one of its words below."""

    code = "not_for_another"
    message = _("This can't be asked for somebody else in this way.")
    words = {
        "kind": _("This right can be used for somebody else only after a word with us. Ask us a question instead."),
        "own_address": _("This is your own address. Give the one by which we know the person you ask for."),
        "no_address": _("Give the address by which we know the person: we ask them there whether you may act for them."),
        "known_by_nothing": _("Give their address, or something else that we may know them by."),
        "no_birthday": _("Give the day on which the child was born."),
        "not_born": _("This day lies ahead of us."),
        "of_age": _("This person is of age, so they ask themselves. They can also ask you to act for them: choose that instead."),
        "capacity": _("Say what lets you ask for this person."),
    }

    def __init__(self, why: str) -> None:
        super().__init__(self.words[why])
        self.why = why


ACCOUNT_WHYS = frozenset({"account_active", "account_used"})


class NotReady(PrivacyCenterError):
    """Staff can't accept it yet; `why` is one of its words below."""

    code = "not_ready"
    message = _("This can't be accepted yet.")
    words = {
        "ended": _("The authority to ask for this person has ended."),
        "unsent": _("No document has come yet."),
        "unconfirmed": _("The person has not confirmed yet that they may be represented."),
        "unseen": _("Look at the documents first."),
        "same_person": _("This identifier belongs to the one who asks, not to the person they ask for."),
        "of_age": _("The child has come of age. It asks for itself now."),
        "nobody_known": _("We know nobody by this. Correct it, or tick the box to go on all the same."),
        "account_active": _("This person has an account that can be used. Are they the one who has died? Look again at the papers."),
        "account_used": _(
            "Somebody signed in to the account of this person within the last 90 days. Are they the one who has died? "
            "Look again at the papers, and who may be using the account."
        ),
        "removed": _("This document was removed."),
    }

    def __init__(self, why: str) -> None:
        super().__init__(self.words[why])
        self.why = why


class NoRoom(PrivacyCenterError):
    code = "no_room"
    message = _("No more than twenty documents can be sent for one request. A colleague looks at those that are here.")


class ProofNoLongerStands(PrivacyCenterError):
    """Who somebody is, or that they may ask for another, does not stand any more; `why` is a word of requests_app.behalf.standing."""

    code = "proof_no_longer_stands"
    message = _("This is stopped: the proof does not stand any more.")

    def __init__(self, why: str, words: str) -> None:
        super().__init__(words)
        self.why = why
