// The picture on the stage: a frame as it came, its painting over it, and how much of that is seen.
// One canvas shows it; what is downloaded is what that canvas shows.

export const PHOTO = 1200; // pixels of a photo's longer side at most: a filter's strokes get lost in a larger one

const canvas = (readOften) => {
  const made = document.createElement("canvas");
  made.getContext("2d", { willReadFrequently: readOften });
  return made;
};

export const shown = document.querySelector("#picture");
export const before = canvas(true), after = canvas(true); // the frame that was painted, and its painting
export const look = { strength: 1, split: 0 }; // 0 to 1: of the painting; left of it, the original
const grabbed = canvas(true); // the frame that is being painted

function sized(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return canvas.getContext("2d");
}

/** The pixels (RGBA, 8 bits) of a picture at these sides; transparent ones become white. */
export function grab(picture, width, height, mirrored) {
  const context = sized(grabbed, width, height);
  context.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? width : 0, 0);
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** Show what was grabbed, and its painting (ImageData), if there is one. */
export function show(painting) {
  const { width, height } = grabbed;
  sized(before, width, height).drawImage(grabbed, 0, 0);
  if (painting) sized(after, width, height).putImageData(painting, 0, 0);
  else sized(after, 0, 0);
  draw();
}

/** Draw the stage anew, after a change of `look`. */
export function draw() {
  const { width, height } = before;
  const context = sized(shown, width, height);
  context.globalAlpha = 1;
  context.drawImage(before, 0, 0);
  const left = Math.round(look.split * width);
  if (!after.width || left === width) return;
  context.globalAlpha = look.strength;
  context.drawImage(after, left, 0, width - left, height, left, 0, width - left, height);
}

/** The middle of a picture, as a square (ImageData). */
export function squareOf(picture, side) {
  const context = sized(canvas(true), side, side);
  const shorter = Math.min(picture.width, picture.height);
  const [left, top] = [(picture.width - shorter) / 2, (picture.height - shorter) / 2];
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, left, top, shorter, shorter, 0, 0, side, side);
  return context.getImageData(0, 0, side, side);
}

/** An address under which the page finds these pixels (ImageData) as a picture. */
export async function addressOf(pixels) {
  const made = canvas(false);
  sized(made, pixels.width, pixels.height).putImageData(pixels, 0, 0);
  return URL.createObjectURL(await new Promise((done) => made.toBlob(done)));
}
