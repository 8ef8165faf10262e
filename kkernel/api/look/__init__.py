"""Looking into models: specification, shapes, histograms, laws of initialization."""
