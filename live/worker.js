// A painter: ONNX Runtime beside the page, so that the page stays quick. It answers one question after the other.

import * as ort from "./vendor/ort.webgpu.bundle.min.mjs";

const RUNTIME = "vendor/ort-wasm-simd-threaded.asyncify.wasm.gz";
const TRIAL = [320, 240], ROUNDS = 3; // what it is timed with
const EMPTY = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]); // a program: where it is refused, so is any

let provider, session;
let values = new Float32Array(0); // of the picture that is painted: kept, as most are of one size

/** "wasm" or "webgpu" is to paint, and WebAssembly with so many threads. */
async function start(question) {
  await WebAssembly.compile(EMPTY);
  const address = new URL(RUNTIME, import.meta.url);
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address.pathname}: ${response.status}`);
  ort.env.wasm.wasmBinary = await unpacked(new Uint8Array(await response.arrayBuffer()));
  ort.env.wasm.numThreads = question.threads;
  ort.env.logLevel = "fatal";
  provider = question.provider;
}

/** The file is compressed, unless the server has undone that. */
async function unpacked(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Another filter. What it is, is seen when it paints the sample; if it cannot, the one before stays. */
async function load({ file, ...sample }) {
  const options = { executionProviders: [provider], logSeverityLevel: 4 };
  const next = await ort.InferenceSession.create(new Uint8Array(file), options);
  try {
    if (next.inputNames.length !== 1) throw new Error("it takes more than a picture");
    const pixels = await painted(next, sample);
    await session?.release();
    session = next;
    return { pixels };
  } catch (error) {
    await next.release();
    throw error;
  }
}

/** (1, 3, height, width) in [0, 1] -> the same, painted. */
async function run(session, values, width, height) {
  const given = new ort.Tensor("float32", values, [1, 3, height, width]);
  const { [session.outputNames[0]]: painting } = await session.run({ [session.inputNames[0]]: given });
  const painted = await painting.getData();
  painting.dispose();
  given.dispose();
  if (painting.dims.join() !== given.dims.join()) throw new Error("it gives no picture of the same size");
  return painted;
}

/** Pixels (RGBA) -> the same, painted in place. */
async function painted(session, { pixels, width, height }) {
  const area = width * height;
  if (values.length !== 3 * area) values = new Float32Array(3 * area);
  for (let c = 0; c < 3; c++) for (let i = 0; i < area; i++) values[c * area + i] = pixels[4 * i + c] / 255;
  const painting = await run(session, values, width, height);
  // The array rounds and clips by itself.
  for (let c = 0; c < 3; c++) for (let i = 0; i < area; i++) pixels[4 * i + c] = 255 * painting[c * area + i];
  return pixels;
}

/** Seconds for a picture; the first one is not counted. */
async function trial() {
  const [width, height] = TRIAL;
  const values = Float32Array.from({ length: 3 * width * height }, (_, i) => 0.5 + 0.5 * Math.sin(i / 97));
  const seconds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const begun = performance.now();
    await run(session, values, width, height);
    seconds.push((performance.now() - begun) / 1000);
  }
  return { seconds: Math.min(...seconds.slice(1)) };
}

const paint = async (frame) => ({ pixels: await painted(session, frame) });
const answers = { start, load, paint, trial, end: () => self.close() };
let last = Promise.resolve();

self.onmessage = ({ data: { id, what, ...question } }) => {
  last = last.then(async () => {
    try {
      const answer = (await answers[what](question)) ?? {};
      self.postMessage({ id, ...answer }, answer.pixels ? [answer.pixels.buffer] : []);
    } catch (error) {
      self.postMessage({ id, error: error?.message || String(error) });
    }
  });
};
