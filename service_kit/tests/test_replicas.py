"""The highest version wins, in whatever order and however often events come."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from service_kit.replicas import tombstone, upsert
from service_kit.tests.example.models import Thing


class AnyOrderOfEvents(TestCase):
    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=12))
    def test_the_row_is_that_of_the_highest_version(self, arrivals: list[tuple[int, bool]]) -> None:
        """Given one history (version -> named or deleted), delivered doubled and shuffled, the end is the same."""
        thing, history = uuid.uuid4(), dict(arrivals)
        for version, _ in arrivals:
            if history[version]:
                upsert(
                    Thing,
                    key={"id": thing},
                    version=version,
                    values={"name": f"name {version}"},
                )
            else:
                tombstone(Thing, key={"id": thing}, version=version)
        last = max(history)
        row = Thing.objects.get(pk=thing)
        assert row.version == last
        assert (row.deleted_at is None) == history[last]
        assert row.name == (f"name {last}" if history[last] else "")


@pytest.mark.django_db
def test_writing_says_whether_it_changed_anything() -> None:
    key = {"id": uuid.uuid4()}
    assert upsert(Thing, key=key, version=2, values={"name": "new"})
    assert not upsert(Thing, key=key, version=2, values={"name": "again"})
    assert not upsert(Thing, key=key, version=1, values={"name": "old"})
    assert Thing.objects.get(**key).name == "new"


@pytest.mark.django_db
def test_a_misspelt_field_is_an_error() -> None:
    with pytest.raises(TypeError, match="Thing has no field nmae"):
        upsert(Thing, key={"id": uuid.uuid4()}, version=1, values={"nmae": "x"})
