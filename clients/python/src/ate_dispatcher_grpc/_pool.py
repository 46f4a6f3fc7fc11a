"""A descriptor pool for this package alone, so that its messages cannot collide with messages of other packages.

The generated code registers its files here on import. The pool does not change after that.
"""

from google.protobuf.descriptor_pool import DescriptorPool

_POOL = DescriptorPool()


def Default() -> DescriptorPool:  # noqa: N802 - the name that generated code calls
    """Returns the pool. Replaces google.protobuf.descriptor_pool.Default in the generated code."""
    return _POOL
