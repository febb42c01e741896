// The settings: sliders, shares of several artworks, and presets.

import { button, element, slider } from "./elements.js";

const SLIDERS = {
  strength: ["Strength", { min: 0, max: 10, step: 0.5, title: "How much the style counts; the same for any artwork" }],
  size: ["Size", { min: 256, max: 1024, step: 64, unit: " px", title: "The longer side of the painting; twice the size takes four times as long" }],
  evaluations: ["Steps", { min: 15, max: 100, step: 5, title: "At each size, from coarse to fine: more of them, finer strokes, more time" }],
  brush: ["Brush", { min: 0.5, max: 2, step: 0.25, unit: " ×", title: "How large the artwork's strokes become" }],
  detail: ["Detail", { min: 0, max: 3, step: 0.5, title: "How much more the photo counts where it has detail, as in a face" }],
  smooth: ["Smoothness", { min: 0, max: 10, step: 1, title: "Calms specks and fine lines" }],
};
const PRESETS = {
  Usual: { strength: 5, brush: 1, detail: 0.5, smooth: 0, keep: false },
  Portrait: { strength: 4, brush: 1, detail: 2, smooth: 0, keep: false },
  Landscape: { strength: 6, brush: 1.5, detail: 0.5, smooth: 0, keep: false },
  Bold: { strength: 8, brush: 2, detail: 0, smooth: 0, keep: false },
  "Own colours": { strength: 6, brush: 1, detail: 0.5, smooth: 0, keep: true },
};

export class Knobs {
  /** changed: called with the settings that somebody moved. */
  constructor(changed) {
    this.sliders = {};
    for (const [name, [label, options]] of Object.entries(SLIDERS)) {
      this.sliders[name] = slider(label, { value: options.min, ...options }, (value) => changed({ [name]: value }));
    }
    this.keep = element("input", { type: "checkbox", id: "nst-keep" });
    this.keep.addEventListener("change", () => changed({ keep: this.keep.checked }));
    const keep = element("div", { className: "nst-row nst-check" }, this.keep, element("label", { for: "nst-keep" }, "Keep the photo's colours"));
    this.presets = Object.entries(PRESETS).map(([name, settings]) => [
      button(name, () => changed(settings), { className: "nst-preset", "aria-pressed": "false" }), settings,
    ]);
    const presets = element("div", { className: "nst-presets", role: "group", "aria-label": "Presets" }, ...this.presets.map(([each]) => each));
    const rows = Object.values(this.sliders).map(({ row }) => row);
    const legend = element("legend", {}, "3. How");
    this.box = element("fieldset", { className: "nst-knobs" }, legend, presets, ...rows, keep);
  }

  show(choice) {
    for (const [name, { set }] of Object.entries(this.sliders)) set(choice[name]);
    this.keep.checked = choice.keep;
    for (const [each, settings] of this.presets) {
      const same = Object.entries(settings).every(([name, value]) => choice[name] === value);
      each.setAttribute("aria-pressed", String(same));
    }
  }
}

export class Shares {
  /** changed: called with the shares, one for each artwork. */
  constructor(changed) {
    this.changed = changed;
    this.box = element("div", { className: "nst-shares", role: "group", "aria-label": "Shares of the artworks" });
    this.names = "";
  }

  /** In percent of all together; if all are 0, they are equal. */
  say() {
    const sum = this.values.reduce((a, b) => a + b, 0), equal = 1 / this.values.length;
    this.values.forEach((value, number) => {
      const { row, input } = this.sliders[number];
      row.lastChild.textContent = `${Math.round(100 * (sum ? value / sum : equal))} %`;
      input.setAttribute("aria-valuetext", row.lastChild.textContent);
    });
  }

  show(labels, shares) {
    this.box.hidden = labels.length < 2;
    const names = labels.join("\n");
    if (names !== this.names) {
      this.names = names;
      this.values = [...shares];
      this.sliders = labels.map((label, number) =>
        slider(`${number + 1} · ${label}`, { min: 0, max: 100, step: 5, value: shares[number] }, (value) => {
          this.values[number] = value;
          this.say();
          this.changed([...this.values]);
        }),
      );
      this.box.replaceChildren(...this.sliders.map(({ row }) => row));
    }
    this.values = [...shares];
    shares.forEach((share, number) => this.sliders[number].set(share));
    this.say();
  }
}
