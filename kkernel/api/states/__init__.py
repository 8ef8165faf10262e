"""States of models: snapshots, files, differences, random generators."""
