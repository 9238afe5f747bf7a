"""What the lists share."""

from typing import Any

from rest_framework.filters import OrderingFilter


class StableOrdering(OrderingFilter):
    """`?ordering=`, with the id as last key: equal names would otherwise jump between pages."""

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> list[str] | None:
        ordering = super().get_ordering(request, queryset, view)
        return [*ordering, "id"] if ordering else None
