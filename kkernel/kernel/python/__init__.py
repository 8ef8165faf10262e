"""Python and q in one process: values both ways, `%%py` in q notebooks, `%%q` in Python's."""
