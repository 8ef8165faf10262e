"""Files: paths, whole-file reads and writes, q's binary form."""
