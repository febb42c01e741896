"""A visitor: what was chosen, uploaded and painted, and what the pages that show it are told. No TensorFlow.

A page and its session talk in messages: a dict, that JSON can hold, with its `kind`, and bytes that some of them need.
The page says: choose, begin/chunk/end (an upload), mask, paint, stop, continue, bring, download.
It is told: all, shelf, choice, state, photo, picture, mask, history, complaint, file.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from nst.pictures import read_image, to_uint8
from studio.choice import MOST, SHARE, Choice, split_mask
from studio.events import End, Event, Ready, Step, few
from studio.history import History
from studio.look import Look
from studio.preview import Preview
from studio.shelf import UPLOAD_LIMIT, Shelf, Unreadable, as_jpeg, of_the_course

Page = Callable[[dict, bytes], None]  # tells one page something; from any thread

WELCOME = "Choose a photo and an artwork, then press Paint."
LOOKED = "A first look. Press Paint for the painting."
PREPARING = "Getting ready: TensorFlow, and the functions of the notebooks …"
LARGEST_PHOTO = 1024  # pixels, of the photo beside the painting


class Session:
    """All that one visitor has, in a thread of its own, which does one thing after the other.

    painter: from whom to tell to somebody who paints, a Painter or an Apart. folder: for uploads and paintings.
    """

    def __init__(self, painter: Callable[[Callable[[Event], None]], object], folder: Path, ready: bool = False):
        self.folder, self.pages, self.choice, self.job = folder, [], Choice(), None
        self.photos = Shelf(of_the_course("content"), folder / "photos")
        self.styles = Shelf(of_the_course("style"), folder / "styles")
        self.history = History(folder / "paintings")
        self._inbox, self._uploads, self._masks, self._split = queue.SimpleQueue(), {}, [], {}
        self._state = dict(status=WELCOME, error=False, running=False, stopping=False, continues=False)
        self._state |= dict(share=0.0, costs=[])
        self._stopped = None  # the choice of the painting that could go on
        self._painted = None  # the choice of the painting that runs
        self._preview = self._photo_shown = None
        self._ready = ready
        self._shown = None  # (what it is, uint8 picture): the last picture that the pages were told
        self._look = Look(lambda job, pixels: self._post(self._looked, job, pixels))
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        self.painter = painter(lambda event: self._post(self._told, event))
        self._post(self._chosen)

    # ------------------------------------------------------------ from any thread

    @property
    def has_own(self) -> bool:
        """Is there anything that somebody would miss: an upload, a painting?"""
        return bool(self.history.paintings) or any(shelf.folder.exists() for shelf in (self.photos, self.styles))

    def enter(self, page: Page) -> None:
        """A page that is told everything, and then what changes."""
        self._post(self._enter, page)

    def leave(self, page: Page) -> None:
        self._post(self._leave, page)

    def hear(self, page: Page, message: dict, data: bytes = b"") -> None:
        """What a page says."""
        self._post(self._hear, page, message, data)

    def wait(self) -> None:
        """Return when all that was said until now is done, and what was asked for is looked at."""
        for _ in range(2):
            done = threading.Event()
            self._post(done.set)
            done.wait()
            self._look.wait()

    def close(self) -> None:
        """End the work; the folder is left to whoever made it."""
        self.painter.close()
        self._post(None)
        self._thread.join()

    def _post(self, what, *given):
        self._inbox.put((what, given))

    def _work(self):
        while True:
            what, given = self._inbox.get()
            if what is None:
                return
            try:
                what(*given)
            except Exception as error:  # whatever it is, the page must say so and stay usable
                self._say(f"{type(error).__name__}: {error}", error=True)

    # ------------------------------------------------------------ pages

    def _enter(self, page):
        self.pages.append(page)
        everything = dict(
            kind="all", most=MOST, share=SHARE, limit=UPLOAD_LIMIT, choice=asdict(self.choice), state=self._state
        )
        shelves = dict(photos=self.photos.entries(), styles=self.styles.entries())
        page(everything | shelves | dict(history=self.history.entries()), b"")
        if self._photo_shown:
            page(*self._photo_shown[1])
        if self.choice.mask:
            page(dict(kind="mask"), self._masks[self.choice.mask - 1])
        if self._shown:
            page(*self._picture())

    def _leave(self, page):
        self.pages = [other for other in self.pages if other != page]
        self._uploads.pop(page, None)

    def _tell(self, message, data=b"", but=None):
        for page in self.pages:
            if page != but:
                page(message, data)

    def _update(self, **state):
        self._state |= state
        self._tell(dict(kind="state", **self._state))

    def _say(self, text, error=False, **state):
        for shelf in (self.photos, self.styles):
            for name, path in shelf.paths.items():
                text = text.replace(str(path), shelf.labels[name])
        self._update(status=text, error=error, **state)

    def _show(self, what, pixels, **about):
        named = f"{self._called(about.pop('choice'))}"
        self._shown = dict(kind="picture", what=what, text=f"{about.pop('text')}: {named}", **about), pixels
        self._tell(*self._picture())

    def _picture(self):
        about, pixels = self._shown
        return about, as_jpeg(pixels)

    def _called(self, choice):
        artworks = " and ".join(self.styles.labels[name] for name in choice.styles)
        return f"{self.photos.labels[choice.photo]} in the style of {artworks}"

    # ------------------------------------------------------------ what pages say

    def _hear(self, page, message, data):
        kind = message.get("kind")
        if kind in ("choose", "begin", "chunk", "end", "mask", "paint", "stop", "continue", "bring", "download"):
            getattr(self, f"_{kind}")(page, message, data)

    def _choose(self, page, message, _):
        self.choice, self.job = Choice.read(message["choice"]), None
        self._tell(dict(kind="choice", choice=asdict(self.choice)), but=page)
        self._chosen()

    def _job(self):
        artworks = len(self.choice.styles)
        masks = ()
        if self.choice.mask and artworks > 1:
            masks = self._mask_files(self.choice.mask, artworks)
        return self.choice.job(self.photos.paths, self.styles.paths, masks)

    def _chosen(self, painting=None):
        """A new choice: show its painting if there is one, or else a look."""
        try:
            self.job = self._job()
        except ValueError as error:  # a size that no slider has, say
            return self._say(str(error), error=True, continues=False)
        if self._state["running"]:
            return  # the picture there is that of the painting until it has ended
        self._state["continues"] = self._stopped == self.choice
        self._show_photo()
        painting = painting or self.history.of(self.choice)
        if painting:
            self._show_painting(painting)
        else:
            self._update(costs=[], share=0.0)
            self._look.ask(self.job)
        self._say_what_next()

    def _say_what_next(self):
        same = self._stopped == self.choice
        if self._stopped and not same:
            text = "Paint begins anew; to continue with what you stopped, put the settings back."
        elif same:
            text = "Stopped. Continue goes on from here."
        else:
            text = "Done." if self.history.of(self.choice) else self._welcome
        self._say(text, continues=same)

    @property
    def _welcome(self):
        looked = self._shown and self._shown[0]["what"] == "look"
        return PREPARING if not self._ready else LOOKED if looked else WELCOME

    def _show_photo(self):
        name = self.choice.photo
        if not self._photo_shown or self._photo_shown[0] != name:
            photo = to_uint8(read_image(self.photos.paths[name], LARGEST_PHOTO))
            height, width, _ = photo.shape
            about = dict(kind="photo", text=f"The photo: {self.photos.labels[name]}", width=width, height=height)
            self._photo_shown = name, (about, as_jpeg(photo))
            self._tell(*self._photo_shown[1])

    def _begin(self, page, message, _):
        self._uploads[page] = str(message["name"])[:200], message["to"], bytearray()

    def _chunk(self, page, _, data):
        if page in self._uploads:
            name, to, so_far = self._uploads[page]
            so_far += data
            if len(so_far) > UPLOAD_LIMIT:
                del self._uploads[page]
                text = f"{name} is too large; choose a picture of at most {UPLOAD_LIMIT // 2**20} MB."
                page(dict(kind="complaint", about=to, text=text), b"")

    def _end(self, page, *_):
        if page not in self._uploads:
            return
        label, to, data = self._uploads.pop(page)
        shelf = self.photos if to == "photos" else self.styles
        try:
            name = shelf.add(label, bytes(data))
        except Unreadable as error:
            return page(dict(kind="complaint", about=to, text=str(error)), b"")
        self._tell(dict(kind="shelf", which=to, entries=shelf.entries()))
        chosen = asdict(self.choice)
        if to == "photos":
            chosen |= dict(photo=name, mask=0)
        elif len(self.choice.styles) == MOST:
            return page(
                dict(kind="complaint", about=to, text=f"{label} is there; {MOST} others are chosen already."), b""
            )
        else:  # it takes the place of a single one, and joins several
            kept = self.choice.styles if len(self.choice.styles) > 1 else ()
            chosen |= dict(styles=(*kept, name), shares=(*self.choice.shares[: len(kept)], SHARE))
        self._take(Choice.read(chosen))

    def _take(self, choice, painting=None):
        """A choice that was not made on the page itself."""
        self.choice, self.job = choice, None
        self._tell(dict(kind="choice", choice=asdict(choice)))
        self._chosen(painting)

    def _mask(self, page, message, data):
        """A mask, painted on the page: it has a number from now on, which a choice can name."""
        self._masks.append(data)
        number = len(self._masks)
        self._mask_files(number, MOST)  # which says so if it is no picture
        self._tell(dict(kind="mask"), data, but=page)
        self._take(Choice.read(asdict(self.choice) | dict(mask=number)))

    def _mask_files(self, number, artworks):
        if (number, artworks) not in self._split:
            place = self.folder / "masks" / f"{number}_{artworks}"
            self._split[number, artworks] = split_mask(self._masks[number - 1], place, artworks)
        return self._split[number, artworks]

    def _bring(self, page, message, _):
        found = self.history.get(message["id"])
        if found and not self._state["running"]:
            if found.choice.mask:
                self._tell(dict(kind="mask"), self._masks[found.choice.mask - 1])
            self._take(found.choice, found)

    def _download(self, page, message, _):
        if found := self.history.get(message["id"]):
            film = message.get("what") == "film"
            labels = self.photos.labels[found.choice.photo], *(self.styles.labels[each] for each in found.choice.styles)
            name = "_".join(Path(label).stem.replace(" ", "_") for label in labels)
            kind = "webp" if film else "png"
            data = (found.film if film else found.file).read_bytes()
            page(dict(kind="file", name=f"{name}.{kind}", type=f"image/{kind}"), data)

    # ------------------------------------------------------------ painting

    def _paint(self, *_):
        if self.job and not self._state["running"]:
            self._stopped = None
            self._go(resume=False, share=0.0, costs=[])

    def _continue(self, *_):
        if not self._state["running"] and self._stopped == self.choice:
            self._go(resume=True)

    def _go(self, resume, **beginning):
        self._painted, self._preview = self.choice, Preview(self.job, self._shown and self._shown[1])
        text = "Looking at the pictures …" if self._ready else PREPARING
        self._say(text, running=True, stopping=False, continues=False, **beginning)
        self.painter.start(self.job, resume)

    def _stop(self, *_):
        if self._state["running"]:
            self._say("Stopping …", stopping=True)
            self.painter.stop()

    def _told(self, event: Event):
        if isinstance(event, Ready):
            self._ready = True
            if event.words:
                self._say(f"Looks only, until this is mended: {event.words}", error=True)
            elif not self._state["running"] and self._state["status"] == PREPARING:
                self._say(self._welcome)
        elif isinstance(event, Step):
            self._stepped(event)
        else:
            self._ended(event)

    def _stepped(self, step):
        of_another = "" if self.choice == self._painted else f"{self._called(self._painted)}: "
        text = f"{of_another}{step.words}"
        pixels = self._preview.of(step.pixels, step.done)
        self._show("painting", pixels, choice=self._painted, text="The painting on its way")
        status = {} if self._state["stopping"] else dict(status=text, error=False)
        self._update(share=step.share, costs=few(step.costs), **status)

    def _ended(self, end: End):
        self._state |= dict(running=False, stopping=False)  # told with what comes next
        if end.how == "failed":
            return self._say(end.words, error=True)
        self._stopped = self._painted if end.how == "stopped" and end.pixels is not None else None
        if end.pixels is None:
            return self._chosen()
        if end.how == "stopped":  # it is kept as it was shown
            end = end._replace(pixels=self._preview.of(end.pixels, len(end.costs)))
        share = 1.0 if end.how == "done" else self._state["share"]
        painting = self.history.add(self._painted, end, self._called(self._painted), share)
        self._tell(dict(kind="history", history=self.history.entries()))
        self._chosen()
        if self.choice != self._painted and end.how == "done":
            self._say(f"Done: {painting.label}. It is below, in the strip.", continues=False)

    def _show_painting(self, painting):
        text = "The painting" if painting.how == "done" else "The painting, stopped early"
        self._show("painting", painting.pixels(), choice=painting.choice, text=text, id=painting.id)
        self._update(share=painting.share, costs=few(painting.costs))

    def _looked(self, job, pixels):
        if job == self.job and not self._state["running"] and not self.history.of(self.choice):
            self._show("look", pixels, choice=self.choice, text="A first look")
            if self._state["status"] == WELCOME:
                self._say(self._welcome)
