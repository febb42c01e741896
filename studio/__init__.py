"""The page of notebook 08: choose a photo and artworks, look, paint, stop, go on, compare, download.

No TensorFlow but in painter.py, which the page's server runs in a process of its own.
"""


def __getattr__(name):  # `nst studio` takes the server, and does without widgets
    if name != "Studio":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from studio.widget import Studio

    return Studio
