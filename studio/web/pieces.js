// Files travel in pieces: servers close connections on messages that are too long.

const PIECE = 2 ** 20; // bytes

export async function sendInPieces(link, file, to) {
  link.send({ kind: "begin", name: file.name || "pasted picture", to });
  for (let start = 0; start < file.size; start += PIECE) {
    link.send({ kind: "chunk" }, await file.slice(start, start + PIECE).arrayBuffer());
  }
  link.send({ kind: "end" });
}
