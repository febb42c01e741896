// The cost J, step by step, on a logarithmic scale.

import { element } from "./elements.js";

const WIDTH = 320, HEIGHT = 90, NAME = "http://www.w3.org/2000/svg";

export class Curve {
  constructor() {
    this.line = document.createElementNS(NAME, "polyline");
    this.drawing = document.createElementNS(NAME, "svg");
    this.drawing.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.drawing.setAttribute("role", "img");
    this.drawing.append(this.line);
    this.words = element("figcaption");
    this.box = element("figure", { className: "nst-curve", hidden: true }, this.drawing, this.words);
  }

  show(costs) {
    this.box.hidden = costs.length < 2;
    if (this.box.hidden) return;
    const logs = costs.map(Math.log), least = Math.min(...logs), span = Math.max(...logs) - least || 1;
    const x = (number) => (number * WIDTH) / (costs.length - 1), y = (log) => 4 + (1 - (log - least) / span) * (HEIGHT - 8);
    this.line.setAttribute("points", logs.map((log, number) => `${x(number).toFixed(1)},${y(log).toFixed(1)}`).join(" "));
    const [first, last] = [costs[0], costs.at(-1)].map((cost) => cost.toPrecision(3));
    this.words.textContent = `The cost J: ${first} at first, ${last} now. Where it jumps, a larger picture begins.`;
    this.drawing.setAttribute("aria-label", this.words.textContent);
  }
}
