// What was painted, to come back to.

import { button, element } from "./elements.js";

export class Strip {
  /** chosen: called with the painting that somebody wants back. */
  constructor(chosen) {
    this.chosen = chosen;
    this.list = element("div", { className: "nst-strip", role: "group", "aria-label": "What you painted" });
    this.box = element("section", { className: "nst-history", hidden: true }, element("h2", {}, "What you painted"), this.list);
  }

  show(entries, id) {
    this.box.hidden = entries.length === 0;
    const tiles = [...entries].reverse().map((entry) => {
      const { strength, size } = entry.choice;
      const words = `${entry.label}, strength ${strength}, ${size} px${entry.how === "done" ? "" : ", stopped early"}`;
      const image = element("img", { src: entry.thumbnail, alt: "" });
      const properties = { className: "nst-painted", title: words, "aria-label": words, "aria-pressed": String(entry.id === id) };
      const tile = button("", () => this.chosen(entry), properties);
      tile.append(image);
      return tile;
    });
    this.list.replaceChildren(...tiles);
  }
}
