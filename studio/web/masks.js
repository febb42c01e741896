// Where each artwork counts: painted with a mouse or a finger. Red is the second one's part, green the third's, blue the
// fourth's, and the first gets the rest.

import { button, element, slider } from "./elements.js";

const SIDE = 512; // pixels, the longer side of what is painted
const COLORS = ["#000000", "#ff0000", "#00ff00", "#0000ff"];
const NAMES = ["grey", "red", "green", "blue"];
const HALVES = { Above: [0, 0, 1, 0.5], Below: [0, 0.5, 1, 0.5], Left: [0, 0, 0.5, 1], Right: [0.5, 0, 0.5, 1] };

export class Masks {
  /** done: called with a PNG file; the photo is an <img>. */
  constructor(photo, done) {
    this.photo = photo;
    this.done = done;
    this.canvas = element("canvas", { className: "nst-mask", role: "img", "aria-label": "Where each artwork counts" });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.behind = element("img", { alt: "" });
    this.which = element("div", { className: "nst-which", role: "radiogroup", "aria-label": "Paint where this artwork counts" });
    this.width = slider("Width", { min: 4, max: 120, step: 4, value: 40 }, () => {});
    this.upload = element("input", { type: "file", accept: "image/*", className: "nst-file", "aria-label": "Upload a mask: white where this artwork counts" });
    this.upload.addEventListener("change", () => this.take(this.upload.files[0]));
    const halves = Object.entries(HALVES).map(([name, part]) => button(name, () => this.fill(part)));
    const door = element("label", { className: "nst-upload nst-door" }, "Upload a mask", this.upload);
    const buttons = element("div", { className: "nst-buttons" }, button("Done", () => this.finish(), { className: "nst-primary" }), button("Cancel", () => this.dialog.close()), button("Clear", () => this.fill([0, 0, 1, 1], 0)), door);
    const board = element("div", { className: "nst-board" }, this.behind, this.canvas);
    const fills = element("div", { className: "nst-buttons", role: "group", "aria-label": "Fill a half" }, ...halves);
    this.dialog = element("dialog", { className: "nst-dialog", "aria-label": "Where each artwork counts" }, element("h2", {}, "Where each artwork counts"), this.which, board, this.width.row, fills, buttons);
    this.board = board;
    this.listen();
  }

  listen() {
    const place = (event) => {
      const box = this.canvas.getBoundingClientRect(), scale = this.canvas.width / box.width;
      return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    };
    let from;
    const stroke = (to) => {
      this.context.strokeStyle = COLORS[this.artwork];
      this.context.lineWidth = Number(this.width.input.value);
      this.context.lineCap = "round";
      this.context.beginPath();
      this.context.moveTo(...from);
      this.context.lineTo(to[0] + 0.01, to[1]);
      this.context.stroke();
      from = to;
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      from = place(event);
      stroke(from);
    });
    this.canvas.addEventListener("pointermove", (event) => from && stroke(place(event)));
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => (from = undefined));
  }

  /** The mask that a choice names; null: none, all is the first artwork's. */
  load(bytes) {
    this.file = bytes ? new Blob([bytes], { type: "image/png" }) : null;
  }

  async open(labels) {
    const { naturalWidth, naturalHeight } = this.photo, scale = SIDE / Math.max(naturalWidth, naturalHeight);
    this.canvas.width = Math.round(naturalWidth * scale);
    this.canvas.height = Math.round(naturalHeight * scale);
    this.board.style.setProperty("--ratio", naturalWidth / naturalHeight);
    this.behind.src = this.photo.src;
    this.fill([0, 0, 1, 1], 0);
    if (this.file) this.context.drawImage(await createImageBitmap(this.file), 0, 0, this.canvas.width, this.canvas.height);
    this.artwork = 1;
    this.which.replaceChildren(
      ...labels.map((label, number) => {
        const radio = element("input", { type: "radio", name: "nst-artwork", checked: number === this.artwork });
        radio.addEventListener("change", () => (this.artwork = number));
        const chip = element("span", { className: "nst-chip", "data-color": NAMES[number], "aria-hidden": "true" });
        return element("label", {}, radio, chip, `${number + 1} · ${label}${number ? "" : " (everywhere else)"}`);
      }),
    );
    this.dialog.showModal();
  }

  fill([left, top, width, height], artwork = this.artwork) {
    const { width: across, height: down } = this.canvas;
    this.context.fillStyle = COLORS[artwork];
    this.context.fillRect(left * across, top * down, width * across, height * down);
  }

  /** White in the file is this artwork's. */
  async take(file) {
    if (!file) return;
    this.upload.value = "";
    const { width, height } = this.canvas, own = element("canvas", { width, height }).getContext("2d");
    try {
      own.drawImage(await createImageBitmap(file), 0, 0, width, height);
    } catch {
      return;
    }
    const given = own.getImageData(0, 0, width, height).data, all = this.context.getImageData(0, 0, width, height);
    for (let at = 0; at < given.length; at += 4) {
      const part = (given[at] + given[at + 1] + given[at + 2]) / 3;
      for (let color = 0; color < 3; color++) all.data[at + color] *= 1 - part / 255;
      if (this.artwork) all.data[at + this.artwork - 1] = part;
    }
    this.context.putImageData(all, 0, 0);
  }

  finish() {
    this.canvas.toBlob(async (file) => {
      this.file = file;
      this.done(await file.arrayBuffer());
    }, "image/png");
    this.dialog.close();
  }
}
