// The page in a notebook: an anywidget, whose link is the kernel's.

import { startPage } from "./page.js";

function overModel(model) {
  return {
    send: (message, bytes) => model.send(message, undefined, bytes ? [bytes] : []),
    listen: (heard) =>
      model.on("msg:custom", (message, [data]) => heard(message, data && data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))),
  };
}

function render({ model, el }) {
  const end = startPage(el, overModel(model));
  model.send({ kind: "hello" });
  return () => {
    model.off("msg:custom");
    end();
  };
}

export default { render };
