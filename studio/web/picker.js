// Thumbnails to choose from, and doors for pictures of one's own.

import { button, element } from "./elements.js";

const PICTURES = "image/*,.heic,.heif,.avif,.tif,.tiff";

export class Picker {
  /** to: "photos" or "styles". chosen: called with the names. files: called with what somebody wants to add. */
  constructor(title, to, { chosen, files }) {
    this.to = to;
    this.most = 1; // that can be chosen
    this.names = [];
    this.entries = [];
    this.changed = chosen;
    this.grid = element("div", { className: "nst-grid" });
    this.message = element("p", { className: "nst-message", role: "alert" });
    const doors = [this.door("Upload your own", title, files)];
    if (to === "photos") doors.push(this.door("Take a photo", title, files, "environment"));
    this.doors = doors;
    const legend = element("legend", {}, title);
    this.box = element("fieldset", { className: "nst-picker", "data-to": to }, legend, this.grid, this.message);
  }

  door(text, title, files, capture) {
    const input = element("input", { type: "file", accept: PICTURES, className: "nst-file", "aria-label": `${title}: ${text}` });
    if (capture) input.setAttribute("capture", capture);
    input.addEventListener("change", () => {
      const given = [...input.files];
      input.value = ""; // so that the same file can be chosen once more
      if (given.length) files(given, this.to);
    });
    const kind = capture ? "nst-tile nst-upload nst-camera" : "nst-tile nst-upload";
    return element("label", { className: kind }, element("span", {}, text), input);
  }

  fill(entries) {
    this.entries = entries;
    this.draw();
  }

  choose(names) {
    this.names = [...names];
    this.complain("");
    this.draw();
  }

  complain(text) {
    this.message.textContent = text;
  }

  click(name) {
    if (this.most === 1) return this.pick([name]);
    if (!this.names.includes(name)) {
      if (this.names.length < this.most) return this.pick([...this.names, name]);
      return this.complain(`${this.most} artworks at most: click one of the chosen ones, and it is taken away.`);
    }
    if (this.names.length > 1) this.pick(this.names.filter((other) => other !== name));
  }

  pick(names) {
    this.choose(names);
    this.changed(names);
  }

  draw() {
    const focused = document.activeElement?.dataset?.name;
    const tiles = this.entries.map(({ name, label, thumbnail }) => {
      const place = this.names.indexOf(name) + 1;
      const caption = place && this.names.length > 1 ? `${place} · ${label}` : label;
      const [, stem, ending] = caption.match(/^(.*?)(\.\w+)?$/); // a long name breaks before its ending
      const parts = [element("img", { src: thumbnail, alt: "" }), element("span", {}, stem, element("wbr"), ending ?? "")];
      const properties = { className: "nst-tile", title: label, "data-name": name, "aria-pressed": String(place > 0) };
      const tile = button("", () => this.click(name), properties);
      tile.append(...parts);
      return tile;
    });
    this.grid.replaceChildren(...this.doors, ...tiles);
    if (focused) this.grid.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }
}
