// The link of a page of its own: a WebSocket to the server that it came from.

const AGAIN = 2000; // milliseconds between two attempts
const FULL = 1013; // how the server closes a line for which there is no place
const GONE = "The studio does not answer: it was ended, or this computer cannot reach it. If it was ended, what you painted there is gone; start it again, and open the new address.";

/** A name by which the server knows this browser again, after a reload too. */
function visitor() {
  try {
    const name = localStorage.getItem("nst-visitor") ?? crypto.randomUUID();
    localStorage.setItem("nst-visitor", name);
    return name;
  } catch {
    return crypto.randomUUID();
  }
}

function packed(message, bytes = new ArrayBuffer(0)) {
  const words = new TextEncoder().encode(JSON.stringify(message));
  const whole = new Uint8Array(4 + words.length + bytes.byteLength);
  new DataView(whole.buffer).setUint32(0, words.length, true);
  whole.set(words, 4);
  whole.set(new Uint8Array(bytes), 4 + words.length);
  return whole;
}

function unpacked(whole) {
  const length = new DataView(whole).getUint32(0, true);
  return [JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, length))), whole.slice(4 + length)];
}

export function overSocket() {
  const query = new URLSearchParams({ token: new URL(location.href).searchParams.get("token") ?? "", visitor: visitor() });
  let socket, hears = () => {}, loses = () => {};
  function connect() {
    socket = new WebSocket(`ws://${location.host}/session?${query}`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => hears(...unpacked(data)));
    socket.addEventListener("close", ({ code }) => {
      if (code !== FULL) loses(GONE); // or else the server has said so
      setTimeout(connect, AGAIN);
    });
  }
  connect();
  return {
    send: (message, bytes) => socket.readyState === WebSocket.OPEN && socket.send(packed(message, bytes)),
    listen: (heard) => (hears = heard),
    lost: (said) => (loses = said),
  };
}
