"""The page of notebook 08: choose a photo and artworks, paint, stop, go on, download."""

from studio.page import Studio as Studio
