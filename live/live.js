// The page: what its buttons do, and the loop that paints.

import { Engine } from "./engine.js";
import { addDoor, addFilter, bytesOf, listed, mark } from "./filters.js";
import { Pace, Rate } from "./pace.js";
import { Recording, canRecord, snapshot } from "./recorder.js";
import { cameras, openCamera, openPhoto, openVideo } from "./source.js";
import { PHOTO, addressOf, draw, grab, look, show, shown, squareOf } from "./view.js";

const $ = (id) => document.getElementById(id);
const SAMPLE = 200; // pixels of a thumbnail's sides
const BIGGEST = 100e6; // bytes of a filter's file; those of this course have 0.23 million
const PAINTING = "Painting …";
const NEEDED = "It takes WebAssembly, as in a current Firefox, Chrome, Edge or Safari.";
const NO_FILTER = "no filter. `nst filter train` makes them; another .onnx file must take a picture (1, 3, height, width) of any size, and give one.";
const GONE = "The camera is gone. Connect it again, or choose a photo or a video.";
const DOORS = ["camera", "photo", "video"];

const engine = new Engine(), pace = new Pace(), rate = new Rate();
let source, sample; // what is painted; what thumbnails show
let filter; // what paints it; none while that is loading, or if there is no WebAssembly
let recording;

// ---------------------------------------------------------------- what is said

let fading;

function notice(text, fades = false) {
  clearTimeout(fading);
  $("notice").textContent = text;
  if (fades) fading = setTimeout(notice, 4000, "");
}

let complaint; // what the sentence is about: "source" or "filter"

function problem(text, about) {
  complaint = about;
  $("problem").textContent = text;
  notice("");
}

/** What the sentence is about is in order again. */
function solved(about) {
  if (complaint === about) $("problem").textContent = "";
}

function describe() {
  const parts = [`${shown.width} × ${shown.height}`, filter && engine.words];
  if (source?.moving) parts.unshift(`${rate.perSecond.toFixed(rate.perSecond < 10 ? 1 : 0)} frames a second`);
  if (recording) parts.unshift(`Recording ${recording.time}`);
  $("state").textContent = parts.filter(Boolean).join(" · ");
  shown.ariaLabel = `${source?.name ?? "Nothing"}, ${filter ? `painted by ${filter.name}` : "not painted"}`;
}

// ---------------------------------------------------------------- the loop

let due = false, wake = () => {};

/** There is something new to paint. Whatever comes while a picture is painted, the latest is taken next. */
function paintAgain() {
  due = true;
  wake();
}

/** The same after something was chosen: a photo takes a while. */
function repaint() {
  if (filter && !source.moving) notice(PAINTING);
  paintAgain();
}

async function paintForever() {
  for (;;) {
    if (!due) await new Promise((resolve) => (wake = resolve));
    due = false;
    const from = source, begun = performance.now();
    if (!from?.width) continue;
    const [width, height] = from.moving ? pace.fit(from.width, from.height) : sidesOfPhoto(from);
    const frame = grab(await from.now(), width, height, $("mirror").ariaPressed === "true");
    const painting = filter && (await engine.paint(frame).catch(stopPainting));
    if (from !== source) continue; // another one was opened meanwhile
    if (filter && !painting) paintAgain(); // with the painter that took over
    show(painting);
    $("frame").style.setProperty("--ratio", width / height);
    if (painting && $("notice").textContent.endsWith("…")) notice("");
    rate.count();
    if (painting && from.moving && !recording) pace.took((performance.now() - begun) / 1000);
    describe();
  }
}

function sidesOfPhoto({ width, height }) {
  const scale = Math.min(1, PHOTO / Math.max(width, height));
  return [Math.round(width * scale), Math.round(height * scale)];
}

function stopPainting(error) {
  filter = undefined;
  mark(filter);
  problem(`The filter stopped (${error.message}). Choose it again, or another one.`, "filter");
}

// ---------------------------------------------------------------- cameras, photos, videos

/** Open a source with `door`, a function; whatever is wrong is said, and the source before stays. */
async function open(kind, door) {
  notice(kind === "camera" ? "Waiting for the camera …" : "");
  try {
    const opened = await door();
    recording?.stop();
    source?.close();
    source = opened;
  } catch (error) {
    return problem(error.message, "source");
  }
  solved("source");
  for (const each of DOORS) $(each).ariaPressed = String(each === kind);
  $("mirror").ariaPressed = String(source.mirrored);
  $("record").disabled = !canRecord || !source.moving;
  source.watch(paintAgain);
  repaint();
}

