"""Panels to look at models, initializers and states, from Python and from q cells."""

from kkernel.api.view import load, read_state, save, save_state, snapshots_of

from .initializer_panel import InitializerPanel
from .parameter_histograms import ParameterHistograms
from .spec_table import SpecTable
from .state_panel import StatePanel

__all__ = [
    "InitializerPanel",
    "ParameterHistograms",
    "SpecTable",
    "StatePanel",
    "load",
    "read_state",
    "save",
    "save_state",
    "snapshots_of",
]
