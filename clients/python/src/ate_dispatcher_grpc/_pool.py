"""The package's own descriptor pool, so that its messages collide with nobody else's of the same name."""

from google.protobuf.descriptor_pool import DescriptorPool

_POOL = DescriptorPool()


def Default() -> DescriptorPool:  # noqa: N802 - what generated code calls
    """Returns the pool; named as the function of google.protobuf.descriptor_pool that it stands in for."""
    return _POOL
