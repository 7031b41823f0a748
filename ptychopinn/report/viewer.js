"use strict";
// Zoom and pan, in parts of the window: a point u of the picture (0 to 1) is seen at x + k u. Every picture of a viewer
// is moved by the same three custom properties, so that all of them stay together.

const PREFIXES = [[1, "m"], [1e-3, "mm"], [1e-6, "µm"], [1e-9, "nm"], [1e-12, "pm"]];
const STEP = 1.4; // of a click or a key
const LARGEST_PIXEL = 40; // of the object, on the screen
const BAR = 0.3; // of the width, at most

for (const viewer of document.querySelectorAll(".viewer")) wake(viewer);

function wake(viewer) {
  const number = (name) => Number(viewer.dataset[name]);
  const width = number("width"), height = number("height"), pixel = number("pixel"), unit = pixel || 1;
  const windows = [...viewer.querySelectorAll(".window")];
  const output = viewer.querySelector(".coordinates");
  const view = { x: 0, y: 0, k: 1 };
  const pointers = new Map();
  const breadth = () => Math.max(...windows.map((one) => one.clientWidth)) || 1;

  const most = () => Math.max(8, (LARGEST_PIXEL * width) / breadth());

  function show() {
    view.x = clamp(view.x, 1 - view.k, 0);
    view.y = clamp(view.y, 1 - view.k, 0);
    for (const name of ["x", "y", "k"]) viewer.style.setProperty(`--${name}`, view[name]);
    const magnification = (breadth() * view.k) / width; // screen pixels per pixel of the object
    viewer.classList.toggle("zoomed", view.k > 1);
    viewer.classList.toggle("magnified", magnification >= 2);
    const length = roundLength((BAR * breadth() * unit) / magnification);
    for (const bar of viewer.querySelectorAll(".live")) {
      bar.style.width = `${(length / unit) * magnification}px`;
      bar.firstElementChild.textContent = pixel ? metres(length) : `${Number(length.toPrecision(1))} px`;
    }
  }

  function zoom(factor, u = 0.5, v = 0.5) {
    const k = clamp(view.k * factor, 1, most());
    view.x = u - ((u - view.x) * k) / view.k;
    view.y = v - ((v - view.y) * k) / view.k;
    view.k = k;
    show();
  }

  function move(du, dv) {
    view.x += du;
    view.y += dv;
    show();
  }

  function fit() {
    Object.assign(view, { x: 0, y: 0, k: 1 });
    show();
  }

  function choose(name) {
    for (const layer of viewer.querySelectorAll(".layer")) layer.hidden = ![layer.dataset.layer, "all"].includes(name);
    viewer.classList.toggle("all", name === "all");
    for (const button of viewer.querySelectorAll("[data-choose]"))
      button.setAttribute("aria-pressed", button.dataset.choose === name);
    show();
  }

  function place(event) {
    const box = event.currentTarget.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  function gauge() { // middle of the fingers, and how far they are apart
    const places = [...pointers.values()];
    const mean = (axis) => places.reduce((sum, one) => sum + one[axis], 0) / places.length;
    const [a, b] = places;
    const apart = b ? Math.hypot((a[0] - b[0]) * width, (a[1] - b[1]) * height) : 1;
    return { u: mean(0), v: mean(1), apart: Math.max(apart, 1e-6) };
  }

  function tell([u, v]) {
    const column = Math.floor(((u - view.x) / view.k) * width), row = Math.floor(((v - view.y) / view.k) * height);
    const inside = column >= 0 && column < width && row >= 0 && row < height;
    output.textContent = inside ? `y ${row + number("top")}, x ${column + number("left")} px` : "";
  }

  for (const one of windows) {
    one.addEventListener("wheel", (event) => {
      if (view.k === 1 && event.deltaY > 0) return; // nothing to zoom out of: the page scrolls
      event.preventDefault();
      zoom(Math.exp(-0.002 * event.deltaY * (event.deltaMode ? 30 : 1)), ...place(event));
    }, { passive: false });
    one.addEventListener("pointerdown", (event) => {
      one.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, place(event));
    });
    one.addEventListener("pointermove", (event) => {
      tell(place(event));
      if (!pointers.has(event.pointerId)) return;
      const before = gauge();
      pointers.set(event.pointerId, place(event));
      const now = gauge();
      move(now.u - before.u, now.v - before.v);
      if (pointers.size > 1) zoom(now.apart / before.apart, now.u, now.v);
    });
    for (const end of ["pointerup", "pointercancel"])
      one.addEventListener(end, (event) => pointers.delete(event.pointerId));
    one.addEventListener("pointerleave", () => { output.textContent = ""; });
    one.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
      const actions = { "+": () => zoom(STEP), "=": () => zoom(STEP), "-": () => zoom(1 / STEP), 0: fit };
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key in moves && view.k > 1) move(...moves[event.key]);
      else if (event.key in actions) actions[event.key]();
      else return;
      event.preventDefault();
    });
  }
  viewer.addEventListener("click", (event) => {
    const { choose: name, zoom: how } = event.target.dataset;
    if (name) choose(name);
    if (how) ({ in: () => zoom(STEP), out: () => zoom(1 / STEP), fit })[how]();
  });
  addEventListener("resize", show);
  viewer.classList.add("awake");
  const wide = viewer.classList.contains("alone") && viewer.clientWidth > 800;
  choose(wide ? "all" : viewer.querySelector(".layer").dataset.layer);
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

function roundLength(longest) {
  const decade = 10 ** Math.floor(Math.log10(longest));
  return decade * [5, 2, 1].find((step) => step * decade <= longest * (1 + 1e-9));
}

function metres(length) {
  const [unit, name] = PREFIXES.find(([unit]) => length >= unit * (1 - 1e-9)) || PREFIXES.at(-1);
  return `${Number((length / unit).toPrecision(3))} ${name}`;
}
