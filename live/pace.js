// How large moving pictures are painted: so that there are 20 a second where the machine can do that.

const AIM = 1 / 20; // seconds for a picture
const SHORTEST = 240, LONGEST = 640; // pixels of the longer side: with fewer, nothing can be recognised any more
const MULTIPLE = 4; // of both sides: what the filter works in
const WINDOW = 9, IGNORED = 2; // pictures of one size that are looked at; the first ones, which take longer
const SLOW = 1.1, FAST = 0.75; // times the aim: between them nothing changes, so that the size comes to rest
const BELOW = 0.9; // times the aim: what a new size is to take

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const whole = (side) => Math.max(MULTIPLE, Math.round(side / MULTIPLE) * MULTIPLE);

export class Pace {
  constructor(longest = 320) {
    this.longest = longest;
    this.seconds = [];
  }

  /** [width, height] to paint a picture of these sides at: never larger than it is. */
  fit(width, height) {
    const scale = Math.min(1, this.longest / Math.max(width, height));
    return [whole(width * scale), whole(height * scale)];
  }

  /** What one more picture has taken; the time grows as the number of pixels does. */
  took(seconds) {
    this.seconds.push(seconds);
    if (this.seconds.length < WINDOW + IGNORED) return;
    const usual = median(this.seconds.slice(IGNORED));
    this.seconds.shift();
    const settled = usual < SLOW * AIM && usual > FAST * AIM;
    const wanted = this.longest * Math.sqrt((BELOW * AIM) / usual);
    const longest = Math.min(LONGEST, Math.max(SHORTEST, whole(Math.min(wanted, 1.5 * this.longest))));
    if (settled || longest === this.longest) return;
    this.longest = longest;
    this.seconds = [];
  }
}

/** Pictures a second, over the last two. */
export class Rate {
  constructor() {
    this.times = [];
  }

  count(now = performance.now()) {
    this.times.push(now);
    while (this.times[0] < now - 2000) this.times.shift();
  }

  get perSecond() {
    const { times } = this;
    return times.length < 2 ? 0 : (1000 * (times.length - 1)) / (times.at(-1) - times[0]);
  }
}
