// The page: what it shows of its session, and what it tells it. A link has send(message, bytes), listen(heard), lost(said).

import { Curve } from "./curve.js";
import { button, calm, element, save } from "./elements.js";
import { Knobs, Shares } from "./knobs.js";
import { Masks } from "./masks.js";
import { Picker } from "./picker.js";
import { sendInPieces } from "./pieces.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";

const SINGLE_COLUMN = "(max-width: 760px)";

export function startPage(root, link, { alone = false } = {}) {
  let choice, state = { running: false }, limit = 0, share = 0, shown = {}, paintings = [];
  let pressed; // the button that was pressed last

  // ---------------------------------------------------------------- parts

  const photos = new Picker("1. Your photo", "photos", { chosen: choosePhoto, files: upload });
  const styles = new Picker("2. Up to four artworks", "styles", { chosen: chooseStyles, files: upload });
  const shares = new Shares((values) => change({ shares: values }));
  const knobs = new Knobs((settings) => change(settings));
  const stage = new Stage();
  const masks = new Masks(stage.photo, (bytes) => link.send({ kind: "mask" }, bytes));
  const places = button("Where each counts …", () => masks.open(choice.styles.map(labelOf)));
  const everywhere = button("Everywhere again", () => change({ mask: 0 }));
  const mask = element("div", { className: "nst-buttons nst-places", hidden: true }, places, everywhere);
  const curve = new Curve(), strip = new Strip(bring);
  const paint = button("Paint", () => begin("paint"), { className: "nst-primary" });
  const stop = button("Stop", () => link.send({ kind: "stop" }));
  const goOn = button("Continue", () => begin("continue"), { title: "Go on with the painting that was stopped" });
  const picture = button("Download the picture", () => download("picture"));
  const film = button("Download the time-lapse", () => download("film"));
  const bar = element("progress", { max: 1, value: 0, "aria-label": "How far the painting is" });
  const status = element("p", { className: "nst-status", role: "status" });
  const lost = element("p", { className: "nst-lost", role: "alert", hidden: true });
  const opening = element("p", { className: "nst-opening", role: "status" }, "Opening the studio …");
  const heading = element("header", {}, element("h1", {}, "Studio"), element("p", {}, "Nothing leaves this machine"));
  const left = element("div", { className: "nst-left" }, photos.box, styles.box, shares.box, mask, knobs.box);
  const controls = element("div", { className: "nst-buttons nst-go" }, paint, stop, goOn);
  const files = element("div", { className: "nst-buttons", hidden: true }, picture, film);
  const right = element("div", { className: "nst-right" }, stage.box, controls, bar, status, files, strip.box, curve.box);
  const columns = element("div", { className: "nst-columns", hidden: true }, left, right);
  const page = element(alone ? "main" : "div", { className: "nst-studio" }, heading, lost, opening, columns, masks.dialog);
  root.replaceChildren(page);
  controls.addEventListener("click", ({ target }) => (pressed = target));
  paint.disabled = stop.disabled = goOn.disabled = true;

  // ---------------------------------------------------------------- what is chosen

  const tellChoice = calm(() => link.send({ kind: "choose", choice }));

  function change(settings) {
    choice = { ...choice, ...settings };
    showChoice();
    tellChoice();
  }

  function choosePhoto([photo]) {
    const painted = choice.mask;
    change({ photo, mask: 0 });
    if (painted) styles.complain("Where each counts was painted on the other photo; the artworks count everywhere again.");
  }

  function chooseStyles(names) {
    const earlier = Object.fromEntries(choice.styles.map((name, number) => [name, choice.shares[number]]));
    change({ styles: names, shares: names.map((name) => earlier[name] ?? share), mask: names.length > 1 ? choice.mask : 0 });
  }

  function labelOf(name) {
    return styles.entries.find((entry) => entry.name === name)?.label ?? name;
  }

  function showChoice() {
    photos.choose([choice.photo]);
    styles.choose(choice.styles);
    shares.show(choice.styles.map(labelOf), choice.shares);
    knobs.show(choice);
    mask.hidden = choice.styles.length < 2;
    everywhere.hidden = !choice.mask;
    if (!choice.mask) masks.load(null);
  }

  async function upload(given, to) {
    const picker = to === "photos" ? photos : styles;
    picker.complain("");
    for (const file of given.slice(0, picker.most)) {
      const megabytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MB`;
      if (file.size > limit) picker.complain(`${file.name} has ${megabytes(file.size)}; choose a picture of at most ${megabytes(limit)}.`);
      else await sendInPieces(link, file, to);
    }
  }

  function bring({ id }) {
    if (state.running) return;
    link.send({ kind: "bring", id });
  }

  // ---------------------------------------------------------------- what is painted

  function begin(kind) {
    link.send({ kind: "choose", choice }); // what was moved just now
    link.send({ kind });
    if (matchMedia(SINGLE_COLUMN).matches) stage.box.scrollIntoView({ behavior: "smooth", block: "start" });
  }

  function download(what) {
    link.send({ kind: "download", id: shown.id, what });
  }

  async function saveFile({ name, type }, bytes) {
    const file = new Blob([bytes], { type });
    const mixed = type === "image/png" && stage.share < 1;
    save(mixed ? await stage.mixed(file) : file, mixed ? name.replace(".png", `_${Math.round(100 * stage.share)}.png`) : name);
  }

  function showState() {
    paint.disabled = state.running;
    stop.disabled = !state.running || state.stopping;
    goOn.disabled = state.running || !state.continues;
    bar.value = state.share;
    if (status.textContent !== state.status) status.textContent = state.status;
    status.classList.toggle("nst-error", state.error);
    curve.show(state.costs);
    files.hidden = !shown.id;
    strip.lock(state.running);
    keepFocus();
    if (alone) document.title = state.running ? `${Math.round(100 * state.share)} % · Studio` : "Studio";
  }

  /** A button that was pressed and is grey now would leave the keyboard nowhere. */
  function keepFocus() {
    if (pressed?.disabled && [document.body, pressed].includes(document.activeElement)) {
      [stop, goOn, paint].find((each) => !each.disabled)?.focus({ preventScroll: true });
    }
  }

  // ---------------------------------------------------------------- what the session says

  const hears = {
    all(message) {
      ({ choice, state, limit, share, most: styles.most } = message);
      lost.hidden = opening.hidden = true;
      columns.hidden = false;
      photos.fill(message.photos);
      styles.fill(message.styles);
      hears.history(message);
      showChoice();
      showState();
    },
    shelf: ({ which, entries }) => (which === "photos" ? photos : styles).fill(entries),
    choice(message) {
      choice = message.choice;
      showChoice();
    },
    state(message) {
      state = message;
      showState();
    },
    photo: (message, bytes) => stage.show("photo", bytes, message),
    picture(message, bytes) {
      shown = message;
      stage.show("painting", bytes, message);
      strip.show(paintings, shown.id);
      files.hidden = !shown.id;
    },
    mask: (_, bytes) => masks.load(bytes),
    history({ history }) {
      paintings = history;
      strip.show(paintings, shown.id);
    },
    complaint: ({ about, text }) => (about === "photos" ? photos : styles).complain(text),
    file: saveFile,
    full({ text }) {
      lost.textContent = text;
      lost.hidden = false;
      opening.hidden = true;
    },
  };
  link.listen((message, bytes) => hears[message.kind]?.(message, bytes));
  link.lost?.((text) => {
    lost.textContent = text;
    lost.hidden = false;
    paint.disabled = stop.disabled = goOn.disabled = true;
  });

  // ---------------------------------------------------------------- dropped, pasted, left

  const ends = new AbortController(), listening = { signal: ends.signal };
  const shelfAt = (target) => target?.closest?.(".nst-picker")?.dataset.to ?? "photos";
  const isOurs = (event) => alone || root.contains(event.target);
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files") && isOurs(event);
  const over = (event) => {
    for (const picker of [photos, styles]) picker.box.classList.toggle("nst-over", Boolean(event) && shelfAt(event.target) === picker.to);
  };
  window.addEventListener("dragover", (event) => hasFiles(event) && (event.preventDefault(), over(event)), listening);
  window.addEventListener("dragleave", (event) => event.relatedTarget || over(), listening);
  window.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over();
    upload([...event.dataTransfer.files], shelfAt(event.target));
  }, listening);
  window.addEventListener("paste", (event) => {
    const given = [...(event.clipboardData?.files ?? [])];
    if (given.length && isOurs(event)) upload(given, shelfAt(document.activeElement));
  }, listening);
  if (alone) {
    window.addEventListener("beforeunload", (event) => {
      if (state.running) event.preventDefault(); // all else waits on the server
    }, listening);
  }
  return () => ends.abort();
}
