// What is seen, as a file: a picture, or a video for as long as it is recorded.

const KINDS = { "video/webm;codecs=vp8": "webm", "video/webm": "webm", "video/mp4": "mp4" };
const BITS = 6e6; // a second: brush strokes are hard to compress

export const canRecord = typeof MediaRecorder !== "undefined" && "captureStream" in HTMLCanvasElement.prototype;

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export async function snapshot(canvas, name) {
  download(await new Promise((made) => canvas.toBlob(made, "image/png")), `${name}.png`);
  return `${name}.png`;
}

export class Recording {
  /** From now until `stop`, after which `saved` is called. */
  constructor(canvas, name, saved) {
    const kind = Object.keys(KINDS).find((kind) => MediaRecorder.isTypeSupported(kind));
    const parts = [];
    this.begun = performance.now();
    this.recorder = new MediaRecorder(canvas.captureStream(), { mimeType: kind, videoBitsPerSecond: BITS });
    this.recorder.ondataavailable = (event) => parts.push(event.data);
    this.recorder.onstop = () => {
      this.recorder.stream.getTracks().forEach((track) => track.stop());
      download(new Blob(parts, { type: kind }), `${name}.${KINDS[kind]}`);
      saved();
    };
    this.recorder.start(1000); // in pieces of a second
  }

  get time() {
    const seconds = Math.floor((performance.now() - this.begun) / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  stop() {
    this.recorder.stop();
  }
}
