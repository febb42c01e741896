// Where pictures come from: a camera, a video file, a photo. What cannot be opened ends in an Error with a sentence.

const SMALLEST = 32; // pixels of a side, as everywhere in this course
const LARGEST = 640; // of a camera: moving pictures are painted no larger
const OTHERWISE = "Choose a photo or a video instead.";
const REFUSALS = {
  NotAllowedError: `The camera was refused. Allow it beside the browser's address line, or choose a photo or a video.`,
  NotFoundError: `No camera was found. ${OTHERWISE}`,
  OverconstrainedError: `That camera is gone. ${OTHERWISE}`,
  NotReadableError: `The camera is used by another program. Close it and try again, or choose a photo or a video.`,
};

/**
 * The pixels of a video's frame on a canvas, or the video where the browser cannot copy them. A video that is drawn makes
 * Chromium keep each frame, up to half a gigabyte.
 */
function copier(video) {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  let pixels;
  return async () => {
    const { videoWidth: width, videoHeight: height } = video;
    const frame = new VideoFrame(video);
    try {
      const { visibleRect, rotation } = frame;
      const upright = visibleRect.width === width && visibleRect.height === height && !rotation;
      if (!upright) return video; // as which it is shown upright
      if (pixels?.width !== width || pixels.height !== height) {
        Object.assign(context.canvas, { width, height });
        pixels = context.createImageData(width, height);
      }
      await frame.copyTo(pixels.data, { format: "RGBA" });
      context.putImageData(pixels, 0, 0);
      return context.canvas;
    } finally {
      frame.close();
    }
  };
}

/** A source: its `name` and sides, whether it is `moving`, and `mirrored` where one expects a mirror. */
class Source {
  constructor(name, picture, { moving = false, mirrored = false, release = () => {} }) {
    Object.assign(this, { name, picture, moving, mirrored, release, over: false });
    this.copy = moving && "VideoFrame" in self ? copier(picture) : null;
  }

  /** What can be drawn of it at this moment. */
  async now() {
    try {
      return (await this.copy?.()) ?? this.picture;
    } catch {
      this.copy = null; // this browser cannot
      return this.picture;
    }
  }

  get width() {
    return this.picture.videoWidth ?? this.picture.width;
  }

  get height() {
    return this.picture.videoHeight ?? this.picture.height;
  }

  /** Call `fresh` for each new picture of a video, until `close`. */
  watch(fresh) {
    const next = () => {
      if (this.over) return;
      fresh();
      wait();
    };
    const wait = () => this.picture.requestVideoFrameCallback?.(next) ?? requestAnimationFrame(next);
    if (this.moving) wait();
  }

  close() {
    this.over = true;
    this.release();
  }
}

function checked(source) {
  if (Math.min(source.width, source.height) >= SMALLEST) return source;
  const sides = `${source.width} × ${source.height}`;
  source.close();
  throw new Error(`${source.name}: ${sides} pixels; both sides must be at least ${SMALLEST}.`);
}

async function playing(video) {
  video.muted = video.playsInline = true;
  await new Promise((ready, failed) => {
    video.onloadeddata = ready;
    video.onerror = failed;
  });
  await video.play();
}

/** The camera with this id, or the one that looks at the user. `gone` is called when it is unplugged. */
export async function openCamera(id, gone) {
  if (!navigator.mediaDevices) throw new Error(`A camera works only at https:// or at 127.0.0.1. ${OTHERWISE}`);
  const which = id ? { deviceId: { exact: id } } : { facingMode: "user" };
  const video = document.createElement("video");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { ...which, width: { ideal: LARGEST } }, audio: false });
    video.srcObject = stream;
    await playing(video);
  } catch (error) {
    stream?.getTracks().forEach((track) => track.stop());
    throw new Error(REFUSALS[error.name] ?? `The camera gives no picture (${error.name ?? error.type}). ${OTHERWISE}`);
  }
  const [track] = stream.getVideoTracks();
  const source = new Source("camera", video, {
    moving: true,
    mirrored: track.getSettings().facingMode !== "environment",
    release: () => track.stop(),
  });
  source.camera = track.getSettings().deviceId;
  track.onended = () => source.over || gone();
  return checked(source);
}

/** [{ id, name }] of the cameras; their names are known once one was allowed. */
export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const found = devices.filter((device) => device.kind === "videoinput" && device.deviceId);
  return found.map((device, number) => ({ id: device.deviceId, name: device.label || `Camera ${number + 1}` }));
}

const stem = (file) => file.name.replace(/\.[^.]*$/, "");

export async function openVideo(file) {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  video.loop = true;
  video.src = address;
  const release = () => {
    video.pause();
    video.removeAttribute("src");
    URL.revokeObjectURL(address);
  };
  try {
    await playing(video);
  } catch {
    release();
    throw new Error(`${file.name}: no video that this browser can play.`);
  }
  return checked(new Source(stem(file), video, { moving: true, release }));
}

export async function openPhoto(file) {
  let picture;
  try {
    picture = await createImageBitmap(file); // turned as its EXIF note says
  } catch {
    throw new Error(`${file.name}: no picture that this browser can read.`);
  }
  return checked(new Source(stem(file), picture, { release: () => picture.close() }));
}
