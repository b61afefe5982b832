"""Hypothesis strategies for tokens, and for documents and mappings that may be tokens or nearly."""

import json
from typing import Any

from hypothesis import strategies as st

from conformance.grammar import Document, Grammar
from conformance.parity import FIELDS
from ticktick_oauth import OAuthTokenV1

# As many digits as a document may have.
_LONGEST = 10**4300 - 1

seconds: st.SearchStrategy[int] = st.one_of(
    st.integers(min_value=0, max_value=15_552_000),
    st.integers(),
    st.integers(min_value=1, max_value=4300).map(lambda digits: 10**digits - 1),
    st.integers(min_value=1, max_value=4300).map(lambda digits: -(10 ** (digits - 1))),
    st.sampled_from((_LONGEST, -_LONGEST)),
)
"""Values of ``expires_in``, up to 4300 digits long."""

tokens: st.SearchStrategy[OAuthTokenV1] = st.builds(OAuthTokenV1, access_token=st.uuids(version=4), expires_in=seconds)

# Hypothesis makes the choices of the grammar, so that it can shrink them.
_grammars = st.randoms(use_true_random=False).map(Grammar)
documents: st.SearchStrategy[Document] = _grammars.map(Grammar.document)
mappings: st.SearchStrategy[object] = _grammars.map(Grammar.mapping)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)

# Drawn without the grammar, so that its blind spots are not theirs.
_hex = "[0-9a-fA-F]"
access_tokens: st.SearchStrategy[str] = st.one_of(
    st.uuids().map(str),
    st.from_regex(rf"(urn:uuid:|\{{)?{_hex}{{8}}(-?{_hex}{{4}}){{3}}-?{_hex}{{12}}\}}?", fullmatch=True),
    st.from_regex(rf"{_hex}{{8}}-{_hex}{{4}}-4{_hex}{{3}}-[89abAB]{_hex}{{3}}-{_hex}{{12}}\s?", fullmatch=True),
)
numerals: st.SearchStrategy[str] = st.one_of(
    st.from_regex(r"\s?[+-]?[0-9]{1,3}(_?[0-9]){0,9}(\.0*)?\s?", fullmatch=True),
    st.text("0019_+-. eEx\x85\xa0\x1c\u200b\u0661\uff11", max_size=8),
)
members: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"access_token": access_tokens | json_values, "expires_in": seconds | numerals | json_values},
    optional={name: st.sampled_from(("bearer", "tasks:read tasks:write")) | json_values for name in FIELDS[2:]},
)
"""Mappings that have what a token has, of any JSON type."""

texts: st.SearchStrategy[str] = members.map(json.dumps) | json_values.map(json.dumps) | st.text()
"""Documents that are nearly always JSON."""
