// The picture: photo and painting one above the other, blended, or side by side.

import { button, element, slider } from "./elements.js";

export class Stage {
  constructor() {
    this.photo = element("img", { className: "nst-photo", alt: "" });
    this.painting = element("img", { className: "nst-painting", alt: "", hidden: true });
    this.badge = element("span", { className: "nst-badge", hidden: true, "aria-hidden": "true" }, "first look");
    this.line = element("span", { className: "nst-line", hidden: true });
    this.divider = element("input", {
      type: "range", min: 0, max: 100, value: "50", className: "nst-divider", hidden: true,
      "aria-label": "The photo on the left, the painting on the right: divider",
    });
    this.divider.addEventListener("input", () => this.split());
    this.frame = element("div", { className: "nst-frame" }, this.photo, this.painting, this.badge, this.line, this.divider);
    this.blend = slider("Photo … painting", { min: 0, max: 100, step: 1, value: 100, unit: " %" }, () => this.mix());
    this.compare = button("Compare", () => this.toggle(), { "aria-pressed": "false", title: "The photo on the left of a line, the painting on the right" });
    const row = element("div", { className: "nst-view" }, this.blend.row, this.compare);
    this.box = element("div", { className: "nst-stage" }, this.frame, row);
    this.sources = { photo: null, painting: null };
  }

  /** which: "photo" or "painting". */
  show(which, bytes, { text, width, height, what }) {
    const image = this[which], before = this.sources[which];
    this.sources[which] = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    image.src = this.sources[which];
    image.alt = text;
    if (before) URL.revokeObjectURL(before);
    if (which === "photo") {
      this.frame.style.setProperty("--ratio", width / height);
      this.painting.hidden = true; // it was another photo's, until the next one comes
    } else {
      this.painting.hidden = false;
      this.badge.hidden = what !== "look";
    }
  }

  get share() {
    return Number(this.blend.input.value) / 100;
  }

  mix() {
    this.painting.style.opacity = String(this.share);
  }

  toggle() {
    const on = this.compare.getAttribute("aria-pressed") !== "true";
    this.compare.setAttribute("aria-pressed", String(on));
    this.line.hidden = this.divider.hidden = !on;
    this.split();
  }

  split() {
    const at = this.divider.hidden ? 0 : this.divider.value;
    this.painting.style.clipPath = at ? `inset(0 0 0 ${at}%)` : "";
    this.line.style.left = `${at}%`;
  }

  /** A painting's file, mixed with the photo as it is on the page. */
  async mixed(file) {
    const picture = await createImageBitmap(file);
    const canvas = element("canvas", { width: picture.width, height: picture.height });
    const context = canvas.getContext("2d");
    context.drawImage(this.photo, 0, 0, canvas.width, canvas.height);
    context.globalAlpha = this.share;
    context.drawImage(picture, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }
}
