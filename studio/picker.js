// Thumbnails to choose from, and a tile to upload a picture of one's own. The Python side is picker.py.

const CHUNK = 2 ** 20; // servers close connections on messages that are too long, so files travel in pieces

function element(kind, properties, ...children) {
  const node = Object.assign(document.createElement(kind), properties);
  node.append(...children);
  return node;
}

function choose(model, name) {
  let chosen = model.get("chosen").filter((other) => other !== name);
  const wasChosen = chosen.length < model.get("chosen").length;
  if (!wasChosen || chosen.length === 0) chosen = [...chosen, name].slice(-model.get("most"));
  model.set("chosen", chosen);
  model.set("message", "");
  model.save_changes();
}

async function upload(model, file) {
  const megabytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MB`;
  if (file.size > model.get("limit")) {
    const limit = megabytes(model.get("limit"));
    model.set("message", `${file.name} has ${megabytes(file.size)}; choose a picture of at most ${limit}.`);
    model.save_changes();
    return;
  }
  model.send({ kind: "begin", name: file.name });
  for (let start = 0; start < file.size; start += CHUNK) {
    model.send({ kind: "chunk" }, undefined, [await file.slice(start, start + CHUNK).arrayBuffer()]);
  }
  model.send({ kind: "end" });
}

function render({ model, el }) {
  const grid = element("div", { className: "nst-grid" });
  const message = element("p", { className: "nst-message" });
  message.setAttribute("role", "alert");
  const input = element("input", { type: "file", accept: "image/*", className: "nst-file" });
  input.setAttribute("aria-label", `${model.get("title")}: upload a picture`);
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen once more
    if (file) upload(model, file);
  });
  const tile = element("label", { className: "nst-tile nst-upload" }, element("span", { textContent: "Upload your own" }), input);

  function draw() {
    const focused = document.activeElement?.dataset?.name;
    const tiles = model.get("pictures").map(({ name, label, thumbnail }) => {
      const image = element("img", { src: thumbnail, alt: "" });
      const place = model.get("chosen").indexOf(name) + 1;
      const numbered = place > 0 && model.get("chosen").length > 1;
      const caption = element("span", { textContent: numbered ? `${place} · ${label}` : label });
      const button = element("button", { type: "button", className: "nst-tile", title: label }, image, caption);
      button.dataset.name = name;
      button.setAttribute("aria-pressed", model.get("chosen").includes(name));
      button.addEventListener("click", () => choose(model, name));
      return button;
    });
    grid.replaceChildren(tile, ...tiles);
    grid.querySelector(`[data-name="${CSS.escape(focused ?? "")}"]`)?.focus();
    message.textContent = model.get("message");
  }

  for (const name of ["pictures", "chosen", "message"]) model.on(`change:${name}`, draw);
  el.append(
    element("fieldset", { className: "nst-picker" }, element("legend", { textContent: model.get("title") }), grid, message),
  );
  draw();
  return () => model.off(null, draw);
}

export default { render };
