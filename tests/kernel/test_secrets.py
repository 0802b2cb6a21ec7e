"""Encryption, keyed hashes and tokens."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from privacycenter.kernel import tokens
from privacycenter.kernel.encryption import decrypt, encrypt, key_id_of, needs_rotation
from privacycenter.kernel.errors import DecryptionFailed, UnknownKey
from privacycenter.kernel.hashing import candidates, keyed_hash


@given(st.binary(max_size=5_000), st.text(max_size=50))
@hypothesis_settings(max_examples=50)
def test_what_was_encrypted_comes_back(plain, context):
    context = context.encode("utf-8", "ignore").decode()

    assert decrypt(encrypt(plain, context=context), context=context) == plain


def test_same_text_never_looks_the_same_twice():
    assert encrypt(b"secret", context="c") != encrypt(b"secret", context="c")


def test_value_can_not_be_moved_to_another_context():
    sealed = encrypt(b"secret", context="a")

    with pytest.raises(DecryptionFailed):
        decrypt(sealed, context="b")


@pytest.mark.parametrize("position", [0, 1, 3, 8, 20, -1])
def test_changed_byte_is_an_error(position):
    sealed = bytearray(encrypt(b"secret", context="c"))
    sealed[position] ^= 1

    with pytest.raises(DecryptionFailed):
        decrypt(bytes(sealed), context="c")


@pytest.mark.parametrize("length", [0, 1, 2, 10, 30])
def test_truncated_value_is_an_error(length):
    with pytest.raises(DecryptionFailed):
        decrypt(encrypt(b"secret", context="c")[:length], context="c")


def test_old_key_still_decrypts_and_asks_for_rotation(settings):
    settings.DATA_KEYS = {"old": secrets.token_bytes(32)}
    sealed = encrypt(b"secret", context="c")
    settings.DATA_KEYS = {"new": secrets.token_bytes(32), **settings.DATA_KEYS}

    assert decrypt(sealed, context="c") == b"secret"
    assert needs_rotation(sealed)
    assert key_id_of(encrypt(b"secret", context="c")) == "new"


def test_missing_key_is_named_as_such(settings):
    settings.DATA_KEYS = {"old": secrets.token_bytes(32)}
    sealed = encrypt(b"secret", context="c")
    settings.DATA_KEYS = {"new": secrets.token_bytes(32)}

    with pytest.raises(UnknownKey):
        decrypt(sealed, context="c")


def test_wrong_key_under_the_same_id_is_an_error(settings):
    settings.DATA_KEYS = {"k": secrets.token_bytes(32)}
    sealed = encrypt(b"secret", context="c")
    settings.DATA_KEYS = {"k": secrets.token_bytes(32)}

    with pytest.raises(DecryptionFailed):
        decrypt(sealed, context="c")


def test_keyed_hash_is_found_again_after_the_key_was_rotated(settings):
    settings.HASH_KEYS = {"old": secrets.token_bytes(32)}
    stored = keyed_hash("ada@example.com", context="suppression")
    settings.HASH_KEYS = {"new": secrets.token_bytes(32), **settings.HASH_KEYS}

    assert stored in candidates("ada@example.com", context="suppression")
    assert keyed_hash("ada@example.com", context="suppression").key_id == "new"


def test_context_keeps_equal_values_apart():
    assert keyed_hash("b", context="a") != keyed_hash("b", context="ab")
    assert keyed_hash("bc", context="a") != keyed_hash("c", context="ab")


def test_tokens_have_22_characters_and_codes_no_signs_that_people_mix_up():
    assert {len(tokens.new_token()) for _ in range(100)} == {22}
    assert not set("".join(tokens.new_code() for _ in range(500))) & set("01OILU")
    with pytest.raises(ValueError, match="at least 8"):
        tokens.new_code(6)


def test_typed_code_is_tidied():
    assert tokens.tidy_code(" abcd-2345 \n") == "ABCD2345"
