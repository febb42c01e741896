// What was painted, to come back to.

import { button, element } from "./elements.js";

export class Strip {
  /** chosen: called with the painting that somebody wants back. */
  constructor(chosen) {
    this.chosen = chosen;
    this.locked = false;
    this.list = element("div", { className: "nst-strip", role: "group", "aria-label": "What you painted" });
    this.box = element("section", { className: "nst-history", hidden: true }, element("h2", {}, "What you painted"), this.list);
  }

  show(entries, id) {
    this.box.hidden = entries.length === 0;
    const tiles = [...entries].reverse().map((entry) => {
      const { strength, size } = entry.choice;
      const words = `${entry.label}, strength ${strength}, ${size} px${entry.how === "done" ? "" : ", stopped early"}`;
      const image = element("img", { src: entry.thumbnail, alt: "" });
      const caption = element("span", {}, entry.how === "done" ? `strength ${strength}` : "stopped early");
      const properties = { className: "nst-painted", title: words, "aria-label": words, "aria-pressed": String(entry.id === id), "data-id": String(entry.id), disabled: this.locked };
      const tile = button("", () => this.chosen(entry), properties);
      tile.append(image, caption);
      return tile;
    });
    const focused = document.activeElement?.closest?.(".nst-painted")?.dataset.id;
    this.list.replaceChildren(...tiles);
    if (focused) this.list.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
  }

  /** While something is painted, nothing comes back. */
  lock(locked) {
    this.locked = locked;
    for (const tile of this.list.children) tile.disabled = locked;
  }
}
