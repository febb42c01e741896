// The strip of filters: those that the server lists in filters.json, and one's own.

const strip = document.querySelector("#filters");

/** { photo: the address of one to begin with, filters: [{ name, file, picture: the addresses of it and a thumbnail }] }. */
export async function listed() {
  return (await fetch("filters.json")).json();
}

/** The bytes of a filter's file (ArrayBuffer). */
export async function bytesOf({ file }) {
  if (file instanceof File) return file.arrayBuffer();
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response.arrayBuffer();
}

/** A thumbnail more, before the last tile; `chosen` is called with the filter when the user chooses it. */
export function addFilter(filter, chosen) {
  const [label, radio, image, name] = ["label", "input", "img", "span"].map((kind) => document.createElement(kind));
  Object.assign(radio, { type: "radio", name: "filter", onchange: () => chosen(filter) });
  Object.assign(image, { src: filter.picture, alt: "", width: 80, height: 80 });
  name.textContent = filter.name;
  label.title = filter.name;
  label.append(radio, image, name);
  strip.insertBefore(label, strip.querySelector("button"));
  filter.radio = radio;
}

/** Show which filter paints: this one, or none. */
export function mark(filter) {
  for (const radio of strip.querySelectorAll("input")) radio.checked = radio === filter?.radio;
}

/** The last tile, which asks for a file. */
export function addDoor(opened) {
  const door = document.createElement("button");
  Object.assign(door, { type: "button", className: "own", onclick: opened });
  door.innerHTML = '<span class="plus" aria-hidden="true">+</span><span>Your own</span>';
  door.setAttribute("aria-label", "Your own filter, an .onnx file");
  strip.append(door);
}
