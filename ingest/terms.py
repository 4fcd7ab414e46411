"""STUB."""


def terms(title, text):
    return b"", 0
