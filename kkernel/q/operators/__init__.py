from . import arithmetic  # noqa: F401
