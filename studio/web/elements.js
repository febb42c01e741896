// Elements, and the small things that all parts of the page share.

const AS_ATTRIBUTES = /^(aria-|data-|role$|for$)/;

/** element("button", { type: "button", "aria-pressed": "true" }, "Paint") */
export function element(kind, properties = {}, ...children) {
  const node = document.createElement(kind);
  for (const [name, value] of Object.entries(properties)) {
    if (AS_ATTRIBUTES.test(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

export function button(text, action, properties = {}) {
  const node = element("button", { type: "button", ...properties }, text);
  node.addEventListener("click", action);
  return node;
}

let labelled = 0;

/** A slider with its name and its value. */
export function slider(name, { min, max, step, value, unit = "", title = "" }, changed) {
  const id = `nst-slider-${++labelled}`;
  const input = element("input", { type: "range", id, min, max, step, value: String(value), title });
  const output = element("span", { className: "nst-value", "aria-hidden": "true" });
  const set = (number) => {
    input.value = String(number);
    output.textContent = `${input.value}${unit}`;
    input.setAttribute("aria-valuetext", output.textContent);
  };
  set(value);
  input.addEventListener("input", () => {
    set(input.value);
    changed(Number(input.value));
  });
  const row = element("div", { className: "nst-row" }, element("label", { for: id, title }, name), input, output);
  return { row, input, set };
}

/** Calls the last of many that come one soon after the other. */
export function calm(action, milliseconds = 120) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}

export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
