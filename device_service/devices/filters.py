import django_filters  # type: ignore[import-untyped]

from device_service.devices.models import Device, Kind, Reading


class DeviceFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=Kind.choices)
    reading = django_filters.ChoiceFilter(choices=Reading.choices)
    # By id and not by object: an unknown id gives an empty list instead of telling who exists.
    plant = django_filters.UUIDFilter(field_name="plant_id")
    category = django_filters.UUIDFilter(field_name="category_id")
    parent = django_filters.UUIDFilter(field_name="parent_id")

    class Meta:
        model = Device
        fields = ("kind", "reading", "plant", "category", "parent")
