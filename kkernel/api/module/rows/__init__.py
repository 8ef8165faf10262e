"""The 128 module types as rows, by topic.  Importing this package enters them all."""

from . import (
           activation,
           container,
           convolution,
           embedding,
           normalization,
           padding,
           pooling,
           recurrent,
           shape,
           transformer,
)

__all__ = ["activation", "container", "convolution", "embedding", "normalization", "padding",
           "pooling", "recurrent", "shape", "transformer"]