async function useCamera(id) {
  if (id) source.close(); // a phone opens one camera at a time
  await open("camera", () => openCamera(id, () => problem(GONE, "source")));
  const found = source?.camera ? await cameras() : [];
  $("cameras").replaceChildren(...found.map(({ id, name }) => new Option(name, id, false, id === source.camera)));
  $("cameras").hidden = found.length < 2;
}

const usePhoto = (file) => open("photo", () => openPhoto(file));
const useVideo = (file) => open("video", () => openVideo(file));

// ---------------------------------------------------------------- filters

/** Paint with this filter from now on. -> what the sample looks like. If it is none, say so: the one before stays. */
async function useFilter(wanted) {
  if (!source?.moving) notice(PAINTING);
  try {
    if (wanted.file.size > BIGGEST) throw new Error("too large");
    const painting = await engine.load(await bytesOf(wanted), sample);
    filter = wanted;
    solved("filter");
    repaint();
    return painting;
  } catch {
    const stays = filter ? `Still painting with ${filter.name}.` : "";
    problem(`${wanted.file.name ?? wanted.file}: ${NO_FILTER} ${stays}`, "filter");
    mark(filter);
  }
}

async function useOwn(file) {
  const own = { name: file.name.replace(/\.onnx$/i, "").replaceAll("_", " "), file };
  const painting = await useFilter(own);
  if (!painting) return;
  own.picture = await addressOf(painting);
  addFilter(own, useFilter);
  mark(filter);
  own.radio.parentElement.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// ---------------------------------------------------------------- what the buttons do

const nameOfFile = () => `${source.name}${filter ? `_${filter.name.replaceAll(" ", "_")}` : ""}`;

function toggle(button) {
  button.ariaPressed = String(button.ariaPressed !== "true");
  return button.ariaPressed === "true";
}

function compare() {
  const on = toggle($("compare"));
  for (const id of ["divider", "line"]) $(id).hidden = !on;
  split();
}

function split() {
  look.split = $("compare").ariaPressed === "true" ? $("divider").value / 100 : 0;
  $("frame").style.setProperty("--split", look.split);
  draw();
}

function record() {
  if (recording) return recording.stop();
  recording = new Recording(shown, nameOfFile(), () => {
    recording = undefined;
    $("record").ariaPressed = "false";
    notice("The video is with your downloads.", true);
  });
  $("record").ariaPressed = "true";
}

const takes = { photo: usePhoto, video: useVideo, filter: useOwn };

function kindOf(file) {
  if (/\.onnx$/i.test(file.name)) return "filter";
  return file.type.startsWith("video/") ? "video" : "photo";
}

function wire() {
  $("camera").onclick = () => useCamera();
  $("cameras").onchange = () => useCamera($("cameras").value);
  for (const kind of Object.keys(takes)) {
    const input = $(`${kind}-file`);
    input.onchange = () => {
      if (input.files.length) takes[kind](input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    };
  }
  $("photo").onclick = () => $("photo-file").click();
  $("video").onclick = () => $("video-file").click();
  $("snapshot").onclick = async () => notice(`${await snapshot(shown, nameOfFile())} is with your downloads.`, true);
  $("record").onclick = record;
  $("compare").onclick = compare;
  $("divider").oninput = split;
  $("mirror").onclick = () => {
    toggle($("mirror"));
    repaint();
  };
  $("strength").oninput = () => {
    look.strength = $("strength").value / 100;
    draw();
  };
  document.ondragover = (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  };
  document.ondragleave = (event) => event.relatedTarget || document.body.classList.remove("dropping");
  document.ondrop = (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    for (const file of event.dataTransfer.files) takes[kindOf(file)](file);
  };
}

// ---------------------------------------------------------------- the start

async function begin() {
  wire();
  paintForever();
  setInterval(describe, 500);
  const { filters, photo } = await listed();
  addDoor(() => $("filter-file").click());
  for (const each of filters) addFilter(each, useFilter);
  const first = await openPhoto(new File([await (await fetch(photo)).blob()], photo));
  sample = squareOf(first.picture, SAMPLE);
  await open("photo", () => first);
  notice("Getting the painter ready …");
  try {
    await engine.start();
  } catch (error) {
    return problem(`This browser cannot paint (${error.message}), so pictures stay as they are. ${NEEDED}`, "filter");
  }
  if (filter || !filters.length) return; // the user was quicker
  mark(filters[0]);
  await useFilter(filters[0]);
}

begin();
