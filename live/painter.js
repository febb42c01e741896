// A painter as the page sees it: what it asks of worker.js, and the answers.

const MOST_THREADS = 4;
const LONG = 20_000; // milliseconds: a graphics card that has not painted by then is none

/**
 * Threads share their memory, which browsers allow only where the server isolates the page (COOP, COEP). One core is left
 * to the page and the camera: a layer is done when the last thread is, and one that has to share its core holds up all.
 */
const spare = self.crossOriginIsolated ? (navigator.hardwareConcurrency || 2) - 1 : 1;
export const threads = Math.min(Math.max(spare, 1), MOST_THREADS);

export class Painter {
  /** provider: "wasm" or "webgpu". */
  constructor(provider, threads) {
    Object.assign(this, { provider, threads });
    this.waiting = new Map();
    this.asked = 0;
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data: { id, error, ...answer } }) => {
      const { settle, fail } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) fail(new Error(error));
      else settle(answer);
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.broken = new Error(event.message || "its program could not be loaded");
      for (const { fail } of this.waiting.values()) fail(this.broken);
      this.waiting.clear();
    };
  }

  ask(question, transferred = []) {
    if (this.broken) return Promise.reject(this.broken);
    const id = ++this.asked;
    return new Promise((settle, fail) => {
      this.waiting.set(id, { settle, fail });
      this.worker.postMessage({ id, ...question }, transferred);
    });
  }

  /** Fails where the browser has no WebAssembly, or no WebGPU. */
  start() {
    return this.ask({ what: "start", provider: this.provider, threads: this.threads });
  }

  /** From now on paint with this file (ArrayBuffer); fails if it is no filter. -> the sample (ImageData), painted. */
  async load(file, { data, width, height }) {
    const { pixels } = await this.ask({ what: "load", file, pixels: data, width, height });
    this.file = file;
    return new ImageData(pixels, width, height);
  }

  /** The picture (ImageData), which is gone afterwards, painted. */
  async paint({ data, width, height }) {
    const { pixels } = await this.ask({ what: "paint", pixels: data, width, height }, [data.buffer]);
    return new ImageData(pixels, width, height);
  }

  /** Seconds that it takes for a picture. */
  async trial() {
    return (await this.ask({ what: "trial" })).seconds;
  }

  /** At once, whatever it is doing. */
  stop() {
    this.worker.terminate();
  }

  /** No more questions: once those asked are answered, its memory is given back. */
  end() {
    this.ask({ what: "end" }).catch(() => {});
  }
}

/** What it resolves to, or an error if that takes too long. */
export function inTime(promise) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("it takes too long")), LONG));
  return Promise.race([promise, late]);
}
