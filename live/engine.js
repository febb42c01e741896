// What paints: WebAssembly at once, and WebGPU from when it was seen to paint the same and sooner.

import { Painter, inTime, threads } from "./painter.js";

const ALIKE = 2; // of 255: how far two paintings of the sample may be apart

const apart = (one, other) => one.data.reduce((most, value, i) => Math.max(most, Math.abs(value - other.data[i])), 0);

export class Engine {
  /** make(provider, threads) -> a Painter. */
  constructor(make = (...which) => new Painter(...which)) {
    this.make = make;
    this.painter = make("wasm", threads);
    this.turn = Promise.resolve();
  }

  /** Fails where the browser has no WebAssembly. */
  start() {
    return this.painter.start();
  }

  /** Such as "WebAssembly, 2 threads". */
  get words() {
    if (this.painter.provider === "webgpu") return "WebGPU";
    return `WebAssembly, ${threads === 1 ? "one thread" : `${threads} threads`}`;
  }

  /** The painter changes, or its filter, one after the other. */
  inTurn(change) {
    const done = this.turn.then(change);
    this.turn = done.catch(() => {});
    return done;
  }

  /** From now on paint with this file (ArrayBuffer). -> the sample (ImageData), painted; fails if it is no filter. */
  async load(file, sample) {
    const painting = await this.inTurn(() => this.painter.load(file, sample));
    this.sample = sample;
    this.sought ??= this.seekFaster(file, sample, painting); // once, and nobody waits for it
    return painting;
  }

  /** A picture (ImageData), gone afterwards, painted; undefined if the painter failed, and another took over. */
  async paint(picture) {
    const { painter } = this;
    try {
      return await painter.paint(picture);
    } catch (error) {
      if (painter.provider === "wasm") throw error;
      await this.inTurn(() => this.replaceBy(this.make("wasm", threads))); // the graphics card is gone, or in bad order
    }
  }

  async seekFaster(file, sample, painting) {
    if (!(await navigator.gpu?.requestAdapter().catch(() => null))) return;
    const other = this.make("webgpu", 1);
    try {
      const seconds = await inTime(this.trial(other, file, sample, painting));
      if (seconds < (await this.painter.trial())) await this.inTurn(() => this.replaceBy(other));
    } catch {
      // a driver that fails is no reason not to paint
    }
    if (this.painter !== other) other.stop();
  }

  async trial(other, file, sample, painting) {
    await other.start();
    if (apart(await other.load(file, sample), painting) > ALIKE) throw new Error("it paints something else");
    return other.trial();
  }

  async replaceBy(other) {
    const { file } = this.painter;
    if (!other.file) await other.start();
    if (other.file !== file) await other.load(file, this.sample);
    this.painter.end();
    this.painter = other;
  }
}
