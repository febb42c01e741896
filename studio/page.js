// What the page does by itself: it names sliders and pictures for screen readers, and tells Python while it is open.

const EVERY = 2000; // milliseconds

// ipywidgets' sliders have a visible label, but their handles have no name; they may be drawn later, and drawn again.
function nameSliders() {
  for (const slider of document.querySelectorAll(".nst-studio .widget-slider")) {
    const label = slider.querySelector(".widget-label")?.textContent;
    slider.querySelector(".noUi-handle")?.setAttribute("aria-label", label);
  }
}

// Its pictures have no alternative text: that comes from Python, {class: text}.
function describePictures(model) {
  for (const [name, text] of Object.entries(model.get("described"))) {
    for (const image of document.querySelectorAll(`.nst-studio img.${name}`)) image.alt = text;
  }
}

function render({ model }) {
  const describe = () => describePictures(model);
  const open = () => {
    nameSliders();
    describe();
    model.send("open");
  };
  const closed = () => model.send("closed");
  open();
  model.on("change:described", describe);
  const timer = setInterval(open, EVERY);
  window.addEventListener("beforeunload", closed, true); // for JupyterLab: under Voilà the kernel ends with its page
  return () => {
    clearInterval(timer);
    model.off("change:described", describe);
    window.removeEventListener("beforeunload", closed, true);
  };
}

export default { render };
