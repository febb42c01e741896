"""A widget with thumbnails to choose from, and an upload."""

import io
from pathlib import Path

import anywidget
import traitlets
from PIL import Image

from nst.display import data_url
from nst.pictures import TooSmall, read_image, to_uint8

UPLOAD_LIMIT = 50 * 2**20  # bytes
SMALLEST = 128  # pixels, the longer side at which an upload must still be a picture


class PicturePicker(anywidget.AnyWidget):
    """Pictures of which up to `most` are chosen, at least one; `chosen` holds their names, the latest last.

    paths: the pictures to begin with, labelled by their file names. folder: where uploads are kept (a Path).
    chosen: the name of the one that is chosen at first.
    An upload that is no readable picture, or larger than UPLOAD_LIMIT, shows a message and changes nothing else.
    """

    _esm = Path(__file__).with_name("picker.js")
    _css = Path(__file__).with_name("picker.css")
    title = traitlets.Unicode().tag(sync=True)
    pictures = traitlets.List().tag(sync=True)
    chosen = traitlets.List().tag(sync=True)
    most = traitlets.Int(1).tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    limit = traitlets.Int(UPLOAD_LIMIT).tag(sync=True)

    def __init__(self, title, paths, folder, chosen, most=1):
        self.paths = {path.name: path for path in map(Path, paths)}
        self.folder, self._upload, self._count = folder, None, 0
        pictures = [_entry(name, path.stem.replace("_", " "), path) for name, path in self.paths.items()]
        super().__init__(title=title, pictures=pictures, chosen=[chosen], most=most)
        self.on_msg(lambda _, content, buffers: self.receive(content, buffers))

    @property
    def chosen_paths(self):
        return [self.paths[name] for name in self.chosen]

    @property
    def labels(self):
        """{path: what the page calls it}"""
        return {str(self.paths[entry["name"]]): entry["label"] for entry in self.pictures}

    def receive(self, content, buffers):
        """One piece of an upload, as picker.js sends it: begin, chunk, chunk ..., end."""
        if content["kind"] == "begin":
            self.message, self._upload = "", (str(content["name"]), bytearray())
        elif self._upload and content["kind"] == "chunk":
            name, data = self._upload
            data += buffers[0]
            if len(data) > UPLOAD_LIMIT:
                self._upload = None
                self.message = f"{name} is too large; choose a picture of at most {UPLOAD_LIMIT // 2**20} MB."
        elif self._upload and content["kind"] == "end":
            (name, data), self._upload = self._upload, None
            self.add(name, bytes(data))

    def add(self, label, data):
        """Choose an uploaded file, or say what is wrong with it."""
        if not data:
            self.message = f"{label} is empty; choose another picture."
            return
        self._count += 1
        name = f"upload-{self._count}"
        path = self.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        try:
            entry = _entry(name, label, path)
            read_image(path, SMALLEST)
        except TooSmall:
            path.unlink()
            self.message = f"{label} is too small, or too long and narrow; choose another picture."
            return
        except ValueError as error:
            path.unlink()
            self.message = str(error).replace(str(path), label)
            return
        self.paths[name] = path
        self.pictures = [*self.pictures, entry]
        self.chosen = [*self.chosen, name][-self.most :]


def _entry(name, label, path):
    thumbnail = Image.fromarray(to_uint8(read_image(path, max_size=512)))
    thumbnail.thumbnail((200, 200))
    buffer = io.BytesIO()
    thumbnail.save(buffer, "JPEG", quality=80)
    return {"name": name, "label": label, "thumbnail": data_url("jpeg", buffer.getvalue())}
