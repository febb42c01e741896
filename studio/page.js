// What the page does by itself: it names the sliders for screen readers, and tells Python while it is open.

const EVERY = 2000; // milliseconds

// ipywidgets' sliders have a visible label, but their handles have no name; they may be drawn later, and drawn again.
function nameSliders() {
  for (const slider of document.querySelectorAll(".nst-studio .widget-slider")) {
    const label = slider.querySelector(".widget-label")?.textContent;
    slider.querySelector(".noUi-handle")?.setAttribute("aria-label", label);
  }
}

function render({ model }) {
  const open = () => {
    nameSliders();
    model.send("open");
  };
  const closed = () => model.send("closed");
  open();
  const timer = setInterval(open, EVERY);
  window.addEventListener("beforeunload", closed, true); // for JupyterLab: under Voilà the kernel ends with its page
  return () => {
    clearInterval(timer);
    window.removeEventListener("beforeunload", closed, true);
  };
}

export default { render };
